// Karmada's modes over one tier of candidates.

import { capacity, type Row } from './candidates.ts';
import { byName, type Undivided } from './division.ts';
import { legacySeats } from './legacy.ts';
import { sumOf, websterSeats } from './webster.ts';

export type Mode = 'duplicated' | 'static' | 'dynamic' | 'aggregated';

export interface How {
  readonly mode: Mode;
  readonly by: 'webster' | 'legacy';
  readonly fresh: boolean;
  /** In ties by name the larger one first. */
  readonly descending: boolean;
}

/** Sets the rows' replicas; answers only where they do not fit. */
export function assign(rows: readonly Row[], replicas: number, how: How): Undivided | undefined {
  switch (how.mode) {
    case 'duplicated':
      return duplicate(rows, replicas);
    case 'static':
      return byStaticWeights(rows, replicas, how);
    case 'dynamic':
    case 'aggregated':
      return byRoom(rows, replicas, how);
  }
}

function duplicate(rows: readonly Row[], replicas: number): undefined {
  for (const row of rows) {
    row.replicas = replicas;
    row.reasons.push(`duplicated: all ${replicas}`);
  }
}

function byStaticWeights(rows: readonly Row[], replicas: number, how: How): undefined {
  const stakes = rows.map((row) => stakeOf(row, Math.max(0, ...row.weights), row.earlier));
  const weighty = stakes.filter((one) => one.votes > 0);
  if (weighty.length === 0) {
    for (const row of rows) row.reasons.push('no cluster has a weight: all count 1');
    const alike = rows.map((row) => stakeOf(row, 1, row.earlier));
    return give(alike, replicas, { ...how, of: 'weight' });
  }
  for (const { row, votes } of stakes) {
    const highest = `weight ${votes}, the highest of ${row.weights.join(', ')}`;
    if (votes === 0) row.reasons.push('no weight: stays out');
    else if (row.weights.length > 1) row.reasons.push(highest);
  }
  give(weighty, replicas, { ...how, of: 'weight' });
}

/** Steady: what is there stays, and the difference is divided. Fresh: all of it anew. */
function byRoom(rows: readonly Row[], replicas: number, how: How): Undivided | undefined {
  if (how.fresh) {
    const stakes = rows.map((row) => stakeOf(row, capacity(row), 0));
    return giveWithin(stakes, replicas, { ...how, of: 'room and earlier' });
  }
  let before = 0;
  for (const row of rows) before += row.earlier;
  if (before > replicas) {
    const stakes = rows.map((row) => stakeOf(row, row.earlier, 0));
    // The earlier result lists its clusters by name: among equal ones that order decides.
    stakes.sort((a, b) => byName(a.name, b.name));
    return giveWithin(stakes, replicas, { ...how, of: 'earlier' });
  }
  for (const row of rows) {
    row.replicas = row.earlier;
    if (row.earlier > 0) row.reasons.push(`${row.earlier} as before`);
  }
  if (before === replicas) return undefined;
  const stakes = rows.map((row) => stakeOf(row, row.room, row.earlier));
  return giveWithin(stakes, replicas - before, { ...how, of: 'room' });
}

/** A cluster's word in a division; `earlier` decides legacy ties and who goes first when aggregated. */
interface Stake {
  readonly row: Row;
  readonly name: string;
  readonly votes: number;
  readonly earlier: number;
}

interface Giving extends How {
  /** What the votes are. */
  readonly of: string;
}

function stakeOf(row: Row, votes: number, earlier: number): Stake {
  return { row, name: row.cluster, votes, earlier };
}

/** No cluster gets more than its votes, which are its room. */
function giveWithin(stakes: Stake[], replicas: number, how: Giving): Undivided | undefined {
  const room = sumOf(stakes);
  if (room < replicas) {
    const text = `room for ${room} replicas, ${replicas} to place`;
    return { ok: false, code: 'no-room', text, asked: replicas };
  }
  return give(how.mode === 'aggregated' ? cut(stakes, replicas) : stakes, replicas, how);
}

/** As few clusters as have the room: those with replicas first, then the most votes. */
function cut(stakes: Stake[], replicas: number): Stake[] {
  const holds = (one: Stake): number => (one.earlier > 0 ? 1 : 0);
  const order = stakes.toSorted((a, b) => holds(b) - holds(a) || b.votes - a.votes);
  let room = 0;
  const enough = order.findIndex((one) => (room += one.votes) >= replicas) + 1;
  for (const { row } of order.slice(enough))
    row.reasons.push(`not needed: the ${enough} before it have room for ${room}`);
  return order.slice(0, enough);
}

function give(stakes: readonly Stake[], replicas: number, how: Giving): undefined {
  const { by, of, descending } = how;
  const seats =
    by === 'webster' ? websterSeats(stakes, replicas, descending) : legacySeats(stakes, replicas);
  const name = by === 'webster' ? 'Webster' : 'before 1.16';
  const sum = sumOf(stakes);
  for (const [at, { row, votes }] of stakes.entries()) {
    const more = seats[at] ?? 0;
    row.replicas += more;
    row.reasons.push(`+${more} of ${replicas} * ${of} ${votes} / ${sum} (${name})`);
  }
}
