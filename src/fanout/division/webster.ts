// Webster's method (Sainte-Lague), which Karmada divides by from 1.16 on: each replica in turn goes to
// the highest `votes / (2 * seats + 1)`; in a tie to fewer seats, then by name.

import { byName } from './division.ts';

/** One cluster that stands for replicas. */
export interface Vote {
  readonly name: string;
  readonly votes: number;
}

/** What each of `votes` gets of `count`, in their order. Nobody has votes: nobody gets any. */
export function websterSeats(votes: readonly Vote[], count: number, descending: boolean): number[] {
  const seats = firstSeats(votes, count);
  const sum = sumOf(votes);
  if (sum === 0) return seats;
  let left = count;
  for (const taken of seats) left -= taken;
  const queue = queueOf(votes, seats, descending);
  while (left-- > 0) seatNext(queue);
  return seats;
}

export function sumOf(votes: readonly Vote[]): number {
  let sum = 0;
  for (const one of votes) sum += one.votes;
  return sum;
}

/**
 * Seats that each is sure to get, so that at most two for each cluster are left to the queue: no one
 * ends further below its exact part than half the number of clusters, and one more is kept back for
 * the rounding of floats.
 */
function firstSeats(votes: readonly Vote[], count: number): number[] {
  const sum = sumOf(votes);
  if (sum === 0) return votes.map(() => 0);
  const sure = (count - votes.length / 2) / sum;
  return votes.map((one) => Math.max(0, Math.ceil(one.votes * sure - 0.5) - 1));
}

/** A binary heap of indices, the next to be seated at its top. */
interface Queue {
  readonly votes: readonly Vote[];
  readonly seats: number[];
  readonly descending: boolean;
  readonly heap: number[];
  readonly priorities: Float64Array;
}

function queueOf(votes: readonly Vote[], seats: number[], descending: boolean): Queue {
  const heap = votes.map((_, at) => at);
  const priorities = Float64Array.from(votes, (one, at) => priority(one.votes, seats[at] ?? 0));
  const queue = { votes, seats, descending, heap, priorities };
  for (let at = (votes.length >> 1) - 1; at >= 0; at--) sink(queue, at);
  return queue;
}

function seatNext(queue: Queue): void {
  const first = queue.heap[0] ?? 0;
  const seats = (queue.seats[first] ?? 0) + 1;
  queue.seats[first] = seats;
  queue.priorities[first] = priority(queue.votes[first]?.votes ?? 0, seats);
  sink(queue, 0);
}

function sink(queue: Queue, from: number): void {
  const { heap } = queue;
  const moving = heap[from] ?? 0;
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && before(queue, heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
    const next = heap[child] ?? 0;
    if (!before(queue, next, moving)) break;
    heap[at] = next;
    at = child;
  }
  heap[at] = moving;
}

function before(queue: Queue, a: number, b: number): boolean {
  const high = queue.priorities[a] ?? 0;
  const low = queue.priorities[b] ?? 0;
  return high === low ? winsTie(queue, a, b) : high > low;
}

function winsTie({ votes, seats, descending }: Queue, a: number, b: number): boolean {
  const fewer = (seats[a] ?? 0) - (seats[b] ?? 0);
  if (fewer !== 0) return fewer < 0;
  return byName(votes[a]?.name ?? '', votes[b]?.name ?? '') < 0 !== descending;
}

/** Karmada's own float arithmetic: ties are decided by it. */
function priority(votes: number, seats: number): number {
  return votes / (2 * seats + 1);
}
