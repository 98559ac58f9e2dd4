// Records by a key that they name, and the change that moves one. Pure.

import type { Meta } from './records.ts';

const NONE: ReadonlySet<never> = new Set();
/** One record that came, went or took another's place. Objects with another uid are other objects. */
export interface Change<R extends Meta> {
  readonly before: R | undefined;
  readonly after: R | undefined;
}

/** Sets by key that vanish when they are empty. */
export class Index<R> {
  readonly #sets = new Map<string, Set<R>>();

  of(key: string): ReadonlySet<R> {
    return this.#sets.get(key) ?? NONE;
  }

  keys(): Iterable<string> {
    return this.#sets.keys();
  }

  move(
    change: { readonly before: R | undefined; readonly after: R | undefined },
    keysOf: (record: R) => string[],
  ): void {
    for (const key of change.before ? keysOf(change.before) : []) this.#drop(key, change.before!);
    for (const key of change.after ? keysOf(change.after) : []) this.#add(key, change.after!);
  }

  #add(key: string, record: R): void {
    const set = this.#sets.get(key);
    if (set) set.add(record);
    else this.#sets.set(key, new Set([record]));
  }

  #drop(key: string, record: R): void {
    const set = this.#sets.get(key);
    set?.delete(record);
    if (set?.size === 0) this.#sets.delete(key);
  }
}
