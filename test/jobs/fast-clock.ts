// A clock that runs faster than the one on the wall, and only while it gets to run: whatever the machine has
// else to do, of two looks no more passes than of two looks in quiet. So a minute that is waited for is one in
// which a minute's worth could be done, and a test of what is late says the same on a slow machine.

import { type Clock, systemClock } from '../../src/clock.ts';

export interface FastClock extends Clock {
  /** It stands until what this returns is called; who sleeps wakes all the same. */
  stand(): () => void;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

const STEP_MS = 1;
/** What is longer was the machine's. */
const LONGEST_STEP_MS = 2;

export function fastClock(speed: number): FastClock {
  const sleepers = new Set<Sleeper>();
  let ran = 0;
  let stood = 0;
  let standsAt: number | undefined;
  let isRunning = false;

  const run = async (): Promise<void> => {
    while (sleepers.size > 0) {
      const began = systemClock.now();
      await systemClock.sleep(STEP_MS);
      ran += Math.min(systemClock.now() - began, LONGEST_STEP_MS) * speed;
      for (const { due, wake } of [...sleepers]) if (due <= ran) wake();
    }
    isRunning = false;
  };
  const start = (): void => {
    if (isRunning) return;
    isRunning = true;
    void run();
  };

  return {
    now: () => (standsAt ?? ran) - stood,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { due: ran + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
        start();
      }),
    stand() {
      standsAt = ran;
      return () => {
        stood += ran - (standsAt ?? ran);
        standsAt = undefined;
      };
    },
  };
}
