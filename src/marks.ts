// Which apps are to be looked at again.
//
// Comes in: marks, of apps by name or of all. Goes out: a round's apps. On failure: there is none here.
//
// A round is short however many are marked: those by name come first, for something happened to
// them; of all, the rest comes round after round, those that wait longest first.

import type { AppName, Dirty } from './model.ts';

export interface Marks {
  mark(more: Dirty): void;
  has(app: AppName): boolean;
  isEmpty(): boolean;
  /** All were marked, and not all of them have been taken. */
  isOfAll(): boolean;
  /** They are no longer marked. */
  take(): Set<AppName>;
}

/** Some 50 us each; events must not wait for more of them. */
const AT_ONCE = 500;

/** `every`: who all are, at the time of the taking. All are marked from the start. */
export function keepMarks(every: () => Iterable<AppName>): Marks {
  const named = new Set<AppName>();
  const rest = new Set<AppName>();
  let all = true;

  const isOfAll = (): boolean => all || rest.size > 0;

  return {
    mark(more) {
      if (more === 'all') all = true;
      else for (const app of more) named.add(app);
    },
    has: (app) => all || named.has(app) || rest.has(app),
    isEmpty: () => !isOfAll() && named.size === 0,
    isOfAll,
    take() {
      // Those that are in already keep their place. Of two that claim one host the first by name gets it.
      if (all) for (const app of [...every()].toSorted()) rest.add(app);
      all = false;
      const taken = new Set<AppName>();
      for (const waiting of [named, rest]) {
        for (const app of waiting) {
          if (taken.size >= AT_ONCE) return taken;
          taken.add(app);
          named.delete(app);
          rest.delete(app);
        }
      }
      return taken;
    },
  };
}
