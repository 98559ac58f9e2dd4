// The degrade ladder: the first rung on which a whole set of apps fits.
//
// Rungs: 0 all of it; 1 apps that are not core halved; 2 all halved; 3 as 2, with apps that are not core
// deferred one by one, least important first. Core apps are placed first and are never deferred, nor is the
// most important one: a move of nothing is none. On
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

/** Where nothing fits, the last rung tried with what is short on it. */
export function chooseRung(room: Room, apps: readonly AppNeed[], degrade: boolean): Rung {
  // All of nothing fits anywhere, and is not what anybody asked for.
  if (apps.length === 0) return { ok: false, rung: 0, words: 'no apps', apps: [] };
  const sorted = apps.toSorted(
    (a, b) =>
      Number(b.core) - Number(a.core) || b.importance - a.importance || (a.app < b.app ? -1 : 1),
  );
  const full = tryRung(room, sorted, { rung: 0, words: 'all in full', halves: () => false });
  if (full.ok || !degrade) return full;
  const some = { rung: 1, words: 'apps that are not core halved', halves: isMinor } as const;
  const partly = tryRung(room, sorted, some);
  if (partly.ok) return partly;
  const halved = tryRung(room, sorted, { rung: 2, words: 'all apps halved', halves: () => true });
  return halved.ok ? halved : defer(halved, sorted);
}

const isMinor = ({ core }: AppNeed): boolean => !core;

interface Step {
  readonly rung: Rung['rung'];
  readonly words: string;
  readonly halves: (app: AppNeed) => boolean;
}

function tryRung(room: Room, apps: readonly AppNeed[], { rung, words, halves }: Step): Rung {
  const copy = copyOf(room);
  const places = apps.map((app) => placeApp(copy, app, halves(app)));
  return { ok: places.every(isPlaced), rung, words, apps: places };
}

const isPlaced = ({ placed, after }: AppPlace): boolean => placed === after;

function placeApp(room: Room, app: AppNeed, halves: boolean): AppPlace {
  const before = app.replicas;
  const after = halves ? half(before, app.floor) : before;
  const { pods, why, unchecked } = place(room, app.need, after);
  return { app: app.app, before, after, deferred: false, placed: pods, why, unchecked };
}

/**
 * The least important come last, so those before the first that is short are where they would be without
 * the rest: deferring one by one from the end stops at it. Where it is core, or the first of all, all others
 * are deferred.
 */
function defer(halved: Rung, apps: readonly AppNeed[]): Rung {
  const short = halved.apps.findIndex((one) => !isPlaced(one));
  const cores = apps.filter(({ core }) => core).length;
  const kept = Math.max(short, cores, 1);
  const places = halved.apps.map((one, at) => (at < kept ? one : deferred(one)));
  const words = `all apps halved, ${places.length - kept} deferred`;
  return { ok: places.every(isPlaced), rung: 3, words, apps: places };
}

function deferred(one: AppPlace): AppPlace {
  return { ...one, after: 0, deferred: true, placed: 0, why: 'deferred: no room', unchecked: [] };
}

/** Up, not below the floor or 1, and never more than there were; 0 stays 0. */
export function half(replicas: number, floor: number): number {
  return Math.min(replicas, Math.max(1, floor, Math.ceil(replicas / 2)));
}
