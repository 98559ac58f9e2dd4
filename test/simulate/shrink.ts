// From a run that failed to one that fails with as few actions as can be.
//
// Comes in: a seed whose run fails. Goes out: the numbers of the actions that suffice, none of which can
// be left out. On failure: a run that does not fail is an error of the caller.

import { planOf, run, type Verdict } from './run.ts';

export interface Shrunk {
  readonly keep: readonly number[];
  readonly verdict: Verdict;
  readonly trace: readonly string[];
}

export async function shrink(seed: number): Promise<Shrunk> {
  const fails = async (keep: readonly number[]): Promise<boolean> =>
    (await run(seed, { keep })).wrong !== undefined;
  let keep: readonly number[] = planOf(seed).map((_, number) => number);
  for (let size = keep.length >> 1; size >= 1; ) {
    const smaller = await without(keep, size, fails);
    if (smaller) keep = smaller;
    else if (size === 1) break;
    size = Math.max(1, Math.min(size >> 1, keep.length >> 1));
  }
  const trace: string[] = [];
  const verdict = await run(seed, { keep, trace });
  if (verdict.wrong === undefined) throw new Error(`seed ${seed} does not fail`);
  return { keep, verdict, trace };
}

/** All parts of that size that can be left out are. */
async function without(
  keep: readonly number[],
  size: number,
  fails: (keep: readonly number[]) => Promise<boolean>,
): Promise<readonly number[] | undefined> {
  let rest = keep;
  for (let from = 0; from < rest.length; ) {
    const tried = rest.filter((_, index) => index < from || index >= from + size);
    if (await fails(tried)) rest = tried;
    else from += size;
  }
  return rest.length < keep.length ? rest : undefined;
}
