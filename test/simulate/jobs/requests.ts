// What edges count: a request at each server that they send to, whenever they are asked.

import type { ServerCount } from '../../../src/edges/edge-link.ts';
import type { EdgeMemory } from '../edge-memory.ts';
import { MOVED } from './moved.ts';

type Counts = Map<string, ServerCount>;

export class Requests {
  /** An edge that starts anew counts anew. */
  readonly #counts = new WeakMap<EdgeMemory, Counts>();

  of(memory: EdgeMemory): readonly ServerCount[] {
    const counts = this.#counts.get(memory) ?? new Map<string, ServerCount>();
    this.#counts.set(memory, counts);
    for (const app of MOVED) {
      for (const address of memory.picks.get(app) ?? []) countIn(counts, app, address);
    }
    return [...counts.values()];
  }
}

function countIn(counts: Counts, app: string, address: string): void {
  const key = `${app} ${address}`;
  const requests = (counts.get(key)?.requests ?? 0) + 1;
  const seconds = requests / 100;
  counts.set(key, { app, address, requests, failures: 0, answers: requests, seconds, inFlight: 0 });
}
