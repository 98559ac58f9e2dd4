// One order over the clusters: who gets it, and how many each runs.
//
// Comes in: an order and the world. Goes out: a portion for each cluster that gets the object, with the
// reasons of its number, and those left out. On failure: why no cluster, or no division, was found; the
// next group of clusters is tried first, where a placement has several.

import {
  divided,
  type Division as Divided,
  type Portion,
  type Undivided,
} from '../division/division.ts';
import { divideByPreferences } from '../division/federation.ts';
import { divideByPlacement } from '../division/karmada.ts';
import { identityOf, keyOf } from '../identity.ts';
import { replicasOf } from '../kinds.ts';
import type { Order, PlannerDivision } from '../model.ts';
import { matchesCluster } from '../placement/filter.ts';
import {
  type Candidate,
  type LeftOut,
  selectClusters,
  type Selected,
} from '../placement/select.ts';
import { digestOf } from './canonical.ts';
import {
  FANOUT_LABEL,
  type LiveObject,
  PLACEMENT_ANNOTATION,
  type PlanOptions,
  type World,
  type WorldCluster,
} from './world.ts';

export interface Share {
  readonly portions: readonly Portion[];
  readonly leftOut: readonly LeftOut[];
  readonly asked: number;
  readonly unplaced: number;
  readonly overflow: number;
  /** Which group of clusters it became; empty where there is but one. */
  readonly group: string;
  /** Replicas that were given to clusters without the namespace. */
  readonly lost: readonly Portion[];
}

export type Shared =
  | { readonly ok: true; readonly share: Share }
  | { readonly ok: false; readonly text: string; readonly code: Undivided['code'] };

/** What lives where, of one order. */
interface Around {
  readonly order: Order;
  readonly live: ReadonlyMap<string, LiveObject>;
  readonly earlier: ReadonlyMap<string, number>;
  readonly clusters: ReadonlyMap<string, WorldCluster>;
  readonly options: PlanOptions;
}

export function shareOrder(order: Order, world: World, options: PlanOptions): Shared {
  const around = aroundOf(order, world, options);
  const clusters = world.clusters.map(({ cluster }) => cluster);
  const has = new Set(around.earlier.keys());
  let first: Shared | undefined;
  for (const selected of selectClusters(order.placement, clusters, has)) {
    const divided = divideOrder(selected.candidates, around);
    if (divided.ok) return { ok: true, share: shareOf(selected, divided, around) };
    const text = selected.group === '' ? divided.text : `${selected.group}: ${divided.text}`;
    first ??= { ok: false, code: divided.code, text };
  }
  return first ?? { ok: false, code: 'no-clusters', text: 'no group of clusters' };
}

function aroundOf(order: Order, world: World, options: PlanOptions): Around {
  const key = keyOf(identityOf(order.object, order.namespace));
  const live = new Map<string, LiveObject>();
  for (const { cluster, live: objects = [] } of world.clusters) {
    const found = objects.find(({ object }) => keyOf(identityOf(object)) === key);
    if (found) live.set(cluster.name, found);
  }
  const mine = [...live].filter(([, { object }]) => isOurs(object.metadata.labels, options.name));
  const earlier = new Map(mine.map(([name, { object }]) => [name, replicasOf(object)]));
  const clusters = new Map(world.clusters.map((one) => [one.cluster.name, one]));
  return { order, live, earlier, clusters, options };
}

function isOurs(labels: Readonly<Record<string, string>> = {}, name: string | undefined): boolean {
  return name !== undefined && labels[FANOUT_LABEL] === name;
}

function divideOrder(candidates: readonly Candidate[], around: Around): Divided {
  const { division } = around.order;
  switch (division.kind) {
    case 'as-written':
      return asWritten(candidates, around);
    case 'planner':
      return byPlanner(candidates, division, around);
    case 'duplicated':
    case 'static':
    case 'dynamic':
    case 'aggregated':
      return byPolicy(candidates, around);
  }
}

/** Objects without replicas, and KubeFed's without a preference. A spread may still leave clusters out. */
function asWritten(candidates: readonly Candidate[], around: Around): Divided {
  const { object, placement } = around.order;
  if (placement.spread) return byPolicy(candidates, around);
  if (candidates.length === 0) {
    return { ok: false, code: 'no-clusters', text: 'no cluster is selected', asked: 0 };
  }
  const replicas = replicasOf(object);
  const fixed = { replicas, overflow: 0, object: true, reasons: ['as written'] };
  const portions = candidates.map(({ cluster }) => ({ cluster, ...fixed }));
  return divided(portions, replicas * candidates.length);
}

function byPlanner(
  candidates: readonly Candidate[],
  division: PlannerDivision,
  { order, live }: Around,
): Divided {
  const names = candidates.map(({ cluster }) => cluster);
  const now = new Map([...live].map(([name, one]) => [name, runningOf(one)]));
  const capacity = new Map(
    [...live].flatMap(([name, one]) => {
      const room = capacityOf(one);
      return room === undefined ? [] : [[name, room] as const];
    }),
  );
  const preferences = new Map(Object.entries(division.preferences));
  const { key, total, rebalance } = division;
  const result = divideByPreferences({
    key,
    total,
    rebalance,
    clusters: names,
    preferences,
    now,
    capacity,
  });
  if (!result.ok || order.dialect !== 'kubefed') return result;
  // KubeFed's result has no cluster that is not named, unless the object is there.
  const known = (name: string): boolean =>
    preferences.has(name) || preferences.has('*') || live.has(name);
  return divided(
    result.portions.filter(({ cluster }) => known(cluster)),
    total,
  );
}

/** Pods that are ready; all, where nobody counted them. */
function runningOf({ object, ready }: LiveObject): number {
  return ready ?? replicasOf(object);
}

/** Known only where pods find no node. */
function capacityOf({ object, ready, unschedulable = 0 }: LiveObject): number | undefined {
  const wanted = replicasOf(object);
  return unschedulable > 0 && ready !== wanted ? Math.max(0, wanted - unschedulable) : undefined;
}

function byPolicy(candidates: readonly Candidate[], around: Around): Divided {
  const { order, earlier, options } = around;
  const { division, placement } = order;
  const replicas = 'replicas' in division ? division.replicas : replicasOf(order.object);
  const tiers = placement.groups.some((group) => group.tiers.length > 1);
  return divideByPlacement({
    replicas,
    mode: 'replicas' in division ? division.kind : 'duplicated',
    by: options.karmadaDivision,
    candidates: candidates.map(({ cluster, tier }) => ({
      cluster,
      weights: weightsOf(cluster, around),
      ...roomOf(cluster, around),
      ...(tiers && { tier }),
    })),
    earlier,
    samePlacement: isSamePlacement(around),
    fresh: options.reschedule,
    ...(placement.spread && { spread: placement.spread }),
  });
}

/** All of the earlier result were placed as the order says now. */
function isSamePlacement({ order, earlier, live }: Around): boolean {
  const mark = placementMark(order);
  if (mark === undefined) return false;
  return [...earlier.keys()].every(
    (name) => live.get(name)?.object.metadata.annotations?.[PLACEMENT_ANNOTATION] === mark,
  );
}

/** Kept as they are while the placement is: the only ones for which it matters. */
const STEADY: ReadonlySet<string> = new Set(['static', 'dynamic', 'aggregated']);

/** Of where an order goes and how it is divided, but for the number. */
export function placementMark({ placement, division }: Order): string | undefined {
  if (!STEADY.has(division.kind)) return undefined;
  const { replicas: _, ...how } = { replicas: 0, ...division };
  return digestOf({ placement, how }).slice(0, 16);
}

function weightsOf(name: string, { order, clusters }: Around): number[] {
  const { division } = order;
  const cluster = clusters.get(name)?.cluster;
  if (division.kind !== 'static' || !cluster) return [];
  return division.weights
    .filter((entry) => matchesCluster(cluster, entry.clusters))
    .map(({ weight }) => weight);
}

function roomOf(name: string, { order, clusters }: Around): { room?: number } {
  const key = keyOf(identityOf(order.object, order.namespace));
  const room = clusters.get(name)?.room?.get(key);
  return room === undefined ? {} : { room };
}

function shareOf(
  { group, candidates, leftOut }: Selected,
  result: Divided & { ok: true },
  { order }: Around,
): Share {
  const cut = new Set(candidates.filter((one) => one.cut).map(({ cluster }) => cluster));
  const inside = result.portions.filter(({ cluster }) => !cut.has(cluster));
  const lost = result.portions.filter(({ cluster, replicas }) => cut.has(cluster) && replicas > 0);
  const outside = [...cut].map((cluster) => ({
    cluster,
    why: `namespace ${order.namespace} is not federated to it`,
  }));
  const gone = lost.reduce((sum, { replicas }) => sum + replicas, 0);
  const isWritten = order.division.kind === 'as-written';
  return {
    group,
    portions: inside.filter(({ object }) => object),
    leftOut: [
      ...leftOut,
      ...outside,
      ...inside
        .filter(({ object }) => !object)
        .map(({ cluster, reasons }) => ({ cluster, why: reasons.join('; ') })),
    ],
    asked: result.asked,
    unplaced: isWritten ? 0 : result.unplaced + gone,
    overflow: result.overflow,
    lost: isWritten ? [] : lost,
  };
}
