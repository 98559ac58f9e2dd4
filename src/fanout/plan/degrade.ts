// A plan with less, where all of it finds no room: the rungs of migrations (migration/capacity/ladder.ts),
// on totals before they are divided. Pure.
//
//     0 all of it   1 apps that are not core halved   2 all halved   3 those that are not core deferred,
//     the least important first
//
// Comes in: what a plan is made of. Goes out: the plan of the first rung on which every pod finds room, and
// what that is; where none does, the last one's with a fault. What an override or an autoscaler writes is
// not halved. A deferred workload stays as it is there.

import { half } from '../../migration/capacity/ladder.ts';
import { isMap } from '../document.ts';
import { identityOf, keyOf } from '../identity.ts';
import { replicasKey, replicasOf } from '../kinds.ts';
import type { Division, Manifest, Order, Orders } from '../model.ts';
import { appNames } from './app-of.ts';
import { type Ladder, type LadderApp, type Plan, planFanout } from './plan.ts';
import { compareRanks, type Shortage, shortagesOf, withRoom } from './room.ts';
import type { PlanOptions, Rank, World } from './world.ts';

const ORDINARY: Rank = { core: false, importance: 0, floor: 1 };

interface Ranked {
  readonly order: Order;
  readonly key: string;
  readonly app: string;
  readonly rank: Rank;
}

/** As `planFanout`, where clusters say what takes room there. */
export function planWithRoom(orders: Orders, plain: World, options: PlanOptions): Plan {
  const world = withRoom(plain, orders.orders);
  const ranked = rankedOf(orders, options);
  const ranks = new Map(ranked.map(({ key, rank }) => [key, rank]));
  const tried = ({ halves, deferred, ...rung }: Rung): Tried => {
    const less = { ...orders, orders: halvedOrders(orders.orders, halves) };
    const deferredKeys = new Set(deferred.map(({ key }) => key));
    const plan = planFanout(less, world, { ...options, deferred: deferredKeys });
    const short = shortagesOf(plan.entries, world, (entry) => ranks.get(entry.key) ?? ORDINARY);
    const ladder = { ...rung, apps: appsOf(ranked, halves, deferredKeys) };
    return { plan: rung.rung === 0 ? plan : { ...plan, ladder }, short };
  };
  let last = tried({ rung: 0, words: 'all in full', halves: [], deferred: [] });
  const full = last.short;
  if (isPlaced(last) || !options.degrade) return told(last, full, options.strictTotal);
  for (const rung of rungsOf(ranked)) {
    last = tried(rung);
    if (isPlaced(last)) return told(last, full, false);
  }
  return told(last, last.short, true);
}

interface Tried {
  readonly plan: Plan;
  readonly short: readonly Shortage[];
}

const isPlaced = ({ plan, short }: Tried): boolean =>
  short.length === 0 && plan.noRoom.length === 0;

interface Rung extends Pick<Ladder, 'rung' | 'words'> {
  readonly halves: readonly Ranked[];
  readonly deferred: readonly Ranked[];
}

function rungsOf(ranked: readonly Ranked[]): Rung[] {
  const minor = ranked.filter(({ rank }) => !rank.core);
  const last = minor.toSorted((a, b) => compareRanks(b.rank, a.rank) || (a.key < b.key ? 1 : -1));
  return [
    { rung: 1, words: 'apps that are not core halved', halves: minor, deferred: [] },
    { rung: 2, words: 'all apps halved', halves: ranked, deferred: [] },
    ...last.map((_, index): Rung => {
      const words = `all apps halved, ${index + 1} deferred`;
      return { rung: 3, words, halves: ranked, deferred: last.slice(0, index + 1) };
    }),
  ];
}

function rankedOf({ orders }: Orders, { apps }: PlanOptions): Ranked[] {
  const appsOf = appNames(orders, apps);
  const ranks = new Map(apps?.list.map((one) => [one.name, rankIn(one)]));
  return orders.flatMap((order): Ranked[] => {
    const { object, namespace } = order;
    if (replicasKey(object) === undefined) return [];
    const [app = object.metadata.name] = appsOf(order);
    const rank = ranks.get(app) ?? ORDINARY;
    return [{ order, key: keyOf(identityOf(object, namespace)), app, rank }];
  });
}

function rankIn({ core = false, importance = 0, floor = 1 }: Partial<Rank>): Rank {
  return { core, importance, floor };
}

function appsOf(
  ranked: readonly Ranked[],
  halves: readonly Ranked[],
  deferred: ReadonlySet<string>,
): LadderApp[] {
  return ranked.map((one) => {
    const { key, app, rank } = one;
    const before = countOf(one.order);
    const after = halves.includes(one) ? half(before, rank.floor) : before;
    const isDeferred = deferred.has(key);
    return { key, app, before, after: isDeferred ? 0 : after, deferred: isDeferred };
  });
}

/** What is divided; where nothing is, what each cluster gets. */
function countOf({ division, object }: Order): number {
  if ('total' in division) return division.total;
  return 'replicas' in division ? division.replicas : replicasOf(object);
}

function halvedOrders(orders: readonly Order[], halves: readonly Ranked[]): Order[] {
  const floors = new Map(halves.map(({ order, rank }) => [order, rank.floor]));
  return orders.map((order) => {
    const floor = floors.get(order);
    if (floor !== undefined) return halved(order, floor);
    const scaled = halves.find((one) => scales(order, one.order));
    return scaled ? withLeast(order) : order;
  });
}

function halved(order: Order, floor: number): Order {
  const { object, division } = order;
  const key = replicasKey(object) ?? '';
  const object2 = withSpec(object, { [key]: half(replicasOf(object), floor) });
  return { ...order, object: object2, division: halvedDivision(division, floor) };
}

function halvedDivision(division: Division, floor: number): Division {
  if ('total' in division) return { ...division, total: half(division.total, floor) };
  if ('replicas' in division) return { ...division, replicas: half(division.replicas, floor) };
  return division;
}

/** An autoscaler would take the other half back. */
function scales({ object, namespace }: Order, workload: Order): boolean {
  const { spec } = object;
  const target = isMap(spec) ? spec['scaleTargetRef'] : undefined;
  if (object.kind !== 'HorizontalPodAutoscaler' || !isMap(target)) return false;
  const { kind, metadata } = workload.object;
  const same = target['kind'] === kind && target['name'] === metadata.name;
  return same && namespace === workload.namespace;
}

function withLeast(order: Order): Order {
  const { spec } = order.object;
  const least = isMap(spec) ? spec['minReplicas'] : undefined;
  if (typeof least !== 'number') return order;
  return { ...order, object: withSpec(order.object, { minReplicas: half(least, 1) }) };
}

function withSpec(object: Manifest, values: Record<string, unknown>): Manifest {
  const { spec } = object;
  return { ...object, spec: { ...(isMap(spec) ? spec : {}), ...values } };
}

/** `short`: of the full plan where a rung was found, else of the last one tried. */
function told({ plan }: Tried, short: readonly Shortage[], refuses: boolean): Plan {
  const texts = short.map((one) => ({ cluster: one.cluster, text: shortageText(one) }));
  const warnings = texts.map(({ cluster, text }) => ({
    code: 'no-room' as const,
    place: cluster,
    text,
  }));
  const faults = refuses ? texts.map(({ cluster, text }) => `${cluster}: no room: ${text}`) : [];
  return {
    ...plan,
    warnings: [...plan.warnings, ...warnings],
    faults: [...plan.faults, ...faults],
  };
}

function shortageText({ key, more, fit, why, unchecked }: Shortage): string {
  const [kind = '', , namespace = '', name = ''] = key.split('|');
  const beside = unchecked.length > 0 ? `; not looked at: ${unchecked.join(', ')}` : '';
  return `${kind} ${namespace}/${name}: ${fit} of ${more} more pods fit: ${why}${beside}`;
}
