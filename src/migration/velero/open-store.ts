// The stores and the policies of the configuration's backups.

import type { BackupSettings } from '../settings.ts';
import type { BackupPolicy } from './backup.ts';
import { openFolderStore } from './folder-store.ts';
import { openS3Store } from './s3-store.ts';
import type { BackupStore } from './store.ts';

/** Throws a StoreFailure where a file that it names cannot be read. */
export async function openStore({ s3, folder }: BackupSettings): Promise<BackupStore> {
  if (!s3) return openFolderStore(folder?.path ?? '');
  const { prefix = '', region = 'us-east-1', pathStyle, credentials, customerKey, ...rest } = s3;
  return await openS3Store({
    ...rest,
    prefix,
    region,
    pathStyle: pathStyle ?? s3.url !== undefined,
    ...(credentials && {
      credentials: { file: credentials.file, profile: credentials.profile ?? 'default' },
    }),
    ...(customerKey && { customerKey: customerKey.file }),
  });
}

export function policyOf(settings: BackupSettings): BackupPolicy {
  const { schedule, labels = {}, maxAgeHours = 26 } = settings;
  const { partiallyFailed = false, salvage = false } = settings;
  const maxAgeMs = maxAgeHours * 3_600_000;
  return {
    labels,
    maxAgeMs,
    partiallyFailed,
    salvage,
    ...(schedule !== undefined && { schedule }),
  };
}
