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
  /** Each with when it was first marked; they no longer are. */
  take(): Map<AppName, number>;
}

/** Some 50 us each; events must not wait for more of them. */
const AT_ONCE = 500;

/** `every`: who all are, at the time of the taking. All are marked from the start. */
export function keepMarks(every: () => Iterable<AppName>, now: () => number): Marks {
  const named = new Map<AppName, number>();
  const rest = new Map<AppName, number>();
  let all: number | undefined = now();

  const isOfAll = (): boolean => all !== undefined || rest.size > 0;
  const add = (to: Map<AppName, number>, apps: Iterable<AppName>, at: number): void => {
    for (const app of apps) if (!to.has(app)) to.set(app, at);
  };

  return {
    mark(more) {
      if (more === 'all') all ??= now();
      else add(named, more, now());
    },
    has: (app) => all !== undefined || named.has(app) || rest.has(app),
    isEmpty: () => !isOfAll() && named.size === 0,
    isOfAll,
    take() {
      // Those that are in already keep their place. Of two that claim one host the first by name gets it.
      if (all !== undefined) add(rest, [...every()].toSorted(), all);
      all = undefined;
      const taken = new Map<AppName, number>();
      for (const waiting of [named, rest]) {
        for (const [app, at] of waiting) {
          if (taken.size >= AT_ONCE) return taken;
          taken.set(app, Math.min(at, taken.get(app) ?? at));
          named.delete(app);
          rest.delete(app);
        }
      }
      return taken;
    },
  };
}
