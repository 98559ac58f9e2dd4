// The only place where anything is deleted from a cluster (test/clusters/removal.test.ts looks).
//
// Comes in: which object, and what proves that it is the one that may go. Goes out: what came of it. What
// lives is read first, and the deletion names the UID and the version that were looked at: what changed in
// between is not deleted. On failure: a code, and nothing was done; a CallFailure, and nobody knows: asking
// again is harmless.

import {
  knownOf,
  refOf,
  shownRef,
  type ClusterWriter,
  type KubernetesObject,
  type Moved,
  type ObjectRef,
  type Refused,
} from './cluster-writer.ts';

/** Why the object, as it lives now, is not to go; undefined: all that is asked for is proved. */
export type Doubt = (live: KubernetesObject) => string | undefined;

export type Removal =
  | {
      readonly ok: true;
      /** `removing`: it goes when its finalizers let it. */
      readonly was: 'removing' | 'absent';
      readonly before?: KubernetesObject;
    }
  /** It is not the one that may go. */
  | { readonly ok: false; readonly code: 'doubted'; readonly text: string }
  | Moved
  | Refused;

export async function removeProved(
  writer: Pick<ClusterWriter, 'read' | 'remove'>,
  ref: ObjectRef,
  doubt: Doubt,
): Promise<Removal> {
  const live = await writer.read(ref);
  if (!live) return { ok: true, was: 'absent' };
  const expect = knownOf(live);
  const why = expect ? doubt(live) : `${shownRef(ref)} has no UID`;
  if (!expect || why !== undefined) return { ok: false, code: 'doubted', text: why ?? '' };
  const removed = await writer.remove(ref, expect);
  return removed.ok ? { ...removed, before: live } : removed;
}

/** Another object of that name is another's. */
export function unlessUid(uid: string): Doubt {
  return (live) => {
    if (uid !== '' && live.metadata['uid'] === uid) return undefined;
    return `${shownRef(refOf(live))} is another one now`;
  };
}
