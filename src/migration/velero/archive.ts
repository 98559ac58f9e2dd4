// A backup's tarball, read as a stream: of it stays only what was asked for, in memory, nothing on disk.
//
// Comes in: an unzipped stream, and the namespaces to keep. Goes out: their objects, as they were served.
// On failure: Damaged; a tarball that no Velero has written (paths that lead out, links, a bomb) is
// refused as a whole.

import { pipeline, Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { fullResource, MOVED_KINDS } from '../kinds.ts';
import { isFields, textAt, type Manifest } from '../manifests/manifest.ts';
import { parsed } from './content.ts';
import { readEntryName, type ObjectName } from './entry-name.ts';
import { Damaged, StoreFailure } from './store.ts';

export interface ArchiveLimits {
  readonly entries: number;
  /** Of one entry; an API server keeps 1.5 MB. */
  readonly entryBytes: number;
  /** Unzipped. */
  readonly totalBytes: number;
  /** Of what is kept in memory. */
  readonly keptBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 2_000_000,
  entryBytes: 8 << 20,
  totalBytes: 8 * 2 ** 30,
  keptBytes: 512 << 20,
};

export interface Archive {
  /** By namespace; of one that the backup has nothing of there is no entry. */
  readonly namespaces: ReadonlyMap<string, readonly Manifest[]>;
  /** Of the Namespace objects themselves, where the backup has them. */
  readonly namespaceUids: ReadonlyMap<string, string>;
}

const KEPT = new Set(MOVED_KINDS.map(fullResource)).add('ingresses.extensions');

interface Kept {
  readonly rank: number;
  readonly object: ObjectName;
  readonly bytes: Buffer;
}

export async function readArchive(
  content: AsyncIterable<Buffer>,
  wanted: ReadonlySet<string>,
  limits: ArchiveLimits,
): Promise<Archive> {
  const kept = new Map<string, Kept>();
  let size = 0;
  for await (const { name, bytes } of entriesOf(content, limits, (one) => isKept(one, wanted))) {
    if (name.is === 'version') checkVersion(bytes.toString());
    if (name.is !== 'object') continue;
    const { object } = name;
    const key = `${object.resource}/${object.namespace}/${object.name}`;
    const before = kept.get(key);
    if (before && before.rank > object.rank) continue;
    size += bytes.length - (before?.bytes.length ?? 0);
    if (size > limits.keptBytes)
      throw new Damaged(`its namespaces have more than ${limits.keptBytes} bytes`);
    kept.set(key, { rank: object.rank, object, bytes });
  }
  return archiveOf(kept.values());
}

type Name = ReturnType<typeof readEntryName>;

function isKept(name: Name, wanted: ReadonlySet<string>): boolean {
  if (name.is === 'version') return true;
  if (name.is !== 'object' || name.object.rank === 0) return false;
  const { resource, namespace, name: own } = name.object;
  if (resource === 'namespaces') return namespace === '' && wanted.has(own);
  return KEPT.has(resource) && wanted.has(namespace);
}

interface Read {
  readonly name: Name;
  readonly bytes: Buffer;
}

async function* entriesOf(
  content: AsyncIterable<Buffer>,
  limits: ArchiveLimits,
  isWanted: (name: Name) => boolean,
): AsyncGenerator<Read, void> {
  const tar = extract();
  let count = 0;
  let total = 0;
  async function* bounded(): AsyncGenerator<Buffer, void> {
    for await (const chunk of content) {
      total += chunk.length;
      if (total > limits.totalBytes)
        throw new Damaged(`it has more than ${limits.totalBytes} bytes unzipped`);
      yield chunk;
    }
  }
  // Its error comes out of the loop below too.
  pipeline(Readable.from(bounded()), tar, () => undefined);
  try {
    for await (const entry of tar) {
      count += 1;
      if (count > limits.entries) throw new Damaged(`it has more than ${limits.entries} entries`);
      const name = checkEntry(entry.header, limits);
      if (entry.header.type !== 'file' || !isWanted(name)) entry.resume();
      else yield { name, bytes: await bytesIn(entry) };
    }
  } catch (error) {
    throw damageOf(error);
  } finally {
    tar.destroy();
  }
  if (count === 0) throw new Damaged('its tarball has no entries');
}

function checkEntry({ type, name: written, size }: Header, limits: ArchiveLimits): Name {
  const name = readEntryName(written);
  if (name.is === 'refused') throw new Damaged(`its tarball has ${name.why}`);
  if (type !== 'file' && type !== 'directory')
    throw new Damaged(`its tarball has an entry that is a ${type}`);
  if (size > limits.entryBytes)
    throw new Damaged(`its tarball has an entry of ${size} bytes, at most ${limits.entryBytes}`);
  return name;
}

async function bytesIn(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function damageOf(error: unknown): Error {
  if (error instanceof Damaged || error instanceof StoreFailure) return error;
  const { message } = error as Error;
  if (message === 'Unexpected end of data') return new Damaged('its tarball is cut off');
  if (/\bheader\b/i.test(message))
    return new Damaged('its tarball is damaged, or it has none inside');
  return error as Error;
}

function checkVersion(text: string): void {
  const version = text.trim();
  if (!/^1(\.\d+)*$/.test(version))
    throw new Damaged(`its format is ${version.slice(0, 20)}; 1 is read`);
}

function archiveOf(all: Iterable<Kept>): Archive {
  const namespaces = new Map<string, Manifest[]>();
  const namespaceUids = new Map<string, string>();
  for (const { object, bytes } of all) {
    const manifest = manifestOf(object, bytes);
    if (object.namespace === '') {
      const uid = manifest.metadata.uid;
      if (uid !== undefined) namespaceUids.set(object.name, uid);
      continue;
    }
    const own = namespaces.get(object.namespace);
    if (own) own.push(manifest);
    else namespaces.set(object.namespace, [manifest]);
  }
  return { namespaces, namespaceUids };
}

/** The object must be the one that its path names: a path is easily changed. */
function manifestOf({ resource, namespace, name }: ObjectName, bytes: Buffer): Manifest {
  const place = `${resource} ${namespace === '' ? '' : `${namespace}/`}${name}`;
  const value = parsed(bytes, place);
  const found = isFields(value) ? value : {};
  const is = `${textAt(found, 'metadata', 'namespace') ?? ''}/${textAt(found, 'metadata', 'name')}`;
  if (textAt(found, 'kind') === undefined || textAt(found, 'apiVersion') === undefined)
    throw new Damaged(`${place} is no object`);
  if (is !== `${namespace}/${name}`) throw new Damaged(`${place} is another object`);
  return found as Manifest;
}
