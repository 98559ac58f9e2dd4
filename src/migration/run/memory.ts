// What a runner remembers between two looks at a step. It is lost with the runner, and with its term: what
// is waited for then begins anew. So does it where it was not looked at for a while: of a clock that
// jumped, or a process that slept, nothing passes.

import type { Doing } from './doing.ts';

/** Each step is looked at more often than that. */
const GAP_MS = 30_000;

export interface Memory<T> {
  /** `fresh` where nothing is remembered, or too long ago. */
  of(doing: Doing, now: number, fresh: () => T): T;
  forget(doing: Doing): void;
}

interface Kept<T> {
  readonly term: number;
  at: number;
  readonly value: T;
}

/** `scope`: of one step, or of an app in whichever step. */
export function createMemory<T extends object>(scope: 'step' | 'app'): Memory<T> {
  const kept = new Map<string, Kept<T>>();
  const keyOf = ({ job, app, name, attempt }: Doing): string =>
    scope === 'app' ? `${job.id} ${app.app}` : `${job.id} ${app.app} ${name} ${attempt}`;
  return {
    of(doing, now, fresh) {
      const { term } = doing.scene;
      const found = kept.get(keyOf(doing));
      const isGood = found !== undefined && found.term === term && now - found.at <= GAP_MS;
      const one = isGood ? found : { term, at: now, value: fresh() };
      one.at = now;
      kept.set(keyOf(doing), one);
      return one.value;
    },
    forget: (doing) => void kept.delete(keyOf(doing)),
  };
}
