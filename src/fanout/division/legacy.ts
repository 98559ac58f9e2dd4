// How Karmada divided before 1.16: fractions down, then one more each down the list until none is
// left. Scaling up may take a replica away from a cluster (#6735).

import { byName } from './division.ts';
import { sumOf, type Vote } from './webster.ts';

export interface LegacyVote extends Vote {
  /** Replicas of the earlier result: between equal votes, more of them first. */
  readonly earlier: number;
}

/** What each of `votes` gets of `count`, in their order. The last tie is random there, by name here. */
export function legacySeats(votes: readonly LegacyVote[], count: number): number[] {
  const sum = sumOf(votes);
  if (sum === 0) return votes.map(() => 0);
  const seats = votes.map((one) => portionDown(one.votes, count, sum));
  let left = count;
  for (const taken of seats) left -= taken;
  const order = votes
    .map((one, at) => ({ ...one, at }))
    .sort((a, b) => b.votes - a.votes || b.earlier - a.earlier || byName(a.name, b.name));
  for (const { at } of order.slice(0, left)) seats[at] = (seats[at] ?? 0) + 1;
  return seats;
}

function portionDown(votes: number, count: number, sum: number): number {
  const product = votes * count;
  if (Number.isSafeInteger(product)) return Math.floor(product / sum);
  return Number((BigInt(votes) * BigInt(count)) / BigInt(sum));
}
