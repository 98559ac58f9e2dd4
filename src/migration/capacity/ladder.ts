// The degrade ladder: the first rung on which a whole set of apps fits.
//
// Rungs: 0 all of it; 1 apps that are not core halved; 2 all halved; 3 as 2, with apps that are not core
// deferred one by one, least important first. Core apps are placed first and are never deferred. On
// failure: what is short on the last rung, with numbers.

import type { Need } from './need.ts';
import { copyOf, place, type Room } from './room.ts';

export interface AppNeed {
  /** `app`, or `namespace/app`. */
  readonly app: string;
  readonly replicas: number;
  readonly core: boolean;
  /** Higher is more important. */
  readonly importance: number;
  /** Halving does not go below it. */
  readonly floor: number;
  readonly need: Need;
}

export interface AppPlace {
  readonly app: string;
  /** The full count, which is given back when there is room. */
  readonly before: number;
  readonly after: number;
  readonly deferred: boolean;
  readonly placed: number;
  readonly why: string;
  readonly unchecked: readonly string[];
}

export interface Rung {
  readonly ok: boolean;
  readonly rung: 0 | 1 | 2 | 3;
  readonly words: string;
  /** In the order in which they are placed. */
  readonly apps: readonly AppPlace[];
}

interface Step {
  readonly rung: Rung['rung'];
  readonly words: string;
  readonly halves: (app: AppNeed) => boolean;
  readonly deferred: ReadonlySet<string>;
}

/** Where nothing fits, the last rung tried with what is short on it. */
export function chooseRung(room: Room, apps: readonly AppNeed[], degrade: boolean): Rung {
  const sorted = apps.toSorted(
    (a, b) =>
      Number(b.core) - Number(a.core) || b.importance - a.importance || (a.app < b.app ? -1 : 1),
  );
  let last = tryStep(room, sorted, FULL);
  if (!degrade) return last;
  for (const step of stepsDown(sorted)) {
    if (last.ok) break;
    last = tryStep(room, sorted, step);
  }
  return last;
}

const NOBODY: ReadonlySet<string> = new Set();
const FULL: Step = { rung: 0, words: 'all in full', halves: () => false, deferred: NOBODY };

function* stepsDown(sorted: readonly AppNeed[]): Generator<Step> {
  yield {
    rung: 1,
    words: 'apps that are not core halved',
    halves: ({ core }) => !core,
    deferred: NOBODY,
  };
  yield { rung: 2, words: 'all apps halved', halves: () => true, deferred: NOBODY };
  const deferred: string[] = [];
  for (const { app, core } of sorted.toReversed()) {
    if (core) continue;
    deferred.push(app);
    const words = `all apps halved, ${deferred.join(', ')} deferred`;
    yield { rung: 3, words, halves: () => true, deferred: new Set(deferred) };
  }
}

function tryStep(room: Room, apps: readonly AppNeed[], step: Step): Rung {
  const copy = copyOf(room);
  const places = apps.map((app) => placeApp(copy, app, step));
  const ok = places.every(({ placed, after }) => placed === after);
  return { ok, rung: step.rung, words: step.words, apps: places };
}

function placeApp(room: Room, app: AppNeed, { halves, deferred }: Step): AppPlace {
  const before = app.replicas;
  if (deferred.has(app.app)) {
    const why = 'deferred: no room on a higher rung';
    return { app: app.app, before, after: 0, deferred: true, placed: 0, why, unchecked: [] };
  }
  const after = halves(app) ? half(before, app.floor) : before;
  const { pods, why, unchecked } = place(room, app.need, after);
  return { app: app.app, before, after, deferred: false, placed: pods, why, unchecked };
}

/** Up, not below the floor or 1, and never more than there were; 0 stays 0. */
export function half(replicas: number, floor: number): number {
  return Math.min(replicas, Math.max(1, floor, Math.ceil(replicas / 2)));
}
