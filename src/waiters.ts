// Those who wait for the next commit: long polls of the API.

import type { Clock } from './clock.ts';

export interface Waiters {
  /** Resolves when they are next released, after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  release(): void;
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Set<AbortController>();
  return {
    async wait(ms, signal) {
      const released = new AbortController();
      waiting.add(released);
      await clock.sleep(ms, AbortSignal.any([released.signal, signal]));
      waiting.delete(released);
    },
    release() {
      for (const released of waiting) released.abort();
    },
  };
}
