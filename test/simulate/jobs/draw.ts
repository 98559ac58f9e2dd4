// What happens to jobs in a run: releases, words, and disasters while they are under way.
//
// Comes in: a random source of its own, so that runs without jobs stay what they are, and when the faults
// end. Goes out: actions. Pure: nothing fails here.

import { HOLDS } from '../../../src/edges/document.ts';
import { type Action, CLUSTERS, EDGES, LEADER, type Release } from '../actions.ts';
import type { Random } from '../../chaos/random.ts';
import { MOVED } from './moved.ts';
import { RELEASED } from './releases.ts';

/** Every so-many-th seed has them: they cost more than all the rest. */
const RELEASES_EVERY = 3;
const MOVES_EVERY = 5;

export const hasReleases = (seed: number): boolean => seed % RELEASES_EVERY === 1;
export const hasMoves = (seed: number): boolean => seed % MOVES_EVERY === 0;

/** So long a move takes where nothing comes between: faults last as long. */
export const MOVE_MS = 40_000;

/** How often each is drawn, of the sum of all. */
type Make = (random: Random) => Record<string, unknown>;

const ms = (random: Random, most: number): number => random.between(200, most);

const TROUBLES: readonly Make[] = [
  (random) => ({ do: 'crash', controller: LEADER, ms: ms(random, 4000) }),
  (random) => ({
    do: 'crash-at-step',
    controller: LEADER,
    step: random.between(1, 150),
    ms: ms(random, 4000),
  }),
  (random) => ({ do: 'stop', controller: LEADER, ms: ms(random, 4000) }),
  (random) => ({ do: 'still', process: LEADER, ms: random.between(2000, 9000) }),
  (random) => ({ do: 'fail-over', behind: random.between(0, 15), clients: [], ms: 1 }),
  (random) => ({
    do: 'fail-over',
    behind: random.between(0, 15),
    clients: [LEADER, ...EDGES.filter(() => random.next() < 0.5)],
    ms: ms(random, 6000),
  }),
  (random) => ({ do: 'redis-back', part: 1 - random.next() ** 3, keepsRunId: random.next() < 0.5 }),
  () => ({ do: 'redis-wiped' }),
  () => ({ do: 'redis-restart' }),
  (random) => ({ do: 'redis-down', ms: ms(random, 4000) }),
  (random) => ({
    do: 'weather',
    weather: { from: LEADER, to: random.pick(CLUSTERS), late: 100, lateMs: 4000, lost: 20 },
    ms: ms(random, 6000),
  }),
  (random) => ({
    do: 'weather',
    weather: { from: LEADER, to: 'store', late: 60, lateMs: 2500, lost: 10 },
    ms: ms(random, 4000),
  }),
  (random) => ({
    do: 'deaf',
    cluster: random.pick(CLUSTERS),
    controllers: ['a', 'b'],
    ms: ms(random, 9000),
  }),
  (random) => ({
    do: 'edge-crash',
    edge: random.pick(EDGES),
    isDamaged: false,
    ms: ms(random, 3000),
  }),
];

const STRATEGIES = [
  '{order: serial}',
  '{order: serial, onFailure: rollback-all}',
  '{order: serial, onFailure: rollback-cluster}',
  '{order: parallel, maxConcurrency: 2}',
  '{order: parallel, onFailure: continue}',
  '{order: serial, approval: before}',
  '{order: serial, approval: after, soak: 1s}',
  '{order: serial, weights: none}',
  '{order: parallel, floor: 0}',
  '{order: parallel, floor: 50%}',
];

const WORDS = ['pause', 'resume', 'abort', 'abort', 'retry', 'skip', 'approve', 'approve'] as const;

export function drawReleases(random: Random, end: number): Action[] {
  const begins = random.between(2500, Math.max(2600, end - 9000));
  const soon = (most: number): number => begins + random.between(50, most);
  const actions: object[] = [release(random, begins)];
  if (random.next() < 0.5) actions.push(release(random, soon(12_000)));
  for (let left = random.between(0, 3); left > 0; left--) {
    actions.push({ at: soon(10_000), ...random.pick(TROUBLES)(random) });
  }
  for (let left = random.between(0, 4); left > 0; left--) {
    actions.push({ at: soon(12_000), do: 'job-say', word: random.pick(WORDS) });
  }
  if (random.next() < 0.6) {
    actions.push({ at: random.next() < 0.5 ? begins - 300 : soon(9000), do: 'confirm-edges' });
  }
  // A runner in the middle of a step looks into a Redis that was put back.
  if (random.next() < 0.3) {
    const behind = random.between(3, 30);
    actions.push({ at: soon(8000), do: 'fail-over', behind, clients: [], ms: 1 });
  }
  if (random.next() < 0.3) actions.push({ at: soon(6000), do: 'job-lift' });
  if (random.next() < 0.3) actions.push(byHand(random, soon(6000)));
  // What a release is about to delete somebody makes anew, by the same name and with the same content.
  if (random.next() < 0.4) actions.push(remake(random, actions, soon(12_000)));
  return actions as Action[];
}

export function drawMoves(random: Random, end: number): Action[] {
  const begins = random.between(2500, end - MOVE_MS);
  const soon = (most: number): number => begins + random.between(50, most);
  const actions: object[] = [move(random, begins)];
  if (random.next() < 0.6) actions.push(move(random, soon(8000)));
  if (random.next() < 0.3) actions.push(move(random, soon(MOVE_MS)));
  for (let left = random.between(0, 4); left > 0; left--) {
    actions.push({ at: soon(MOVE_MS), ...random.pick(TROUBLES)(random) });
  }
  for (let left = random.between(0, 3); left > 0; left--) {
    actions.push({ at: soon(MOVE_MS), do: 'job-say', word: random.pick(WORDS) });
  }
  if (random.next() < 0.7) actions.push({ at: soon(MOVE_MS), do: 'confirm-edges' });
  if (random.next() < 0.3) actions.push({ at: soon(MOVE_MS), do: 'job-lift' });
  // It takes the weights, and not the word behind them, for longer than a step of a shift.
  if (random.next() < 0.5) {
    const [edge, wait] = [random.pick(EDGES), random.between(5000, 15_000)];
    actions.push({ at: soon(MOVE_MS / 2), do: 'edge-full', edge, app: HOLDS, ms: wait });
  }
  return actions as Action[];
}

function move(random: Random, at: number): object {
  const callers = random.next() < 0.7 ? 'edges' : 'others';
  return { at, do: 'move', move: { app: random.pick(MOVED), to: random.pick(CLUSTERS), callers } };
}

function release(random: Random, at: number): object {
  return {
    at,
    do: 'release',
    release: {
      app: random.pick(RELEASED),
      image: random.pick(['v2', 'v2', 'v3', 'bad']),
      strategy: random.pick(STRATEGIES),
      ...(random.next() < 0.4 && { prune: true }),
    },
  };
}

function remake(random: Random, actions: readonly object[], at: number): object {
  const released = actions.flatMap((action) => ('release' in action ? [action.release] : []));
  const pruning = released.find((one) => (one as Release).prune === true) ?? released[0];
  return { ...byHand(random, at), app: (pruning as Release).app };
}

function byHand(random: Random, at: number): object {
  return { at, do: 'by-hand', cluster: random.pick(CLUSTERS), app: random.pick(RELEASED) };
}
