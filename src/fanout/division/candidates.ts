// Karmada's candidates: their order, and which of them a spread over clusters takes.

import { byName, type Undivided } from './division.ts';

export interface Candidate {
  readonly cluster: string;
  /** Of every entry of the static list that matches it. */
  readonly weights?: readonly number[];
  /** Replicas that still fit there, by the lowest estimate. Absent: nothing is known. */
  readonly room?: number;
  /** 0 for the group itself, 1 and on for its overflow groups. Absent: the group has none. */
  readonly tier?: number;
}

export interface Spread {
  readonly min?: number;
  /** Absent: as many as there are. */
  readonly max?: number;
}

/** One candidate on its way through the steps. */
export interface Row {
  readonly cluster: string;
  readonly weights: readonly number[];
  readonly room: number;
  readonly roomKnown: boolean;
  readonly tier: number;
  readonly earlier: number;
  /** 100 where it holds the object already: Karmada's locality, its only score that differs. */
  readonly score: number;
  replicas: number;
  readonly reasons: string[];
}

/** Clusters whose room is not known count with all the replicas asked for. */
export function rowsOf(
  candidates: readonly Candidate[],
  earlier: ReadonlyMap<string, number>,
  replicas: number,
): Row[] {
  return candidates.map(({ cluster, weights = [], room, tier = 0 }) => ({
    cluster,
    weights,
    room: room ?? replicas,
    roomKnown: room !== undefined,
    tier,
    earlier: earlier.get(cluster) ?? 0,
    score: earlier.has(cluster) ? 100 : 0,
    replicas: 0,
    reasons: [],
  }));
}

export function ordered(rows: readonly Row[]): Row[] {
  return rows.toSorted(
    (a, b) =>
      a.tier - b.tier ||
      b.score - a.score ||
      capacity(b) - capacity(a) ||
      byName(a.cluster, b.cluster),
  );
}

/** What fits there in all: the room left and what is there already. */
export function capacity({ room, earlier }: Row): number {
  return room + earlier;
}

export function capacityOf(rows: readonly Row[]): number {
  let sum = 0;
  for (const row of rows) sum += capacity(row);
  return sum;
}

/**
 * The first `max`; while they are short of room for `need` replicas, from the last of them on each gives
 * way to the one outside with the most room, if that has more. Those left out are told why.
 */
export function takeSpread(rows: readonly Row[], spread: Spread, need: number): Row[] | Undivided {
  const { min = 1, max = rows.length } = spread;
  if (rows.length < min) {
    const text = `spread over at least ${min} clusters, and ${rows.length} qualify`;
    return { ok: false, code: 'too-few-clusters', text, asked: need };
  }
  const taken = rows.slice(0, max);
  const outside = rows.slice(max);
  for (let at = taken.length - 1; at >= 0 && capacityOf(taken) < need; at--)
    exchange(taken, outside, at);
  if (capacityOf(taken) < need) {
    const text = `${capacityOf(taken)} replicas fit in any ${taken.length} clusters of the spread, ${need} are asked`;
    return { ok: false, code: 'no-room', text, asked: need };
  }
  for (const row of outside)
    row.reasons.push(`left out: the spread takes ${taken.length} of ${rows.length} clusters`);
  return taken;
}

function exchange(taken: Row[], outside: Row[], at: number): void {
  const last = taken[at];
  if (last === undefined) return;
  let best = last;
  for (const row of outside) if (capacity(row) > capacity(best)) best = row;
  if (best === last) return;
  outside[outside.indexOf(best)] = last;
  taken[at] = best;
  best.reasons.push(
    `takes the place of ${last.cluster}: room ${capacity(best)} > ${capacity(last)}`,
  );
}
