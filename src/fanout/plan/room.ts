// Whether the pods of a plan find room, cluster by cluster. Pure.
//
// Comes in: clusters with what takes room there, and entries. Goes out: pods that still fit, by object, for
// the divisions that look at it; and the shortages of a plan: more pods than fit, with what bounds them.
// On failure: what could not be read is room for none, and the reason says so.

import type { V1LimitRange, V1PodSpec } from '@kubernetes/client-node';
import { bookedText } from '../../migration/capacity/ledger.ts';
import { type Need, needOf } from '../../migration/capacity/need.ts';
import { fitOf, place, type Room, roomOf } from '../../migration/capacity/room.ts';
import { isMap } from '../document.ts';
import { identityOf, keyOf } from '../identity.ts';
import { podPath, replicasKey } from '../kinds.ts';
import type { Manifest, Order } from '../model.ts';
import type { Entry } from './entry.ts';
import { modernise } from './modern.ts';
import type { Space } from './space.ts';
import type { Rank, World, WorldCluster } from './world.ts';

export interface Shortage {
  readonly cluster: string;
  readonly key: string;
  /** More than there are now. */
  readonly more: number;
  readonly fit: number;
  readonly why: string;
  /** Rules that can only make it fewer. */
  readonly unchecked: readonly string[];
}

/** For divisions by room: how many more pods of each order fit, one order at a time. */
export function withRoom(world: World, orders: readonly Order[]): World {
  return {
    clusters: world.clusters.map((one) => {
      const { space } = one;
      if (!space || one.room) return one;
      const room = roomOf(space.view, space.bookings);
      const fits = orders.flatMap((order): [string, number][] => {
        const { object, namespace } = order;
        const need = needIn(modernise(object).object, namespace, space);
        return need ? [[keyOf(identityOf(object, namespace)), fitOf(room, need).pods]] : [];
      });
      return { ...one, room: new Map(fits) };
    }),
  };
}

/** `rankOf`: the first gets what room there is. */
export function shortagesOf(
  entries: readonly Entry[],
  world: World,
  rankOf: (entry: Entry) => Rank,
): Shortage[] {
  const each = Map.groupBy(entries, ({ cluster }) => cluster);
  return world.clusters.flatMap((one) => {
    const mine = (each.get(one.cluster.name) ?? []).map((entry) => ({
      entry,
      rank: rankOf(entry),
    }));
    const sorted = mine.toSorted(
      (a, b) => compareRanks(a.rank, b.rank) || (a.entry.key < b.entry.key ? -1 : 1),
    );
    return shortIn(
      sorted.map(({ entry }) => entry),
      one,
    );
  });
}

/** Core first, then the more important. */
export function compareRanks(a: Rank, b: Rank): number {
  return Number(b.core) - Number(a.core) || b.importance - a.importance;
}

function shortIn(entries: readonly Entry[], { space }: WorldCluster): Shortage[] {
  if (!space) return [];
  const room = roomOf(space.view, space.bookings);
  return entries.flatMap((entry) => shortage(entry, room, space) ?? []);
}

function shortage(entry: Entry, room: Room, space: Space): Shortage | undefined {
  const { cluster, key, object, replicas } = entry;
  const more = (replicas?.after ?? 0) - (replicas?.before ?? 0);
  const need = more > 0 && object && needIn(object, object.metadata.namespace ?? '', space);
  if (!need) return undefined;
  const { pods, why, unchecked } = place(room, need, more);
  if (pods === more) return undefined;
  return { cluster, key, more, fit: pods, why: withBooked(why, space), unchecked };
}

function withBooked(why: string, { bookings }: Space): string {
  return bookings.length === 0 ? why : `${why}; booked: ${bookedText(bookings)}`;
}

/** Of what has replicas, and the template of its pods in it. */
function needIn(object: Manifest, namespace: string, { view }: Space): Need | undefined {
  const path = replicasKey(object) === undefined ? undefined : podPath(object);
  const template = path && at(object, path.slice(0, -1));
  const spec = isMap(template) ? template['spec'] : undefined;
  if (!isMap(spec) || !Array.isArray(spec['containers'])) return undefined;
  const metadata = isMap(template) ? template['metadata'] : undefined;
  const labels = isMap(metadata) && isMap(metadata['labels']) ? metadata['labels'] : {};
  const limitRanges = (view.limitRanges ?? []).filter((one) => isOf(one, namespace));
  const described = {
    namespace,
    labels: labels as Record<string, string>,
    spec: spec as unknown as V1PodSpec,
  };
  return needOf(described, { limitRanges, overheads: {} });
}

const isOf = ({ metadata }: V1LimitRange, namespace: string): boolean =>
  metadata?.namespace === namespace;

function at(object: Manifest, path: readonly string[]): unknown {
  let found: unknown = object;
  for (const key of path) found = isMap(found) ? found[key] : undefined;
  return found;
}
