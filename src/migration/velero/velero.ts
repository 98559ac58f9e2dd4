// The newest usable backup of each app, read straight from where Velero put it: its cluster may be dead.
//
// Comes in: a store, which backups are taken, the apps, and who judges what a backup has of one. Goes out:
// for each app a backup with the objects of its namespace, and for each newer one why it was passed over.
// On failure: what is wrong with one backup passes that one over; a store that cannot be read is a
// StoreFailure, for then nothing is known. Nothing is written anywhere, and no text has a Secret's data.

import type { Manifest } from '../manifests/manifest.ts';
import { ARCHIVE_LIMITS, readArchive, type Archive, type ArchiveLimits } from './archive.ts';
import {
  leftOutKinds,
  readBackup,
  whyNotOf,
  whyUnusable,
  type Backup,
  type BackupPolicy,
} from './backup.ts';
import { jsonOf, unzipped } from './content.ts';
import { missingOf } from './resource-list.ts';
import { Damaged, type BackupStore } from './store.ts';

export interface UsableBackup {
  readonly name: string;
  /** Milliseconds of the time of day. */
  readonly startedAt: number;
  readonly objects: readonly Manifest[];
  /** Kinds of which it may not have everything. */
  readonly unread: ReadonlySet<string>;
  /** Damage that was mended, errors that Velero had. */
  readonly warnings: readonly string[];
}

export interface AppToFind {
  readonly app: string;
  readonly namespace: string;
  /** Of the namespace while the cluster lived: a backup of another is another cluster's. */
  readonly namespaceUid?: string;
  /** What is missing of the app in it; empty: it will do. */
  readonly lacks: (backup: UsableBackup) => readonly string[];
}

export interface PassedOver {
  readonly backup: string;
  readonly why: string;
}

export interface FoundApp {
  readonly app: string;
  readonly namespace: string;
  readonly backup?: UsableBackup;
  readonly passedOver: readonly PassedOver[];
}

export interface Search {
  readonly store: BackupStore;
  readonly policy: BackupPolicy;
  /** Milliseconds of the time of day. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly limits?: ArchiveLimits;
}

const METADATA_BYTES = 8 << 20;
const LIST_BYTES = 256 << 20;
const AT_ONCE = 8;
/** More of one reason are counted. */
const NAMED = 3;

interface Sought extends AppToFind {
  readonly passedOver: PassedOver[];
  found?: UsableBackup;
}

export async function findBackups(search: Search, apps: readonly AppToFind[]): Promise<FoundApp[]> {
  const all: Sought[] = apps.map((app) => ({ ...app, passedOver: [] }));
  const pass = (them: readonly Sought[], backup: string, why: string): void => {
    for (const { passedOver } of them) passedOver.push({ backup, why });
  };
  for (const one of await candidates(search)) {
    const open = all.filter(({ found }) => !found);
    if (open.length === 0) break;
    if ('why' in one) pass(open, one.name, one.why);
    else await tryBackup(search, one, { open, pass });
  }
  return all.map(({ app, namespace, passedOver, found }) => ({
    app,
    namespace,
    passedOver,
    ...(found && { backup: found }),
  }));
}

type Candidate =
  | Backup
  | { readonly name: string; readonly why: string; readonly startedAt?: number };

/** The newest first; of those that do not say when they began, by name. */
async function candidates(search: Search): Promise<Candidate[]> {
  const names = [...(await search.store.names(search.signal))].sort().reverse();
  const read: Candidate[] = [];
  for (let from = 0; from < names.length; from += AT_ONCE)
    read.push(
      ...(await Promise.all(
        names.slice(from, from + AT_ONCE).map((name) => readOne(search, name)),
      )),
    );
  return read.sort((a, b) => (b.startedAt ?? Infinity) - (a.startedAt ?? Infinity) || 0);
}

async function readOne({ store, signal, policy, now }: Search, name: string): Promise<Candidate> {
  const opened = await store.open(name, 'velero-backup.json', signal);
  if (!opened) return { name, why: 'it has no velero-backup.json: unfinished, or being deleted' };
  try {
    const backup = readBackup(name, await jsonOf(opened.body, METADATA_BYTES, () => undefined));
    if (!backup) return { name, why: 'its velero-backup.json is no Backup of this name' };
    const why = whyUnusable(backup, policy, now);
    if (why === undefined) return backup;
    const { startedAt } = backup;
    return { name, why, ...(startedAt !== undefined && { startedAt }) };
  } catch (error) {
    return { name, why: `its velero-backup.json: ${damage(error)}` };
  }
}

/** The text, where it is damage; else the error goes on. */
function damage(error: unknown): string {
  if (error instanceof Damaged) return error.message;
  throw error;
}

interface Trying {
  readonly open: readonly Sought[];
  readonly pass: (them: readonly Sought[], backup: string, why: string) => void;
}

async function tryBackup(search: Search, backup: Backup, { open, pass }: Trying): Promise<void> {
  const asked = open.filter((one) => {
    const why = whyNotOf(one.namespace, backup);
    if (why !== undefined) pass([one], backup.name, why);
    return why === undefined;
  });
  if (asked.length === 0) return;
  const read = await readWhole(search, backup, new Set(asked.map(({ namespace }) => namespace)));
  if (typeof read === 'string') return pass(asked, backup.name, read);
  for (const one of asked) {
    const usable = usableFor(one, backup, read);
    const lacks = typeof usable === 'string' ? [usable] : one.lacks(usable);
    if (lacks.length > 0) pass([one], backup.name, few(lacks));
    else if (typeof usable !== 'string') one.found = usable;
  }
}

interface Whole {
  readonly archive: Archive;
  readonly list: unknown;
  readonly warnings: readonly string[];
}

/** A text: why it is not usable. */
async function readWhole(
  { store, signal, limits = ARCHIVE_LIMITS }: Search,
  { name, errors }: Backup,
  namespaces: ReadonlySet<string>,
): Promise<Whole | string> {
  const warnings: string[] = errors > 0 ? [`Velero had ${errors} errors`] : [];
  const file = `${name}.tar.gz`;
  const metadata = await store.tagOf(name, 'velero-backup.json', signal);
  const tarball = await store.open(name, file, signal);
  if (!tarball) return 'it has no tarball';
  try {
    const content = unzipped(tarball.body, (warning) => warnings.push(warning));
    const archive = await readArchive(content, namespaces, limits);
    const list = await store.open(name, `${name}-resource-list.json.gz`, signal);
    if (!list) return 'it has no list of its resources';
    // Velero writes both again as it finishes.
    const after = await store.tagOf(name, 'velero-backup.json', signal);
    if (after !== metadata || (await store.tagOf(name, file, signal)) !== tarball.tag)
      return 'it was written again while it was read';
    return { archive, warnings, list: await jsonOf(list.body, LIST_BYTES, () => undefined) };
  } catch (error) {
    return `its tarball or list: ${damage(error)}`;
  }
}

function usableFor(one: Sought, backup: Backup, read: Whole): UsableBackup | string {
  const { namespace, namespaceUid } = one;
  const { archive, list, warnings } = read;
  const uid = archive.namespaceUids.get(namespace);
  if (namespaceUid !== undefined && uid !== undefined && uid !== namespaceUid)
    return `its namespace ${namespace} has another UID: it is another cluster’s, or of another time`;
  const objects = archive.namespaces.get(namespace) ?? [];
  const missing = missingOf(namespace, list, objects);
  if (!missing) return 'its list of resources is none';
  if (missing.length > 0) return `it is not whole: ${few(missing)}`;
  const { name, startedAt = 0 } = backup;
  return { name, startedAt, objects, unread: leftOutKinds(backup), warnings };
}

function few(texts: readonly string[]): string {
  const more = texts.length > NAMED ? `, and ${texts.length - NAMED} more` : '';
  return `${texts.slice(0, NAMED).join(', ')}${more}`;
}
