// One seed, and from it a stream of choices for every purpose: so that what is left out in one place
// changes nothing in another.

import { Random } from '../chaos/random.ts';

export class Chance {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(purpose: string): Random {
    let stream = this.#streams.get(purpose);
    if (!stream) {
      let mixed = Math.imul(this.#seed, 0x9e3779b1) >>> 0;
      for (let at = 0; at < purpose.length; at++) {
        mixed = Math.imul(mixed ^ purpose.charCodeAt(at), 0x01000193) >>> 0;
      }
      stream = new Random(mixed);
      // The first ones of near seeds are alike.
      for (let left = 0; left < 4; left++) stream.next();
      this.#streams.set(purpose, stream);
    }
    return stream;
  }
}
