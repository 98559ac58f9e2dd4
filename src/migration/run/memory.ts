// What a runner remembers between two looks at a step. It is lost with the runner, and with its term: what
// is waited for then begins anew. So does it where it was not looked at for a while: of a clock that
// jumped, or a process that slept, nothing passes.

import type { Doing } from './doing.ts';

/** Each step is looked at more often than that. */
const GAP_MS = 30_000;

/** What tells one from another. */
type Step = Omit<Doing, 'spentMs'>;

export interface Memory<T> {
  /** `fresh` where nothing is remembered, or too long ago. */
  of(doing: Step, now: number, fresh: () => T): T;
  forget(doing: Step): void;
}

interface Kept<T> {
  readonly term: number;
  at: number;
  readonly value: T;
}

/** `scope`: of one step, or of an app in whichever step. */
export function createMemory<T extends object>(scope: 'step' | 'app', gapMs = GAP_MS): Memory<T> {
  const kept = new Map<string, Kept<T>>();
  const keyOf = ({ job, app, name, attempt }: Step): string =>
    scope === 'app' ? `${job.id} ${app.app}` : `${job.id} ${app.app} ${name} ${attempt}`;
  return {
    of(doing, now, fresh) {
      const { term } = doing.scene;
      const found = kept.get(keyOf(doing));
      const isGood = found !== undefined && found.term === term && now - found.at <= gapMs;
      const one = isGood ? found : { term, at: now, value: fresh() };
      one.at = now;
      kept.set(keyOf(doing), one);
      return one.value;
    },
    forget: (doing) => void kept.delete(keyOf(doing)),
  };
}

export interface Patience {
  /** Milliseconds that a step was waited for; what passed unseen is not counted: nothing falls due by it. */
  spent(doing: Step, now: number): number;
  forget(doing: Step): void;
}

export function createPatience(): Patience {
  const memory = createMemory<{ at: number; spent: number }>('step', Number.POSITIVE_INFINITY);
  return {
    spent(doing, now) {
      const one = memory.of(doing, now, () => ({ at: now, spent: 0 }));
      const gap = now - one.at;
      if (gap <= GAP_MS) one.spent += gap;
      one.at = now;
      return one.spent;
    },
    forget: (doing) => memory.forget(doing),
  };
}
