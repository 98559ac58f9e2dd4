// How a controller comes to lead: lease, term, gather, seed (rules R1 to R4).
//
// Comes in: a store, the edges. Goes out: a term under which commits may be made, with what is
// published; or that another leads; or why not now. On failure: nothing was committed under the
// term but perhaps a seeding, which only brings back what edges already hold.

import { counterOf, isPlausible, termOf } from './counter.ts';
import type { Document } from './document.ts';
import { gather, type GatherOptions, type NotNow, type Outranked } from './gather.ts';
import { sayRefusal } from './refusals.ts';
import { isHeld, isRefusal, type Contents, type Held, type Lease } from './store.ts';

export interface TermOptions extends GatherOptions {
  readonly holder: string;
  readonly random: () => number;
}

export interface Leading {
  readonly lease: Lease;
  readonly contents: Contents;
  readonly seeded: readonly Document[];
}

/** Edges are asked meanwhile, and each may take its time: no lease is over before they have answered. */
const LEAST_LEASE_MS = 5000;

/**
 * One try. `counter` is the highest that this controller ever met. Throws `redis-unavailable`.
 */
export async function takeTerm(
  given: TermOptions,
  counter: number,
  signal: AbortSignal,
): Promise<Leading | Held | Outranked | NotNow> {
  const options = { ...given, leaseMs: Math.max(given.leaseMs, LEAST_LEASE_MS) };
  const { store, holder, address, leaseMs } = options;
  options.onPhase('asking for the lease');
  const taken = await store.take(holder, address, leaseMs);
  if (isHeld(taken)) return taken;

  const beats = (await store.heartbeats()).states;
  const known = Math.max(counter, counterOf(taken.term));
  const met = beats.map((beat) => counterOf(beat.highest)).filter((one) => isPlausible(one, known));
  const next = Math.max(known, ...met) + 1;
  const term = termOf(next, options.random);
  const lease = await store.takeTerm(taken, address, leaseMs, term);
  if (isRefusal(lease)) return { failed: `the term was refused: ${sayRefusal(lease)}` };

  const found = await gather(options, lease, signal);
  if ('counter' in found || 'failed' in found) return found;
  options.onPhase('seeding');
  const seeded = await store.seed(lease, found.above);
  if (isRefusal(seeded)) return { failed: `the seeding was refused: ${sayRefusal(seeded)}` };
  options.onPhase('leading');
  return { lease, contents: await store.read(), seeded: found.above };
}
