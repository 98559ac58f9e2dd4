// How long each edge has lacked a commit.
//
// Comes in: commits as they are noticed, and what each edge is known to have. Goes out: seconds since
// the first commit that it has not acknowledged. Bounded: an edge that nobody asked for while a thousand
// commits were made is as old as the oldest of them.

import { compareStamps } from '../edges/document.ts';
import type { EdgeView } from '../edges/edge-book.ts';
import type { Stamp } from '../model.ts';

export interface EdgeAges {
  /** This is published now. */
  noted(mark: Stamp | undefined, now: number): void;
  seconds(edge: Pick<EdgeView, 'name' | 'state'>, now: number): number;
}

interface Noted {
  readonly stamp: Stamp;
  readonly at: number;
}

const MOST = 1000;

export function keepEdgeAges(): EdgeAges {
  const commits: Noted[] = [];
  /** What each edge lacked when it was last asked for: it may have left `commits` since. */
  const lacked = new Map<string, Noted>();

  return {
    noted(stamp, now) {
      const last = commits.at(-1)?.stamp;
      if (!stamp || stamp.version === 0) return;
      if (last && compareStamps(last, stamp) >= 0) return;
      commits.push({ stamp, at: now });
      if (commits.length > MOST) commits.shift();
    },
    seconds({ name, state }, now) {
      const before = lacked.get(name);
      const still = before && lacks(state, before.stamp) ? before : undefined;
      const lacking = still ?? commits.find(({ stamp }) => lacks(state, stamp));
      if (!lacking) {
        lacked.delete(name);
        return 0;
      }
      lacked.set(name, lacking);
      return (now - lacking.at) / 1000;
    },
  };
}

function lacks(state: EdgeView['state'], stamp: Stamp): boolean {
  if (!state?.mark || compareStamps(state.mark, stamp) < 0) return true;
  return state.refused.some((document) => compareStamps(document.stamp, stamp) <= 0);
}
