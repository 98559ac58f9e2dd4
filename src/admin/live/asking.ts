// One question, asked again whenever there is a reason to: never two at once, and not without pause, however
// much changes. An answer that is under way is waited for, else a busy fleet would never let one come.

import { call } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';

export interface Asking {
  again(): void;
  stop(): void;
}

const GAP_MS = 400;

export function startAsking<Answer>(
  path: string,
  tell: (told: { readonly answer: Answer } | { readonly problem: Problem }) => void,
): Asking {
  const life = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isBusy = false;
  let isWanted = false;

  const ask = async (): Promise<void> => {
    isBusy = true;
    const began = performance.now();
    const told = await call<Answer>(path, { signal: life.signal }).then(
      (answer) => ({ answer }),
      (error) => ({ problem: asProblem(error) }),
    );
    if (life.signal.aborted) return;
    tell(told);
    timer = setTimeout(rested, Math.max(0, GAP_MS - (performance.now() - began)));
  };
  const rested = (): void => {
    isBusy = false;
    if (!isWanted) return;
    isWanted = false;
    void ask();
  };
  void ask();
  return {
    again() {
      if (isBusy) isWanted = true;
      else void ask();
    },
    stop() {
      life.abort();
      clearTimeout(timer);
    },
  };
}
