// Time as the rest of Ballast sees it: monotonic, and replaceable in a simulation.

import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Monotonic milliseconds from an arbitrary start. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};

/** Milliseconds of a time of day as others write it (RFC 3339), comparable with `wall`. */
export function timeOf(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The other way round, always in UTC. */
export function timeText(at: number): string {
  return new Date(at).toISOString();
}
