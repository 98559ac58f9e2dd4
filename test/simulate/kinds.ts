// One action alone, drawn by how often its kind is to come up.

import type { NewHold } from '../../src/words/of-holds.ts';
import type { Random } from '../chaos/random.ts';
import { addressOf, APPS, BY_HAND, CLUSTERS, CONTROLLERS, EDGES, LEADER } from './actions.ts';
import type { Weather } from './network.ts';

export type Make = (random: Random, number: number) => Record<string, unknown>;

export const seconds = (random: Random, most: number): number =>
  200 + Math.floor(random.next() * most * 1000);
const podCount = (random: Random): number => (random.next() < 0.15 ? 0 : random.between(1, 14));

/** How often each is drawn, of the sum of all. */
const KINDS: readonly (readonly [number, string, Make])[] = [
  [16, 'pods', (random) => anyPods(random)],
  [6, 'nodes', (random) => ({ cluster: random.pick(CLUSTERS), nodes: nodes(random) })],
  [2, 'gone', (random) => ({ app: random.pick(APPS.slice(1)) })],
  [9, 'hold', (random, number) => ({ hold: anyHold(random, number) })],
  [5, 'lift', (random, number) => ({ id: `h${random.between(0, number)}` })],
  [3, 'delete', (random) => ({ app: random.pick(APPS.slice(1)) })],
  [4, 'put', (random) => put(random)],
  [1, 'adopt', () => ({ app: BY_HAND[1] })],
  [2, 'forged', (random) => ({ edge: random.pick(EDGES), part: random.next() })],
  [9, 'weather', (random) => ({ weather: weather(random), ms: seconds(random, 8) })],
  [2, 'redis-down', (random) => ({ ms: seconds(random, 6) })],
  [2, 'redis-restart', () => ({})],
  [2, 'redis-wiped', () => ({})],
  [3, 'redis-back', (random) => ({ part: random.next(), keepsRunId: random.next() < 0.3 })],
  [4, 'fail-over', (random) => failOver(random)],
  [2, 'redis-clock', (random) => ({ ms: random.between(-20_000, 20_000) })],
  [
    2,
    'wall-clock',
    (random) => ({ controller: anyController(random), ms: random.between(-60_000, 60_000) }),
  ],
  [4, 'crash', (random) => ({ controller: anyController(random), ms: seconds(random, 6) })],
  [
    4,
    'crash-at-step',
    (random) => ({
      controller: anyController(random),
      step: random.between(1, 60),
      ms: seconds(random, 6),
    }),
  ],
  [2, 'stop', (random) => ({ controller: anyController(random), ms: seconds(random, 6) })],
  [
    4,
    'still',
    (random) => ({
      process: random.pick([...CONTROLLERS, LEADER, LEADER, ...EDGES]),
      ms: seconds(random, 9),
    }),
  ],
  [
    4,
    'deaf',
    (random) => ({
      cluster: random.pick(CLUSTERS),
      controllers: some(random, CONTROLLERS),
      ms: seconds(random, 12),
    }),
  ],
  [
    4,
    'short-list',
    (random) => ({
      cluster: random.pick(CLUSTERS),
      controller: anyController(random),
      part: random.next() < 0.5 ? 0 : 0.3,
    }),
  ],
  [
    6,
    'edge-crash',
    (random) => ({
      edge: random.pick(EDGES),
      isDamaged: random.next() < 0.4,
      ms: seconds(random, 5),
    }),
  ],
  [
    4,
    'edge-full',
    (random) => ({
      edge: random.pick(EDGES),
      app: random.pick([...APPS, '_holds']),
      ms: seconds(random, 6),
    }),
  ],
];
const ALL = KINDS.reduce((sum, [often]) => sum + often, 0);

export function drawKind(random: Random): { kind: string; make: Make } {
  let left = random.next() * ALL;
  for (const [often, kind, make] of KINDS) {
    left -= often;
    if (left < 0) return { kind, make };
  }
  throw new Error('no kind');
}

export function anyPods(random: Random) {
  const isNone = random.next() < 0.1;
  const app = random.pick(APPS);
  return { cluster: random.pick(CLUSTERS), app, ...(!isNone && { pods: podCount(random) }) };
}

function put(random: Random) {
  const app = random.pick(BY_HAND);
  return {
    edge: random.pick(EDGES),
    app,
    ...(random.next() < 0.7 && { weight: random.between(1, 9) }),
    ...(app !== BY_HAND[0] && random.next() < 0.5 && { cluster: random.pick(CLUSTERS) }),
  };
}

function nodes(random: Random): number[] {
  if (random.next() < 0.05) return [];
  const all = random.shuffled([1, 2, 3, 4]).slice(0, random.between(1, 4));
  return all.toSorted((a, b) => a - b);
}

function some(random: Random, names: readonly string[]): string[] {
  const found = names.filter(() => random.next() < 0.6);
  return found.length > 0 ? found : [random.pick(names)];
}

export function anyHold(random: Random, number: number): NewHold {
  const kind = random.pick(['drain', 'drain', 'pin', 'freeze'] as const);
  const scope = random.between(0, 3);
  const cluster = random.pick(CLUSTERS);
  const app = random.pick(APPS);
  const isWide = kind !== 'pin' && scope === 0;
  return {
    id: `h${number}`,
    kind,
    who: 'ann',
    why: 'a test',
    ...(!isWide && { app }),
    ...(scope !== 3 && { cluster }),
    ...(scope === 2 && { server: addressOf(cluster, random.between(1, 4)) }),
    ...(scope === 3 && app === 'shop' && { cluster: 'vm' }),
    ...(kind === 'pin' && { weight: random.between(0, 60) }),
    ...(random.next() < 0.2 && { until: 1_000_000_000_000 + random.between(5000, 40_000) }),
    ...(random.next() < 0.15 && { allowEmpty: true }),
  };
}

function weather(random: Random): Weather {
  const all = [...CONTROLLERS, LEADER, ...EDGES, 'store'];
  const from = random.next() < 0.25 ? undefined : random.pick(all);
  const to = random.next() < 0.4 ? undefined : random.pick(all);
  const kind = random.between(0, 3);
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(kind === 0 && { lost: 100 }),
    ...(kind === 1 && { lost: random.between(10, 50) }),
    ...(kind !== 0 && { twice: random.between(0, 40) }),
    ...(kind >= 2 && { late: random.between(20, 100), lateMs: random.between(500, 4000) }),
  };
}

function failOver(random: Random) {
  const isSplit = random.next() < 0.5;
  return {
    behind: behind(random),
    clients: isSplit ? some(random, [...CONTROLLERS, ...EDGES]) : [],
    ms: seconds(random, 7),
  };
}

/** So many writes is the replica behind: mostly a few, heartbeats among them. */
export function behind(random: Random): number {
  return Math.floor(random.next() ** 2 * 40);
}

function anyController(random: Random): string {
  return random.pick([...CONTROLLERS, LEADER]);
}
