// When a list is made again although nothing asks for it: to prove what is known.

import type { Clock } from '../clock.ts';

export interface Proof {
  /** In the place of what was planned before. */
  after(ms: number): void;
}

export function createProof(clock: Clock, closed: AbortSignal, list: () => void): Proof {
  let planned = new AbortController();
  return {
    after(ms) {
      planned.abort();
      planned = new AbortController();
      const until = AbortSignal.any([planned.signal, closed]);
      void clock.sleep(ms, until).then(() => {
        if (!until.aborted) list();
      });
    },
  };
}
