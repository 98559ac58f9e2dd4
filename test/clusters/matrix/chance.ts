// Chance that can be had again: one seed, one row of numbers.

export interface Chance {
  /** From 0 up to 1. */
  next(): number;
  /** From `low` to `high`, both included. */
  between(low: number, high: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
  /** True so often. */
  is(share: number): boolean;
}

/** mulberry32 */
export function createChance(seed: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    of: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
    is: (share) => next() < share,
  };
}
