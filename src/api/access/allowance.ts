// How often something is let through for each of many: so many at once, then one more every so often.
//
// Comes in: names. Goes out: how long one has to wait. It is bounded: who fills it pushes out the oldest,
// which costs that one its record and nobody the service.

import type { Clock } from '../../clock.ts';

export interface Allowance {
  /** Until another is let through; 0: now. */
  waitMs(name: string): number;
  took(name: string): void;
}

export interface Allowed {
  readonly atOnce: number;
  readonly everyMs: number;
  readonly mostNames: number;
}

export function openAllowance(
  clock: Pick<Clock, 'now'>,
  { atOnce, everyMs, mostNames }: Allowed,
): Allowance {
  /** When all that a name took will be forgotten. */
  const forgotten = new Map<string, number>();

  return {
    waitMs(name) {
      const at = forgotten.get(name) ?? 0;
      return Math.max(0, at - clock.now() - (atOnce - 1) * everyMs);
    },
    took(name) {
      const from = Math.max(forgotten.get(name) ?? 0, clock.now());
      forgotten.delete(name);
      forgotten.set(name, from + everyMs);
      if (forgotten.size <= mostNames) return;
      const [oldest] = forgotten.keys();
      if (oldest !== undefined) forgotten.delete(oldest);
    },
  };
}
