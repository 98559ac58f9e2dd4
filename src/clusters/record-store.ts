// The records of one resource by uid, and what an event or a list changes in them. Pure.

import type { Change } from './record-index.ts';
import type { Meta } from './records.ts';
import { compareVersions } from './versions.ts';

export interface RecordStore<R extends Meta> {
  readonly records: Map<string, R>;
  /** The newest version that was taken in; a list resets it, even to an older one (etcd restored). */
  version: string;
}

export type Applied<R extends Meta> = Change<R> | 'known' | 'disorder';

/**
 * Whether the versions went back (etcd was restored): by the list's own, or, where the counter has
 * passed it again meanwhile, by an object that is older than it is known.
 */
export function isOlder<R extends Meta>(
  store: RecordStore<R>,
  listed: ReadonlyMap<string, R>,
  version: string,
): boolean {
  if (compareVersions(version, store.version) < 0) return true;
  for (const [uid, { version: now }] of listed) {
    const before = store.records.get(uid);
    if (before && compareVersions(now, before.version) < 0) return true;
  }
  return false;
}

/**
 * Puts a whole list in the place of what was known. `anew`: versions were given a second time, and a
 * record of the same version may be another.
 */
export function swapRecords<R extends Meta>(
  store: RecordStore<R>,
  listed: ReadonlyMap<string, R>,
  { version, anew = false }: { readonly version: string; readonly anew?: boolean },
): Change<R>[] {
  const changes: Change<R>[] = [];
  for (const [uid, before] of store.records) {
    if (listed.has(uid)) continue;
    store.records.delete(uid);
    changes.push({ before, after: undefined });
  }
  for (const [uid, after] of listed) {
    const before = store.records.get(uid);
    if (!anew && before?.version === after.version) continue;
    store.records.set(uid, after);
    changes.push({ before, after });
  }
  store.version = version;
  return changes;
}

/**
 * One event of a watch. Events of a resource come in the order of their versions; one that is older
 * than the newest is known already, or a sign that something was lost: `disorder`.
 */
export function applyEvent<R extends Meta>(
  store: RecordStore<R>,
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  record: R,
): Applied<R> {
  const before = store.records.get(record.uid);
  if (before && compareVersions(record.version, before.version) <= 0) return 'known';
  if (compareVersions(record.version, store.version) <= 0) {
    // An old event of an object that is gone by now, repeated, or one that we never got.
    return type === 'DELETED' && !before ? 'known' : 'disorder';
  }
  store.version = record.version;
  if (type === 'DELETED') {
    store.records.delete(record.uid);
    return before ? { before, after: undefined } : 'known';
  }
  store.records.set(record.uid, record);
  return { before, after: record };
}

/** Keeps the version young where nothing happens. */
export function takeBookmark(store: RecordStore<Meta>, version: string | undefined): void {
  if (version && compareVersions(version, store.version) > 0) store.version = version;
}
