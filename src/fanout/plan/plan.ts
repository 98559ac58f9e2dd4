// The plan of a fan-out: what each cluster will get, and why, before anything is written. Pure: the same
// orders and the same world give the same bytes, whatever their order.
//
// Comes in: orders, and the world they are to be brought to. Goes out: for each cluster its objects with
// their differences, the reason of every number, what no cluster took, findings, and a digest by which an
// apply knows that the world has not moved. On failure: faults, each with its place; a plan that has one
// is never applied. A cluster that cannot be read is no fault: its own steps fail later.
//
//     divide-order.ts  who gets an order, and how many
//     build.ts         the object for one cluster
//     diff.ts          against what lives there
//     entry.ts         the two together: create, update, nothing, or a fault
//     leaving.ts       what the stream does not have any more

import type { Portion } from '../division/division.ts';
import { websterSeats } from '../division/webster.ts';
import { isMap } from '../document.ts';
import { identityOf, keyOf } from '../identity.ts';
import { replicasKey } from '../kinds.ts';
import type { FanoutCluster, Order, Orders, Warning } from '../model.ts';
import { dependsOnVersion } from '../placement/filter.ts';
import type { LeftOut } from '../placement/select.ts';
import { appNames, type AppsOf } from './app-of.ts';
import { digestOf } from './canonical.ts';
import { placementMark, type Share, shareOrder } from './divide-order.ts';
import { type Entry, entryOf } from './entry.ts';
import { leavingOf, placeOf } from './leaving.ts';
import type { Secrets } from './seal.ts';
import { type PlannedWave, wavesOf } from './waves.ts';
import type { PlanOptions, World, WorldCluster } from './world.ts';

export interface Plan {
  readonly name?: string;
  /** By cluster, then as the orders are; deletions last. */
  readonly entries: readonly Entry[];
  readonly totals: readonly Total[];
  readonly waves: readonly PlannedWave[];
  /** Absent: all of it was planned. */
  readonly ladder?: Ladder;
  /** Keys of what no division was found for, for want of room; each is a fault. */
  readonly noRoom: readonly string[];
  readonly warnings: readonly Warning[];
  readonly faults: readonly string[];
  /** Of what is written, and of the world it was made for. */
  readonly digest: string;
  /** What Secrets hold is marked under a key. */
  readonly keyed?: true;
  /** What Secrets hold that it writes; absent: it writes none. */
  readonly secrets?: Secrets;
}

/** What was planned less of, for want of room. */
export interface Ladder {
  readonly rung: 0 | 1 | 2 | 3;
  readonly words: string;
  readonly apps: readonly LadderApp[];
}

export interface LadderApp {
  readonly key: string;
  readonly app: string;
  /** What is divided; the full count, which is given back when there is room. */
  readonly before: number;
  readonly after: number;
  readonly deferred: boolean;
}

/** Of one order over all clusters. */
export interface Total {
  readonly object: string;
  readonly chosenBy: string;
  /** By which rule. */
  readonly division: Order['division']['kind'];
  readonly group: string;
  /** Whether it has replicas; else one stands for each cluster. */
  readonly counted: boolean;
  readonly asked: number;
  readonly written: number;
  readonly unplaced: number;
  readonly overflow: number;
  readonly leftOut: readonly LeftOut[];
}

export function planFanout(orders: Orders, world: World, options: PlanOptions): Plan {
  const name = options.name ?? orders.name;
  const named = { ...options, ...(name !== undefined && { name }) };
  const services = world.clusters.flatMap((one) => one.services ?? []);
  const appsOf = appNames(orders.orders, options.apps, services);
  const planned = orders.orders.map((order) => planOrder(order, appsOf, world, named));
  const staying = new Set(planned.flatMap(({ places }) => places));
  const leaving = leavingOf(staying, appsOf, world, named);
  const entries = [...planned.flatMap((one) => one.entries), ...leaving].toSorted(byCluster);
  const stepped = clustersOf(entries, world);
  const { waves, forgotten } = wavesOf(orders.strategy, orders.orders, stepped);
  const faults = [
    ...unknownNames(orders, world),
    ...planned.flatMap((one) => one.faults),
    ...forgotten.map((cluster) => `${cluster}: no wave takes it`),
  ];
  const values = new Map(planned.flatMap((one) => [...(one.values ?? [])]));
  const plan = {
    ...(name !== undefined && { name }),
    entries,
    totals: planned.flatMap(({ total }) => (total ? [total] : [])),
    waves,
    noRoom: planned.flatMap((one) => one.noRoom ?? []),
    warnings: distinct([...orders.warnings, ...planned.flatMap((one) => one.warnings)]),
    faults,
  };
  return {
    ...plan,
    digest: digestOf({ orders: orders.strategy, entries: entries.map(weighed), waves }),
    ...(options.sealing && { keyed: true as const }),
    ...(values.size > 0 && { secrets: (mark: string) => values.get(mark) }),
  };
}

/** A misspelt name would take its weight, or its wave, with it. */
function unknownNames({ named }: Orders, { clusters }: World): string[] {
  const known = new Set(clusters.map(({ cluster }) => cluster.name));
  return named
    .filter(({ name }) => !known.has(name))
    .map(({ name, place }) => `${place}: no cluster is called ${name}`);
}

/** What is written and what it was compared with. Not the findings: they may be worded better one day. */
function weighed({ cluster, key, action, object, ...seen }: Entry): object {
  const { liveDigest = '', uid = '', adopts = false } = seen;
  return { cluster, key, action, object: object ?? null, liveDigest, uid, adopts };
}

interface PlannedOrder {
  readonly entries: readonly Entry[];
  /** Where the object is, or may be, after it. */
  readonly places: readonly string[];
  /** Its key, where that is why it is not divided. */
  readonly noRoom?: string;
  readonly total?: Total;
  /** Of Secrets, by their marks. */
  readonly values?: ReadonlyMap<string, unknown>;
  readonly warnings: readonly Warning[];
  readonly faults: readonly string[];
}

function planOrder(order: Order, appsOf: AppsOf, world: World, options: PlanOptions): PlannedOrder {
  const key = keyOf(identityOf(order.object, order.namespace));
  // It stays as it is, wherever it is.
  const all = world.clusters.map(({ cluster }) => placeOf(cluster.name, key));
  if (options.deferred?.has(key)) return { entries: [], places: all, warnings: [], faults: [] };
  const [app, ...others] = appsOf(order);
  if (others.length > 0) {
    const text = `${order.place}: its pods are those of several apps by their Services: ${[app, ...others].join(', ')}`;
    return { entries: [], places: all, warnings: [], faults: [text] };
  }
  const shared = shareOrder(order, world, options);
  if (!shared.ok) {
    const text = `${order.place}: ${order.chosenBy}: ${shared.text}`;
    // Nothing is proved about where it does not belong.
    const noRoom = shared.code === 'no-room';
    return {
      entries: [],
      places: all,
      warnings: [],
      faults: [text],
      ...(noRoom && { noRoom: key }),
    };
  }
  const { share } = shared;
  const completions = completionsOf(order, share.portions);
  const clusters = new Map(world.clusters.map((one) => [one.cluster.name, one]));
  const placement = placementMark(order);
  const made = share.portions.flatMap((portion) => {
    const cluster = clusters.get(portion.cluster);
    if (!cluster) return [];
    const count = completions?.get(portion.cluster);
    const input = { order, portion, placement, ...(count !== undefined && { completions: count }) };
    return [entryOf({ key, app, ...input }, cluster, options)];
  });
  const total = totalOf(order, share);
  return {
    entries: made.map(({ entry }) => entry),
    values: new Map(made.flatMap(({ values = [] }) => [...values])),
    places: share.portions.map(({ cluster }) => placeOf(cluster, key)),
    total,
    warnings: [...made.flatMap((one) => one.warnings), ...versionWarnings(order, world)],
    faults: [
      ...made.flatMap((one) => one.faults),
      ...totalFaults(order, { share, total }, options),
    ],
  };
}

function totalOf(order: Order, share: Share): Total {
  const { portions, asked, unplaced, overflow, leftOut, group } = share;
  const written = portions.reduce((sum, { replicas }) => sum + replicas, 0);
  const { object, namespace, chosenBy, division } = order;
  const shown = [object.kind, namespace, object.metadata.name].filter((part) => part !== '');
  const byName = (left: LeftOut, right: LeftOut): number => (left.cluster < right.cluster ? -1 : 1);
  return {
    object: shown.join('/'),
    chosenBy,
    division: division.kind,
    group,
    counted: replicasKey(object) !== undefined,
    asked,
    written,
    unplaced,
    overflow,
    leftOut: leftOut.toSorted(byName),
  };
}

function totalFaults(
  { place }: Order,
  { share, total }: { share: Share; total: Total },
  { strictTotal }: PlanOptions,
): string[] {
  if (share.portions.length === 0) return [`${place}: ${total.object}: no cluster gets it`];
  if (!strictTotal) return [];
  const { asked, unplaced, overflow, object } = total;
  return [
    ...(unplaced > 0
      ? [`${place}: ${object}: ${unplaced} of ${asked} replicas found no place`]
      : []),
    ...(overflow > 0 ? [`${place}: ${object}: no room is known for ${overflow} replicas`] : []),
  ];
}

/** A Job's completions are divided as its pods are, where those are divided. */
function completionsOf(
  order: Order,
  portions: readonly Portion[],
): Map<string, number> | undefined {
  const { object, division } = order;
  const { spec } = object;
  const completions = isMap(spec) ? spec['completions'] : undefined;
  const divides = division.kind !== 'as-written' && division.kind !== 'duplicated';
  if (object.kind !== 'Job' || !divides || typeof completions !== 'number') return undefined;
  const votes = portions.map(({ cluster, replicas }) => ({ name: cluster, votes: replicas }));
  const seats = websterSeats(votes, completions, false);
  return new Map(votes.map(({ name }, index) => [name, seats[index] ?? 0]));
}

function versionWarnings({ placement, place, chosenBy }: Order, { clusters }: World): Warning[] {
  const filters = placement.groups.flatMap(({ tiers }) => tiers);
  const depends = ({ cluster }: WorldCluster): boolean =>
    filters.some((filter) => dependsOnVersion(cluster, filter));
  return clusters.filter(depends).map(({ cluster }) => ({
    code: 'version-dependent',
    place,
    text: `${chosenBy}: ${cluster.name} has zones within the list and beside it: Karmada before 1.18 left it out`,
  }));
}

function clustersOf(entries: readonly Entry[], world: World): FanoutCluster[] {
  const steps = entries.filter(({ action }) => action !== 'keep');
  const names = new Set(steps.map(({ cluster }) => cluster));
  return world.clusters.map(({ cluster }) => cluster).filter(({ name }) => names.has(name));
}

const byCluster = (left: Entry, right: Entry): number =>
  left.cluster === right.cluster ? 0 : left.cluster < right.cluster ? -1 : 1;

function distinct(warnings: readonly Warning[]): Warning[] {
  const seen = new Map(warnings.map((one) => [`${one.place}|${one.code}|${one.text}`, one]));
  return [...seen].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one);
}
