// Karmada's division of one workload over the candidates of its placement.
//
// Comes in: replicas, mode, candidates with their room, the earlier result. Goes out: a portion for every
// candidate; with 0 replicas no object (but with 0 asked the object goes everywhere). Steady keeps what
// is there and divides the difference, fresh forgets it. On failure (no room, too few clusters): nothing
// is divided and nothing changes.

import { assign, type Mode } from './assign.ts';
import {
  capacityOf,
  ordered,
  rowsOf,
  takeSpread,
  type Candidate,
  type Row,
  type Spread,
} from './candidates.ts';
import { divided, type Division, type Portion, type Undivided } from './division.ts';
import { fnv1a } from './fnv.ts';

export interface KarmadaAsk {
  readonly replicas: number;
  /** No strategy at all is `duplicated`. */
  readonly mode: Mode;
  /** Webster from 1.16 on. */
  readonly by: 'webster' | 'legacy';
  readonly candidates: readonly Candidate[];
  /** What each cluster got last time; clusters without the object are not in it. */
  readonly earlier: ReadonlyMap<string, number>;
  /** The earlier result is of this very placement: it stands while its sum and its clusters do. */
  readonly samePlacement: boolean;
  /** Asked to reschedule. */
  readonly fresh: boolean;
  /** The object's own, which turns ties; absent in manifests. */
  readonly uid?: string;
  /** Over clusters; static weights ignore it. */
  readonly spread?: Spread;
}

export function divideByPlacement(ask: KarmadaAsk): Division {
  const { replicas, mode, spread } = ask;
  if (ask.candidates.length === 0)
    return { ok: false, code: 'no-clusters', text: 'no cluster qualifies', asked: replicas };
  const rows = rowsOf(ask.candidates, ask.earlier, replicas);
  if (stands(ask)) return portionsOf(ask, rows, keep(rows, replicas));
  // Duplicated looks at no room.
  const need = mode === 'duplicated' ? 0 : replicas;
  const order = ordered(rows);
  const taken = spread === undefined || mode === 'static' ? order : takeSpread(order, spread, need);
  if (!Array.isArray(taken)) return { ...taken, asked: replicas };
  if (replicas === 0) return portionsOf(ask, rows, everywhere(taken));
  const short = assignTiers(ask, taken);
  return short ?? portionsOf(ask, rows, new Set(taken.filter((row) => row.replicas > 0)));
}

/** A cluster that came back, or has more room now, moves nothing. */
function stands(ask: KarmadaAsk): boolean {
  if (!ask.samePlacement || ask.fresh || ask.mode === 'duplicated' || ask.replicas === 0)
    return false;
  const present = new Set(ask.candidates.map(({ cluster }) => cluster));
  let sum = 0;
  for (const [cluster, replicas] of ask.earlier) {
    if (replicas > 0 && !present.has(cluster)) return false;
    sum += replicas;
  }
  return sum === ask.replicas;
}

function keep(rows: readonly Row[], replicas: number): Set<Row> {
  for (const row of rows) {
    row.replicas = row.earlier;
    row.reasons.push(`as before: ${replicas} in all, and the placement did not change`);
  }
  return new Set(rows.filter((row) => row.replicas > 0));
}

function everywhere(rows: readonly Row[]): Set<Row> {
  // Karmada itself does so only where the template asks for no resources; else it removes the object.
  for (const row of rows) row.reasons.push('0 replicas asked: the object goes everywhere');
  return new Set(rows);
}

/** Tier by tier as much as fits; clusters of a tier that is not needed get nothing. */
function assignTiers(ask: KarmadaAsk, rows: readonly Row[]): Undivided | undefined {
  const { replicas } = ask;
  const how = { ...ask, descending: ask.uid ? fnv1a(ask.uid) % 2 === 1 : false };
  if (ask.candidates.every(({ tier }) => tier === undefined)) return assign(rows, replicas, how);
  let left = replicas;
  const tiers = [...Map.groupBy(rows, (row) => row.tier)].sort(([a], [b]) => a - b);
  for (const [tier, members] of tiers) {
    const part = Math.min(left, capacityOf(members));
    const text = left > 0 ? `tier ${tier}: ${part} of ${left}` : `tier ${tier} is not needed`;
    for (const row of members) row.reasons.push(text);
    const short = left > 0 ? assign(members, part, how) : undefined;
    if (short) return { ...short, asked: replicas };
    left -= part;
  }
  if (left === 0) return undefined;
  const text = `${replicas - left} replicas fit in all tiers, ${replicas} are asked`;
  return { ok: false, code: 'no-room', text, asked: replicas };
}

function portionsOf({ replicas, mode }: KarmadaAsk, rows: Row[], objects: Set<Row>): Division {
  const portions = rows.map((row) => portionOf(row, objects.has(row)));
  const done = divided(portions, replicas);
  // Every cluster got what it was asked to run; there is no total.
  return mode === 'duplicated' ? { ...done, asked: done.written, unplaced: 0 } : done;
}

function portionOf(
  { cluster, replicas, room, earlier, roomKnown, reasons }: Row,
  object: boolean,
): Portion {
  const overflow = roomKnown ? Math.max(0, replicas - earlier - room) : 0;
  return { cluster, replicas, overflow, object, reasons };
}
