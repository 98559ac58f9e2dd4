// Failed tries with tokens, by where they came from: after ten, one more every six seconds.
//
// Comes in: addresses. Goes out: how long one has to wait.

import { isIPv6 } from 'node:net';
import type { Clock } from '../../clock.ts';
import { openAllowance } from './allowance.ts';

const TRIES = { atOnce: 10, everyMs: 6000, mostNames: 10_000 };

export interface FailedTries {
  /** Until another try is taken; 0: now. */
  waitMs(address: string): number;
  failed(address: string): void;
}

export function countFailedTries(clock: Clock): FailedTries {
  const tries = openAllowance(clock, TRIES);
  return {
    waitMs: (address) => tries.waitMs(placeOf(address)),
    failed: (address) => tries.took(placeOf(address)),
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
