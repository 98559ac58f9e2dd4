// A clock that runs faster than the one on the wall, and stands still when it is told to: what is late by
// a minute is so by that clock, however busy the machine is.

import { systemClock } from '../../src/clock.ts';

export interface FastClock {
  readonly now: () => number;
  /** It stands until what this returns is called. */
  stand(): () => void;
}

export function fastClock(speed: number): FastClock {
  let since: number | undefined;
  let stood = 0;
  return {
    now: () => ((since ?? systemClock.now()) - stood) * speed,
    stand() {
      since = systemClock.now();
      return () => {
        stood += systemClock.now() - (since ?? 0);
        since = undefined;
      };
    },
  };
}
