// When a list is made again although nothing asks for it: to prove what is known.
//
// Where something was missing in a list, it was doubted, or the first one was empty, the next ones follow
// soon, each after twice the time: an answer that is wrong for a while agrees with itself, and no event
// tells when it is right again.

import type { Clock } from '../clock.ts';

export interface ProofParts {
  readonly clock: Clock;
  readonly limits: { readonly checkMs: number; readonly proveMs: number };
  readonly random: () => number;
}

export interface Proof {
  /** Plans the next list in the place of what was planned; `fewer`: something was missing, of `count`. */
  listed(fewer: boolean, count: number): void;
  /** Somebody wants another list: those after it are to come soon. */
  doubt(): void;
}

export function createProof(
  { clock, limits, random }: ProofParts,
  closed: AbortSignal,
  list: () => void,
): Proof {
  let planned = new AbortController();
  let last: number | undefined;
  const next = (isShort: boolean): number => {
    last = isShort ? limits.checkMs : Math.min(limits.proveMs, 2 * (last ?? limits.proveMs));
    return isShort ? last : last * (1 + random());
  };
  return {
    listed(fewer, count) {
      planned.abort();
      planned = new AbortController();
      const until = AbortSignal.any([planned.signal, closed]);
      void clock.sleep(next(fewer || (count === 0 && last === undefined)), until).then(() => {
        if (!until.aborted) list();
      });
    },
    doubt() {
      last = Math.min(last ?? limits.checkMs, limits.checkMs);
    },
  };
}
