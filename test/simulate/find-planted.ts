// Looks for planted bugs: each at the seed by which it was found before, then, where that shows nothing any
// more, from the first seed on.
//
// Comes in: bugs, where they were found, from which seed on and within how many. Goes out: what shows
// each, as soon as it is known. On failure: nothing shows it, and the answer says so.

import { availableParallelism } from 'node:os';
import { hasMoves, hasReleases } from './jobs/draw.ts';
import type { PlantedBug } from './plant.ts';
import { OF_JOBS } from './planted-jobs.ts';
import { OF_MOVES } from './planted-moves.ts';
import type { Verdict } from './run.ts';
import { runSeeds } from './seeds.ts';

export interface Search {
  readonly first: number;
  readonly count: number;
  /** The seed that showed a bug, by the bug's name. */
  readonly foundAt: Readonly<Record<string, number>>;
  readonly onFound?: (found: Found) => void;
}

export interface Found {
  readonly bug: PlantedBug;
  /** What shows it; absent: nothing does. */
  readonly verdict?: Verdict;
  /** The recorded seed, where there is one that shows it no more. */
  readonly noLongerAt?: number;
}

export async function findPlanted(bugs: readonly PlantedBug[], search: Search): Promise<Found[]> {
  const found: Found[] = [];
  const know = (one: Found): void => {
    found.push(one);
    search.onFound?.(one);
  };
  const left = await lookWhereTheyWere(bugs, search.foundAt, know);
  for (const bug of left) know(await lookEverywhere(bug, search));
  return found;
}

/** One bug a processor: most of the time goes into loading the files anew. Answers those not found. */
async function lookWhereTheyWere(
  bugs: readonly PlantedBug[],
  foundAt: Search['foundAt'],
  know: (found: Found) => void,
): Promise<PlantedBug[]> {
  const queue = [...bugs];
  const left: PlantedBug[] = [];
  const work = async (): Promise<void> => {
    for (let bug = queue.shift(); bug; bug = queue.shift()) {
      const seed = foundAt[bug.name];
      const [verdict] = seed === undefined ? [] : await runSeeds({ first: seed, count: 1, bug });
      if (verdict) know({ bug, verdict });
      else left.push(bug);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return left;
}

async function lookEverywhere(bug: PlantedBug, { first, count, foundAt }: Search): Promise<Found> {
  const [verdict] = await runSeeds({ first, count, bug, only: mayShow(bug), untilWrong: true });
  const recorded = foundAt[bug.name];
  return {
    bug,
    ...(verdict && { verdict }),
    ...(recorded !== undefined && { noLongerAt: recorded }),
  };
}

/** Bugs of jobs cannot be seen where there are none, and runs with jobs are few. */
function mayShow(bug: PlantedBug): (seed: number) => boolean {
  if (OF_MOVES.includes(bug)) return hasMoves;
  if (OF_JOBS.includes(bug)) return (seed) => hasReleases(seed) || hasMoves(seed);
  return () => true;
}
