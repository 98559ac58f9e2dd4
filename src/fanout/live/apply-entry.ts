// One entry of a plan, brought out: the only place where a fan-out writes to a cluster.
//
// Comes in: an entry, and a writer. Goes out: what came of it. What lives is read again first: it is
// written only where it is still what the plan was made for, and deleted only where it carries the
// fan-out's label and the UID of the plan. On failure: a code, and nothing was done; a CallFailure, and
// nobody knows: the entry is brought out again, which is harmless.

import {
  type ClusterWriter,
  type Conflicted,
  type KubernetesObject,
  knownOf,
  type Moved,
  type ObjectRef,
  type Refused,
  refOf,
  shownRef,
} from '../../clusters/cluster-writer.ts';
import { removeProved } from '../../clusters/removal.ts';
import { type Entry, isOurs, liveDigest, uidOf } from '../plan/entry.ts';

export type Applied =
  | {
      readonly ok: true;
      /** `nothing`: it was so already. */
      readonly did: 'created' | 'updated' | 'removed' | 'nothing';
      readonly before?: KubernetesObject;
      readonly after?: KubernetesObject;
    }
  | Conflicted
  | Moved
  | Refused;

/** Each is lost to a write of somebody else's, a status most often, between our reading and our writing. */
const TRIES = 5;

/** `fanout`: its name, without which nothing is deleted. */
export async function applyEntry(
  entry: Entry,
  writer: ClusterWriter,
  fanout: string,
): Promise<Applied> {
  let last: Applied = { ok: true, did: 'nothing' };
  for (let tries = 0; tries < TRIES; tries += 1) {
    last = await tryOnce(entry, writer, fanout);
    if (last.ok || last.code !== 'moved' || last.text.startsWith(NOT_AS_PLANNED)) return last;
  }
  return last;
}

async function tryOnce(entry: Entry, writer: ClusterWriter, fanout: string): Promise<Applied> {
  const { action, object } = entry;
  if (action === 'create' && object) return await create(object, writer);
  if (action === 'update' && object) return await update(entry, object, writer);
  if (action === 'delete' && entry.ref)
    return await remove({ ...entry, ref: entry.ref }, writer, fanout);
  return { ok: true, did: 'nothing' };
}

async function create(object: KubernetesObject, writer: ClusterWriter): Promise<Applied> {
  const result = await writer.apply(object, { expect: 'absent' });
  return result.ok ? { ok: true, did: 'created', after: result.object } : result;
}

async function update(
  entry: Entry,
  object: KubernetesObject,
  writer: ClusterWriter,
): Promise<Applied> {
  const ref = refOf(object);
  const before = await writer.read(ref);
  const expect = before && knownOf(before);
  if (!before || !expect || !isAsPlanned(before, entry)) return notAsPlanned(ref);
  const result = await writer.apply(object, { expect, force: entry.adopts === true });
  if (!result.ok) return result;
  return { ok: true, did: 'updated', before, after: result.object };
}

async function remove(
  entry: Entry & { readonly ref: ObjectRef },
  writer: ClusterWriter,
  fanout: string,
): Promise<Applied> {
  const removed = await removeProved(writer, entry.ref, (live) =>
    isOurs(live, fanout) && isAsPlanned(live, entry) ? undefined : 'not as planned',
  );
  if (!removed.ok) return removed.code === 'doubted' ? notAsPlanned(entry.ref) : removed;
  const { before } = removed;
  return before ? { ok: true, did: 'removed', before } : { ok: true, did: 'nothing' };
}

export function isAsPlanned(object: KubernetesObject, { uid, scaledBy, ...entry }: Entry): boolean {
  const now = liveDigest({ object, ...(scaledBy !== undefined && { scaledBy }) });
  return uid !== undefined && uid !== '' && uidOf(object) === uid && now === entry.liveDigest;
}

const NOT_AS_PLANNED = 'not as planned: ';

function notAsPlanned(ref: ObjectRef): Moved {
  const text = `${NOT_AS_PLANNED}${shownRef(ref)} changed since the plan was made: plan again`;
  return { ok: false, code: 'moved', text };
}
