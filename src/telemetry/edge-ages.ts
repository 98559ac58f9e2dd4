// How long each edge has lacked a commit.
//
// Comes in: commits as they are noticed, and what each edge is known to have. Goes out: seconds since
// the first commit that it has not acknowledged. Bounded: where an edge lacks very many, some between the
// oldest and the newest are forgotten, which makes its age only coarser.

import { compareStamps } from '../edges/document.ts';
import type { EdgeState } from '../edges/edge-state.ts';
import type { Stamp } from '../model.ts';

export interface EdgeAges {
  /** This is published now. */
  noted(mark: Stamp | undefined, now: number): void;
  seconds(state: EdgeState | undefined, now: number): number;
}

const MOST = 1000;

export function keepEdgeAges(): EdgeAges {
  let commits: { readonly stamp: Stamp; readonly at: number }[] = [];

  return {
    noted(stamp, now) {
      const last = commits.at(-1)?.stamp;
      if (!stamp || stamp.version === 0) return;
      if (last && compareStamps(last, stamp) >= 0) return;
      commits.push({ stamp, at: now });
      // Every second one of the older half.
      if (commits.length > MOST) commits = commits.filter((_, at) => at > MOST / 2 || at % 2 === 0);
    },
    seconds(state, now) {
      const lacking = commits.find(({ stamp }) => lacks(state, stamp));
      return lacking ? (now - lacking.at) / 1000 : 0;
    },
  };
}

function lacks(state: EdgeState | undefined, stamp: Stamp): boolean {
  if (!state?.mark || compareStamps(state.mark, stamp) < 0) return true;
  return state.refused.some((document) => compareStamps(document.stamp, stamp) <= 0);
}
