// Backups in a folder of this machine: a bucket that was copied or mounted.

import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FOLDER, isBackupName, StoreFailure, type BackupStore } from './store.ts';

/** `folder` holds `backups/NAME/…`. */
export function openFolderStore(folder: string): BackupStore {
  const fileOf = (backup: string, file: string): string => join(folder, FOLDER, backup, file);
  const tagOf = async (backup: string, file: string): Promise<string | undefined> => {
    const found = await orAbsent(folder, () => stat(fileOf(backup, file)));
    return found && `${found.ino}-${found.size}-${found.mtimeMs}`;
  };
  return {
    place: folder,
    async names() {
      const entries = await orAbsent(folder, () =>
        readdir(join(folder, FOLDER), { withFileTypes: true }),
      );
      if (!entries) throw new StoreFailure(folder, `has no folder ${FOLDER}`);
      const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
      return folders.map(({ name }) => name).filter(isBackupName);
    },
    async open(backup, file, signal) {
      const tag = await tagOf(backup, file);
      if (tag === undefined) return undefined;
      return { tag, body: told(folder, createReadStream(fileOf(backup, file), { signal })) };
    },
    tagOf,
    close: () => undefined,
  };
}

async function orAbsent<T>(place: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failure(place, cause);
  }
}

async function* told(
  place: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (cause) {
    throw failure(place, cause);
  }
}

function failure(place: string, cause: unknown): StoreFailure {
  return new StoreFailure(place, (cause as Error).message, { cause });
}
