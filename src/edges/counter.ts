// Terms (rule R2): a counter and 16 random bits, so that no two leaders share one.

const NONCES = 65536;
/** A term rises by one counter at a time; lua/ballast/sync.lua has the same bound. */
const LEAP = 2 ** 20;

/** `random` answers in [0, 1). */
export function termOf(counter: number, random: () => number): number {
  return counter * NONCES + Math.floor(random() * NONCES);
}

export function counterOf(term: number): number {
  return Math.floor(term / NONCES);
}

/**
 * Whether a leader may follow a counter that it meets. One that leaps far above is a mistake or an
 * attack on one edge: a leader that followed would come to terms that nobody can tell apart (2^53),
 * and the edges would refuse them.
 */
export function isPlausible(met: number, own: number): boolean {
  return own === 0 || met - own <= LEAP;
}
