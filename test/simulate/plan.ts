// What happens in a run: a list of actions, drawn from the seed before it begins, so that a failing run
// can be played again without some of them.
//
// Comes in: a seed. Goes out: actions in order of time, each a line that a person can read.

import type { Action } from './actions.ts';
import { Chance } from './chance.ts';
import { DISASTERS } from './disasters.ts';
import { drawMoves, drawReleases, hasMoves, hasReleases, MOVE_MS } from './jobs/draw.ts';
import { drawKind } from './kinds.ts';

export interface Plan {
  readonly actions: readonly Action[];
  /** From then on there are no faults. */
  readonly end: number;
}

const FIRST_MS = 1500;

export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const random = chance.of('plan');
  const end = random.between(12_000, 45_000) + (hasMoves(seed) ? MOVE_MS : 0);
  const count = random.between(4, 40);
  const actions: Action[] = [];
  // What comes close together does most harm.
  let at = 0;
  for (let number = 0; number < count; number++) {
    const isClose = number > 0 && random.next() < 0.4;
    at = isClose ? Math.min(end, at + random.between(1, 1500)) : random.between(FIRST_MS, end);
    const { kind, make } = drawKind(random);
    actions.push({ at, do: kind, ...make(random, number) } as Action);
  }
  for (let left = random.between(0, 2); left > 0; left--) {
    // Late ones are not healed by what comes after them.
    const isLate = random.next() < 0.5;
    const from = isLate ? end - random.between(3000, 9000) : random.between(FIRST_MS, end - 4000);
    actions.push(...random.pick(DISASTERS)(random, from, 100 * left));
  }
  if (hasReleases(seed)) actions.push(...drawReleases(chance.of('jobs'), end));
  if (hasMoves(seed)) actions.push(...drawMoves(chance.of('moves'), end));
  const before = actions.filter(({ at }) => at < end);
  return { actions: before.toSorted((a, b) => a.at - b.at), end };
}
