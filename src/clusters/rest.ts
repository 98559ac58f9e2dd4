// How long a resource rests after a failed call, before its next turn.

import type { Clock } from '../clock.ts';
import type { Failure } from './call-failure.ts';
import { backOff, type Pace } from './pace.ts';

export const LONGEST_REST_MS = 30_000;
const LONGEST_ABSENT_MS = 60_000;

interface Parts {
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `failures` in a row. The cluster's pace sees to it that all of them together do not call too often. */
export async function restAfter(
  { scope, status, retryAfterMs = 0 }: Failure,
  failures: number,
  { pace, clock, random }: Parts,
  signal: AbortSignal,
): Promise<void> {
  if (scope === 'cluster') {
    await clock.sleep(backOff(1, LONGEST_REST_MS, random), signal);
    return pace.enter(signal, false);
  }
  if (scope !== 'credentials' || failures > 1) {
    const longest = status === 404 ? LONGEST_ABSENT_MS : LONGEST_REST_MS;
    await clock.sleep(Math.max(retryAfterMs, backOff(failures, longest, random)), signal);
  }
  await pace.enter(signal, true);
}
