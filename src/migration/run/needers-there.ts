// Who of those that live in a cluster needs an object there (manifests/needers.ts), by what is there now: apps
// come, and others have gone, since a plan was made.
//
// Comes in: the object, names of what goes with it. Goes out: who needs it, and which kinds may not be listed:
// what they need nobody knows. On failure: a cluster that does not answer throws.

import { failureOf } from '../../clusters/call-failure.ts';
import type { ClusterWriter } from '../../clusters/cluster-writer.ts';
import { apiVersionOf, type MovedKind } from '../kinds.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { kindsNeeding, needersOf, type Needers } from '../manifests/needers.ts';

export async function needersThere(
  writer: ClusterWriter,
  object: Manifest,
  own: ReadonlySet<string>,
): Promise<Needers> {
  const { namespace } = object.metadata;
  const unread = new Set<string>();
  const listed = async (one: MovedKind): Promise<readonly Manifest[]> => {
    const ref = { apiVersion: apiVersionOf(one), kind: one.kind };
    try {
      const list = await writer.list(namespace === undefined ? ref : { ...ref, namespace }, '');
      return list as readonly object[] as readonly Manifest[];
    } catch (error) {
      if (failureOf(error).status !== 403) throw error;
      unread.add(one.kind);
      return [];
    }
  };
  const lists = await Promise.all(kindsNeeding(object).map(listed));
  return needersOf(object, own, { objects: lists.flat(), unread });
}
