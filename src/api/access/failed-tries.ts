// Failed tries with tokens, by where they came from: after ten, one more every six seconds.
//
// Comes in: addresses. Goes out: how long one has to wait. It is bounded: who fills it pushes out the
// oldest, which costs that one its record of failures and nobody the service.

import { isIPv6 } from 'node:net';
import type { Clock } from '../../clock.ts';

const AT_ONCE = 10;
const EVERY_MS = 6000;
const MOST_PLACES = 10_000;

export interface FailedTries {
  /** Until another try is taken; 0: now. */
  waitMs(address: string): number;
  failed(address: string): void;
}

export function countFailedTries(clock: Clock): FailedTries {
  /** When all of a place's failures will be forgotten. */
  const forgotten = new Map<string, number>();

  return {
    waitMs(address) {
      const at = forgotten.get(placeOf(address)) ?? 0;
      return Math.max(0, at - clock.now() - (AT_ONCE - 1) * EVERY_MS);
    },
    failed(address) {
      const place = placeOf(address);
      const from = Math.max(forgotten.get(place) ?? 0, clock.now());
      forgotten.delete(place);
      forgotten.set(place, from + EVERY_MS);
      if (forgotten.size <= MOST_PLACES) return;
      const [oldest] = forgotten.keys();
      if (oldest !== undefined) forgotten.delete(oldest);
    },
  };
}

/** Whoever has one IPv6 address has 2^64 of them. */
function placeOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const groupsOf = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const missing = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...missing, ...after].slice(0, 4).join(':');
}
