// A clock that runs faster than the day, so that back-offs and second looks are short while sockets are real.

import { type Clock, systemClock } from '../../../src/clock.ts';

/** So many of its seconds in one of the day's. */
export const FASTER = 20;

export const fast: Clock = {
  now: () => systemClock.now() * FASTER,
  sleep: (ms, signal) => systemClock.sleep(ms / FASTER, signal),
};
