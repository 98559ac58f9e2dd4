// The full recomputation in the background: proves that the increments were right.
//
// Comes in: the passing of time, what is marked and looked at. Goes out: part by part the apps to look
// at again, so that no part delays a round. On failure: an app that would change although nothing marked
// it is told of, and marked, when it stands so at two passes: a cluster may know of a change for a moment
// before it marks the app.

import type { Clock } from './clock.ts';
import type { AppName } from './model.ts';

const PASS_MS = 30_000;
/** A few milliseconds' work. */
const APPS_A_PART = 50;

type Marked = Pick<ReadonlySet<AppName>, 'has'>;

export interface Recount {
  isDue(): boolean;
  /** The next part, computed anew; answers what to look at again. */
  step(marked: Marked): Set<AppName>;
  /** These were looked at because something marked them. */
  looked(apps: Iterable<AppName>): void;
}

export interface RecountParts {
  readonly clock: Clock;
  readonly reporter: { recountDiffers(app: AppName): void };
  readonly rounds: {
    everyName(): Iterable<AppName>;
    /** Of some apps those that would change although they are not among the marked. */
    differing(apps: readonly AppName[], marked: Marked): readonly AppName[];
  };
}

export function createRecount({ clock, reporter, rounds }: RecountParts): Recount {
  let begun = clock.now();
  let left: AppName[] = [];
  /** Those that differed at their last part, and were not looked at since. */
  const suspects = new Set<AppName>();

  return {
    isDue: () => left.length > 0 || clock.now() - begun >= PASS_MS,
    step(marked) {
      if (left.length === 0) {
        begun = clock.now();
        left = [...rounds.everyName()];
      }
      const part = left.splice(-APPS_A_PART);
      const again = new Set(part);
      for (const app of rounds.differing(part, marked)) {
        if (suspects.has(app)) reporter.recountDiffers(app);
        else again.delete(app);
        suspects.add(app);
      }
      for (const app of again) suspects.delete(app);
      return again;
    },
    looked(apps) {
      for (const app of apps) suspects.delete(app);
    },
  };
}
