// A clock that a test can set on, for a controller that lives by it.

import { type Clock, systemClock } from '../../src/clock.ts';

export function jumpingClock() {
  let ahead = 0;
  const clock: Clock = {
    now: () => systemClock.now() + ahead,
    // Whoever waits looks again soon: the time may have jumped.
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
  };
  /** Leases outlast what a test lets pass. */
  const leaseMs = 3_600_000;
  return { clock, leaseMs, passSeconds: (seconds: number) => void (ahead += seconds * 1000) };
}
