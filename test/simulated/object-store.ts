// The state behind one simulated API server, kept as etcd keeps it: one counter for all writes, objects
// that are replaced and never changed, and a log from which any recent version can be had again.
import { randomUUID } from 'node:crypto';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly generation?: number | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly finalizers?: readonly string[] | undefined;
  readonly [field: string]: unknown;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly plural: string;
  readonly version: number;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

export interface ObjectStore {
  version: number;
  /** Versions below this one can no longer be watched or paged from. */
  oldest: number;
  readonly objects: Map<string, Map<string, KubeObject>>;
  readonly log: StoreEvent[];
  readonly listeners: Set<(event: StoreEvent) => void>;
  readonly snapshots: Map<string, readonly KubeObject[]>;
  readonly undelivered: StoreEvent[];
  delivering: boolean;
}

/** The log's bound: a test that writes more loses its oldest versions, as a compaction would do. */
const LOG_LIMIT = 100_000;
/** Sorted lists kept for paging; an older one is made again from the log. */
const SNAPSHOT_LIMIT = 16;

export function createObjectStore(): ObjectStore {
  return {
    version: 1000,
    oldest: 0,
    objects: new Map(),
    log: [],
    listeners: new Set(),
    snapshots: new Map(),
    undelivered: [],
    delivering: false,
  };
}

export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function readObject(
  store: ObjectStore,
  plural: string,
  namespace: string | undefined,
  name: string,
): KubeObject | undefined {
  return store.objects.get(plural)?.get(objectKey(namespace, name));
}

/** Creates or replaces; an unchanged object costs no version, as on the real server. */
export function writeObject(store: ObjectStore, plural: string, draft: KubeObject): KubeObject {
  const { namespace, name } = draft.metadata;
  const previous = readObject(store, plural, namespace, name);
  const metadata: ObjectMeta = {
    ...draft.metadata,
    uid: previous?.metadata.uid ?? draft.metadata.uid ?? randomUUID(),
    creationTimestamp:
      previous?.metadata.creationTimestamp ?? draft.metadata.creationTimestamp ?? timestamp(),
    generation: nextGeneration(draft, previous),
    resourceVersion: previous?.metadata.resourceVersion,
  };
  const same = { ...draft, metadata };
  if (previous && canonical(previous) === canonical(same)) return previous;
  const version = store.version + 1;
  const object: KubeObject = {
    ...draft,
    metadata: { ...metadata, resourceVersion: String(version) },
  };
  objectsOf(store, plural).set(objectKey(namespace, name), object);
  record(store, { type: previous ? 'MODIFIED' : 'ADDED', plural, version, object, previous });
  return object;
}

export function deleteObject(
  store: ObjectStore,
  plural: string,
  namespace: string | undefined,
  name: string,
): void {
  const previous = readObject(store, plural, namespace, name);
  if (!previous) return;
  const version = store.version + 1;
  const object = {
    ...previous,
    metadata: { ...previous.metadata, resourceVersion: String(version) },
  };
  objectsOf(store, plural).delete(objectKey(namespace, name));
  record(store, { type: 'DELETED', plural, version, object, previous });
}

const texts = new WeakMap<object, string>();

/** As JSON, made once: objects never change, and many watches show the same. */
export function textOf(object: object): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  texts.set(object, text);
  return text;
}

/** The objects of one kind as they were at a version, sorted by key; undefined when that version is gone. */
export function snapshotAt(
  store: ObjectStore,
  plural: string,
  version: number,
): readonly KubeObject[] | undefined {
  if (version < store.oldest) return undefined;
  const known = store.snapshots.get(`${plural}@${version}`);
  if (known) return known;
  const objects = new Map(store.objects.get(plural));
  for (let at = store.log.length - 1; at >= 0; at--) {
    const event = store.log[at];
    if (!event || event.version <= version) break;
    if (event.plural === plural) undo(objects, event);
  }
  const keys = [...objects.keys()].sort();
  const sorted = keys.flatMap((key) => objects.get(key) ?? []);
  const eldest = store.snapshots.keys().next().value;
  if (eldest !== undefined && store.snapshots.size >= SNAPSHOT_LIMIT)
    store.snapshots.delete(eldest);
  store.snapshots.set(`${plural}@${version}`, sorted);
  return sorted;
}

/** Events of one kind after a version, oldest first. */
export function eventsAfter(
  store: ObjectStore,
  plural: string,
  version: number,
): readonly StoreEvent[] {
  let start = store.log.length;
  while (start > 0 && (store.log[start - 1]?.version ?? 0) > version) start--;
  return store.log.slice(start).filter((event) => event.plural === plural);
}

/** Makes every version before the present one expire. */
export function compactStore(store: ObjectStore): void {
  store.oldest = store.version;
  store.snapshots.clear();
}

/** A restored etcd: objects and counter go back, and later writes use the same versions a second time. */
export function restoreStore(store: ObjectStore, version: number): void {
  if (version < (store.log[0]?.version ?? store.version + 1) - 1)
    throw new Error(`version ${version} is not in the log`);
  while ((store.log.at(-1)?.version ?? 0) > version) {
    const event = store.log.pop();
    if (event) undo(objectsOf(store, event.plural), event);
  }
  store.version = version;
  store.oldest = Math.min(store.oldest, version);
  store.snapshots.clear();
}

function undo(objects: Map<string, KubeObject>, event: StoreEvent): void {
  const key = objectKey(event.object.metadata.namespace, event.object.metadata.name);
  if (event.previous) objects.set(key, event.previous);
  else objects.delete(key);
}

// A listener may write in turn (a simulated controller does): its events wait until everyone has the first.
function record(store: ObjectStore, event: StoreEvent): void {
  store.version = event.version;
  store.log.push(event);
  if (store.log.length > LOG_LIMIT)
    store.oldest = store.log.splice(0, LOG_LIMIT / 2).at(-1)?.version ?? store.oldest;
  store.undelivered.push(event);
  if (store.delivering) return;
  store.delivering = true;
  try {
    for (let next = store.undelivered.shift(); next; next = store.undelivered.shift()) {
      for (const listener of store.listeners) listener(next);
    }
  } finally {
    store.delivering = false;
  }
}

function objectsOf(store: ObjectStore, plural: string): Map<string, KubeObject> {
  const known = store.objects.get(plural);
  if (known) return known;
  const fresh = new Map<string, KubeObject>();
  store.objects.set(plural, fresh);
  return fresh;
}

function nextGeneration(draft: KubeObject, previous: KubeObject | undefined): number | undefined {
  if (draft['spec'] === undefined) return previous?.metadata.generation;
  if (!previous) return 1;
  const changed = canonical(previous['spec']) !== canonical(draft['spec']);
  return (previous.metadata.generation ?? 1) + (changed ? 1 : 0);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function timestamp(at = Date.now()): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
