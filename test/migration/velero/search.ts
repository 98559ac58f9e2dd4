// A search for the backup of one app in a folder of made backups.

import type { Manifest } from '../../../src/migration/manifests/manifest.ts';
import type { BackupPolicy } from '../../../src/migration/velero/backup.ts';
import { openFolderStore } from '../../../src/migration/velero/folder-store.ts';
import type { BackupStore } from '../../../src/migration/velero/store.ts';
import { findBackups, type AppToFind, type Search } from '../../../src/migration/velero/velero.ts';
import { makeFolder, writeBackup, type MadeBackup } from './backups.ts';

export const NOW = Date.parse('2026-01-02T12:00:00Z');
export const SECRET = Buffer.from('the-password').toString('base64');
export const POLICY: BackupPolicy = {
  schedule: 'nightly',
  labels: {},
  maxAgeMs: 26 * 3_600_000,
  partiallyFailed: false,
  salvage: false,
};

export function object(
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
): Manifest {
  const metadata = { name, namespace: 'prod', uid: `uid-${name}` };
  return { apiVersion, kind, metadata, ...rest };
}

export const OBJECTS: readonly Manifest[] = [
  object('apps/v1', 'Deployment', 'shop'),
  object('v1', 'Service', 'shop'),
  object('networking.k8s.io/v1', 'Ingress', 'shop'),
  object('v1', 'Secret', 'shop', { data: { password: SECRET } }),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod', uid: 'uid-prod' } },
  { ...object('apps/v1', 'Deployment', 'other'), metadata: { name: 'other', namespace: 'test' } },
];

export const FIRST: MadeBackup = {
  name: 'nightly-1',
  startedAt: '2026-01-01T20:00:00Z',
  objects: OBJECTS,
};
export const SECOND: MadeBackup = { name: 'nightly-2', objects: OBJECTS };

export interface Own {
  readonly backups: readonly MadeBackup[];
  readonly policy?: Partial<BackupPolicy>;
  readonly app?: Partial<AppToFind>;
  readonly limits?: Search['limits'];
  readonly store?: (store: BackupStore, folder: string) => BackupStore;
}

export async function find({ backups, policy, app, limits, store = (one) => one }: Own) {
  using made = makeFolder();
  for (const backup of backups) await writeBackup(made.folder, backup);
  const [found] = await findBackups(
    {
      store: store(openFolderStore(made.folder), made.folder),
      policy: { ...POLICY, ...policy },
      now: NOW,
      signal: new AbortController().signal,
      ...(limits && { limits }),
    },
    [{ app: 'shop', namespace: 'prod', lacks: () => [], ...app }],
  );
  return found;
}

/** The name of the one that was taken, and why others were not. */
export async function outcome(
  own: Own,
): Promise<{ readonly taken: string; readonly why: string[] }> {
  const found = await find(own);
  const why = found?.passedOver.map((one) => `${one.backup}: ${one.why}`) ?? [];
  return { taken: found?.backup?.name ?? 'none', why };
}

export const lists = (change: object): MadeBackup => ({ ...SECOND, ...change });
export const tarball = (change: (bytes: Buffer) => Buffer | undefined): MadeBackup =>
  lists({ files: { 'NAME.tar.gz': change } });
export const metadata = (change: (bytes: Buffer) => Buffer | undefined): MadeBackup =>
  lists({ files: { 'velero-backup.json': change } });
export const added = (name: string, text = '{}', type: 'file' | 'symlink' = 'file'): MadeBackup =>
  lists({ entries: (all: object[]) => [...all, { name, text, type }] });
