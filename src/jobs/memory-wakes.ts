// Wakes within one process, by its clock.

import type { Clock } from '../clock.ts';
import type { Wakes } from './wakes.ts';

export function memoryWakes(clock: Clock): Wakes {
  const listeners = new Set<(job: string) => void>();
  const stop = new AbortController();
  return {
    async wake(job, afterMs) {
      void clock.sleep(afterMs, stop.signal).then(() => {
        if (stop.signal.aborted) return;
        for (const look of listeners) look(job);
      });
    },
    listen(look) {
      listeners.add(look);
      return async () => void listeners.delete(look);
    },
    async close() {
      stop.abort();
    },
  };
}
