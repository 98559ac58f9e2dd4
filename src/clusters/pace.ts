// How often a cluster is called. A cluster that answers is called at once; one that does not gets one
// request a second at most, whatever number of resources wait: the first to get an answer wakes all.

import type { Clock } from '../clock.ts';
import type { Failure } from './call-failure.ts';

export interface Pace {
  /** Waits for a turn; `retry` takes a turn of its own even where the cluster answers. */
  enter(signal: AbortSignal, retry: boolean): Promise<void>;
  answered(): void;
  /** No answer, or one that says the whole cluster is in trouble. */
  failed(how?: Pick<Failure, 'status' | 'retryAfterMs'>): void;
  /** A link broke: who comes next tries it, the others wait for the result. */
  suspect(): void;
  /** Breaks so far, and calls that nobody answered: whether the cluster may have been away meanwhile. */
  interruptions(): number;
  /** Those, and calls that were answered by a failure of the whole cluster. */
  troubles(): number;
  /** Whether the cluster is in doubt now: nothing has answered since the last failure or break. */
  inDoubt(): boolean;
}

const SLOT_MS = 1000;
const LONGEST_MS = 8000;

/** From 1 s, doubled each time, up to `longest`; a quarter of jitter on top. */
export function backOff(failures: number, longest: number, random: () => number): number {
  const base = Math.min(longest, SLOT_MS * 2 ** Math.min(failures - 1, 20));
  return base * (1 + random() / 4);
}

export function createPace(clock: Clock, random: () => number): Pace {
  // As in doubt: the first request opens the connection that the others then share.
  let failing = true;
  let failures = 0;
  let lastTurn = Number.NEGATIVE_INFINITY;
  /** Until when the back-off of the last failure lasts. */
  let heldBy = 0;
  /** What a Retry-After said: before it nobody calls, whatever others were answered. */
  let heldUntil = 0;
  let wake = new AbortController();
  let interruptions = 0;
  let refusals = 0;

  function nextTurn(): number {
    return Math.max(lastTurn + SLOT_MS, heldUntil, failing ? heldBy : 0);
  }

  return {
    async enter(signal, retry) {
      while (!signal.aborted) {
        const now = clock.now();
        if (!retry && !failing && now >= heldUntil) return;
        const turn = nextTurn();
        if (now >= turn) {
          lastTurn = now;
          return;
        }
        await clock.sleep(turn - now, AbortSignal.any([signal, wake.signal]));
      }
    },
    answered() {
      if (!failing) return;
      failing = false;
      failures = 0;
      wake.abort();
      wake = new AbortController();
    },
    failed({ status, retryAfterMs = 0 } = {}) {
      const now = clock.now();
      if (status === undefined) interruptions++;
      else refusals++;
      heldUntil = Math.max(heldUntil, now + retryAfterMs);
      // Requests that were under way together fail together, and count once.
      if (failing && now < heldBy) return;
      failing = true;
      failures++;
      heldBy = now + backOff(failures, LONGEST_MS, random);
    },
    suspect() {
      interruptions++;
      failing = true;
    },
    interruptions: () => interruptions,
    troubles: () => interruptions + refusals,
    inDoubt: () => failing,
  };
}
