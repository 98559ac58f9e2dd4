// Objects that carry the fan-out's label and are not in the plan for their cluster any more.
//
// They are kept unless it is asked to delete them; then only what has our label and a UID to prove it.

import { refOf } from '../../clusters/cluster-writer.ts';
import { identityOf, keyOf } from '../identity.ts';
import type { AppsOf } from './app-of.ts';
import { type Entry, isOurs, seenOf, uidOf } from './entry.ts';
import type { LiveObject, PlanOptions, World } from './world.ts';

/** `staying`: places (`placeOf`) that orders have taken. */
export function leavingOf(
  staying: ReadonlySet<string>,
  appsOf: AppsOf,
  world: World,
  options: PlanOptions,
): Entry[] {
  return world.clusters.flatMap(({ cluster, live = [] }) =>
    live
      .filter(({ object }) => isOurs(object, options.name))
      .filter(({ object }) => !staying.has(placeOf(cluster.name, keyOf(identityOf(object)))))
      .map((one) => {
        const { object } = one;
        const [app] = appsOf({ object, namespace: object.metadata.namespace ?? '' });
        return { ...leaving(cluster.name, one, options), ...(app !== undefined && { app }) };
      }),
  );
}

export const placeOf = (cluster: string, key: string): string => `${cluster} ${key}`;

function leaving(cluster: string, one: LiveObject, { prune }: PlanOptions): Entry {
  const { object } = one;
  const uid = uidOf(object);
  const deletes = prune && uid !== '';
  const note = deletes
    ? 'the stream does not have it any more'
    : 'the stream does not have it any more; kept, since pruning was not asked for';
  return {
    cluster,
    key: keyOf(identityOf(object)),
    action: deletes ? 'delete' : 'keep',
    differences: [],
    notes: [note],
    ref: refOf(object),
    ...seenOf(one),
  };
}
