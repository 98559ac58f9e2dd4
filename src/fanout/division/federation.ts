// The planner that Federation v1 and KubeFed share: mins first, then what runs (unless it may be
// rebalanced), then the rest by weight, fractions up, in rounds, until nothing moves.
//
// Comes in: a total, the ready clusters, their preferences, what runs and what has room. Goes out: a
// portion for every cluster, 0 included, for its object is written all the same. The sum is not forced:
// weights of 0 and clusters at their max leave replicas unplaced, and with `rebalance` the overflow of a
// full cluster comes on top of the total.

import { byName, divided, type Division, type Portion } from './division.ts';
import { fnv1 } from './fnv.ts';

export interface Preference {
  readonly weight: number;
  readonly min: number;
  readonly max?: number;
}

export interface FederationAsk {
  /** `namespace/name`, or `name`: ranks clusters of one weight. */
  readonly key: string;
  readonly total: number;
  readonly rebalance: boolean;
  readonly clusters: readonly string[];
  /** `*` is for clusters not named; a named one inherits nothing from it. Absent: all weigh 1. */
  readonly preferences?: ReadonlyMap<string, Preference>;
  readonly now: ReadonlyMap<string, number>;
  /** Only of clusters where pods are known not to find a node. */
  readonly capacity: ReadonlyMap<string, number>;
}

/** One cluster on its way through the steps. */
interface Row {
  readonly cluster: string;
  readonly rank: number;
  readonly weight: number;
  readonly min: number;
  readonly max: number;
  readonly capacity: number;
  give: number;
  /** Given already because it runs; its part of a round uses this up first. */
  kept: number;
  over: number;
  readonly reasons: string[];
}

const ALL_ALIKE: ReadonlyMap<string, Preference> = new Map([['*', { weight: 1, min: 0 }]]);

export function divideByPreferences(ask: FederationAsk): Division {
  const { total } = ask;
  if (ask.clusters.length === 0)
    return {
      ok: false,
      code: 'no-clusters',
      text: `no cluster for ${total} replicas`,
      asked: total,
    };
  const rows = rowsOf(ask);
  let left = giveMinimums(rows, total);
  if (!ask.rebalance) left = keepRunning(rows, ask.now, left);
  left = giveByWeight(rows, left);
  if (!ask.rebalance) trimOverflow(rows, left);
  const portions = rows.map(portionOf);
  const preferred = new Set(rows.map(({ cluster }) => cluster));
  for (const cluster of ask.clusters) if (!preferred.has(cluster)) portions.push(unnamed(cluster));
  return divided(portions, total);
}

/** Clusters with a preference: heavier first, then the lower rank, so that no name is favoured. */
function rowsOf({ clusters, preferences = ALL_ALIKE, capacity, key }: FederationAsk): Row[] {
  const rows: Row[] = [];
  const others = preferences.get('*');
  for (const cluster of clusters) {
    const preference = preferences.get(cluster) ?? others;
    if (preference === undefined) continue;
    const { weight, min, max = Number.POSITIVE_INFINITY } = preference;
    const room = capacity.get(cluster) ?? Number.POSITIVE_INFINITY;
    const start = { give: 0, kept: 0, over: 0, reasons: [] };
    rows.push({ cluster, rank: fnv1(cluster + key), weight, min, max, capacity: room, ...start });
  }
  return rows.sort(
    (a, b) => b.weight - a.weight || a.rank - b.rank || byName(a.cluster, b.cluster),
  );
}

function giveMinimums(rows: readonly Row[], total: number): number {
  let left = total;
  for (const row of rows) {
    row.give = Math.min(row.min, left, row.capacity);
    if (row.min > 0) row.reasons.push(minimumReason(row, left));
    left -= row.give;
  }
  return left;
}

function minimumReason({ give, min, capacity }: Row, left: number): string {
  if (give === min) return `min ${min}`;
  return capacity < left ? `min ${min}, but room for ${capacity}` : `min ${min}, but ${left} left`;
}

function keepRunning(rows: readonly Row[], now: FederationAsk['now'], all: number): number {
  let left = all;
  for (const row of rows) {
    const running = now.get(row.cluster) ?? 0;
    const target = Math.min(running, row.max, row.capacity, row.give + left);
    if (running <= row.give || target <= row.give) continue;
    row.kept = target - row.give;
    row.reasons.push(`+${row.kept} kept, ${running} run there (rebalance is off)`);
    left -= row.kept;
    row.give = target;
  }
  return left;
}

/** Each round divides what is left at its start; a cluster that is full takes no part in the next. */
function giveByWeight(rows: readonly Row[], all: number): number {
  let left = all;
  let open = rows;
  for (let moved = true; moved && left > 0; ) {
    moved = false;
    let sum = 0;
    for (const row of open) sum += row.weight;
    if (sum === 0) break;
    const round = left;
    const next: Row[] = [];
    for (const row of open) {
      const due = Math.min(portionUp(round, row.weight, sum), left);
      const used = Math.min(due, row.kept);
      const before = row.give;
      if (due > 0) row.reasons.push(roundReason(row, { due, used, round, sum, left }));
      row.kept -= used;
      if (!add(row, due - used)) next.push(row);
      left -= row.give - before;
      if (used > 0 || row.give > before) moved = true;
    }
    open = next;
  }
  return left;
}

/** `ceil(left * weight / sum)`; weights and replicas are whole numbers of up to 63 bits there. */
function portionUp(left: number, weight: number, sum: number): number {
  const product = left * weight;
  if (Number.isSafeInteger(product + sum)) return Math.floor((product + sum - 1) / sum);
  return Number((BigInt(left) * BigInt(weight) + BigInt(sum) - 1n) / BigInt(sum));
}

/** Says whether the cluster is full now. A min above the max is cut here, and given back. */
function add(row: Row, more: number): boolean {
  let total = row.give + more;
  let full = false;
  if (total > row.max) {
    total = row.max;
    full = true;
    row.reasons.push(`max ${row.max}`);
  }
  if (total > row.capacity) {
    row.over = total - row.capacity;
    total = row.capacity;
    full = true;
    row.reasons.push(`room for ${row.capacity}, ${row.over} beyond it`);
  }
  row.give = total;
  return full;
}

interface Round {
  readonly due: number;
  readonly used: number;
  readonly round: number;
  readonly sum: number;
  readonly left: number;
}

function roundReason({ weight }: Row, { due, used, round, sum, left }: Round): string {
  const whole = portionUp(round, weight, sum);
  const sign = whole * sum === round * weight ? '' : ' up';
  const last = whole > left ? `, only ${left} left` : '';
  const kept = used > 0 ? `, ${used} of them kept already` : '';
  return `+${due - used} = ${round} * weight ${weight} / ${sum}${sign}${last}${kept}`;
}

/** Without `rebalance` only what found no place elsewhere is written beyond a cluster's room. */
function trimOverflow(rows: readonly Row[], left: number): void {
  for (const row of rows) {
    if (row.over > left) row.reasons.push(`beyond it ${left}: the rest found a place`);
    row.over = Math.min(row.over, left);
  }
}

function portionOf({ cluster, give, over, weight, reasons }: Row): Portion {
  if (reasons.length === 0) reasons.push(weight === 0 ? 'weight 0' : 'nothing left for it');
  return { cluster, replicas: give + over, overflow: over, object: true, reasons };
}

function unnamed(cluster: string): Portion {
  const reasons = ['not named, and no "*"'];
  return { cluster, replicas: 0, overflow: 0, object: true, reasons };
}
