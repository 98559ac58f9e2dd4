// What stands wrong with a resource after a failed call, and since when. Pure.

import type { Failure } from './call-failure.ts';
import type { Trouble } from './health.ts';

/** A kind that is forbidden or not served stands well with that: an outage begins after it. */
export function troubleAfter(
  before: Trouble | undefined,
  { text, status }: Pick<Failure, 'text' | 'status'>,
  now: number,
): Trouble {
  const goesOn = before !== undefined && isRefusal(before.status) === isRefusal(status);
  const since = goesOn ? before.since : now;
  return { since, text, ...(status !== undefined && { status }) };
}

function isRefusal(status: number | undefined): boolean {
  return status === 403 || status === 404;
}
