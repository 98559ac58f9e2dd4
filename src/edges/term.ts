// How a controller comes to lead: lease, term, gather, seed (rules R1 to R4).
//
// Comes in: a store, the edges. Goes out: a term under which commits may be made, with what is
// published; or that another leads; or why not now. On failure: nothing was committed under the
// term but perhaps a seeding, which only brings back what edges already hold.

import type { Clock } from '../clock.ts';
import type { Document } from './document.ts';
import type { EdgeLink } from './edge-link.ts';
import { gather } from './gather.ts';
import { isHeld, isRefusal, type Contents, type Held, type Lease, type Store } from './store.ts';

const NONCES = 65536;

export interface TermOptions {
  readonly store: Store;
  /** The configured edges that have an endpoint. */
  readonly links: readonly EdgeLink[];
  /** Names of all configured edges. */
  readonly edges: readonly string[];
  readonly holder: string;
  /** Where standbys forward writes to. */
  readonly address: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** What is being waited for, in words. */
  readonly onPhase: (phase: string) => void;
}

export interface Leading {
  readonly lease: Lease;
  readonly contents: Contents;
  readonly seeded: readonly Document[];
}

/** A higher counter was met: the next try goes above it. */
export interface Outranked {
  readonly counter: number;
}

export interface NotNow {
  readonly failed: string;
}

export function counterOf(term: number): number {
  return Math.floor(term / NONCES);
}

/**
 * One try. `counter` is the highest that this controller ever met. Throws `redis-unavailable`.
 */
export async function takeTerm(
  options: TermOptions,
  counter: number,
  signal: AbortSignal,
): Promise<Leading | Held | Outranked | NotNow> {
  const { store, holder, address, leaseMs } = options;
  options.onPhase('asking for the lease');
  const taken = await store.take(holder, address, leaseMs);
  if (isHeld(taken)) return taken;

  const beats = await store.heartbeats();
  const met = [taken.term, ...beats.map((beat) => beat.highest)].map(counterOf);
  const next = Math.max(counter, ...met) + 1;
  const term = next * NONCES + Math.floor(options.random() * NONCES);
  const lease = await store.takeTerm(taken, address, leaseMs, term);
  if (isRefusal(lease)) return { failed: `the term was refused: ${lease.refused}` };

  const found = await gather(options, lease, signal);
  if ('counter' in found || 'failed' in found) return found;
  options.onPhase('seeding');
  const seeded = await store.seed(lease, found.above);
  if (isRefusal(seeded)) return { failed: `the seeding was refused: ${seeded.refused}` };
  options.onPhase('leading');
  return { lease, contents: await store.read(), seeded: found.above };
}
