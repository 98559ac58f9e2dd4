// Records by a key that they name, and the change that moves one. Pure.

import type { Meta } from './records.ts';

/** One record that came, went or took another's place. Objects with another uid are other objects. */
export interface Change<R extends Meta> {
  readonly before: R | undefined;
  readonly after: R | undefined;
}

/**
 * Records by key; a key vanishes with its last record. Most keys have one, of which a set would be several
 * times as big.
 */
export class Index<R extends object | string> {
  readonly #held = new Map<string, R | Set<R>>();

  of(key: string): Iterable<R> {
    const held = this.#held.get(key);
    if (held instanceof Set) return held;
    return held === undefined ? [] : [held];
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  keys(): Iterable<string> {
    return this.#held.keys();
  }

  move(
    change: { readonly before: R | undefined; readonly after: R | undefined },
    keysOf: (record: R) => string[],
  ): void {
    for (const key of change.before ? keysOf(change.before) : []) this.#drop(key, change.before!);
    for (const key of change.after ? keysOf(change.after) : []) this.#add(key, change.after!);
  }

  #add(key: string, record: R): void {
    const held = this.#held.get(key);
    if (held instanceof Set) held.add(record);
    else if (held === undefined) this.#held.set(key, record);
    else if (held !== record) this.#held.set(key, new Set([held, record]));
  }

  #drop(key: string, record: R): void {
    const held = this.#held.get(key);
    if (held === record) this.#held.delete(key);
    if (!(held instanceof Set)) return;
    held.delete(record);
    if (held.size === 0) this.#held.delete(key);
  }
}
