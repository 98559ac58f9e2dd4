// Terms (rule R2): a counter and 16 random bits, so that no two leaders share one.

const NONCES = 65536;

/** `random` answers in [0, 1). */
export function termOf(counter: number, random: () => number): number {
  return counter * NONCES + Math.floor(random() * NONCES);
}

export function counterOf(term: number): number {
  return Math.floor(term / NONCES);
}
