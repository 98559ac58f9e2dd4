// What happens in a run: a list of actions, drawn from the seed before it begins, so that a failing run
// can be played again without some of them.
//
// Comes in: a seed. Goes out: actions in order of time, each a line that a person can read.

import type { NewHold } from '../../src/words/of-holds.ts';
import type { Chance } from './chance.ts';
import type { Random } from '../chaos/random.ts';
import type { Weather } from './network.ts';

export const CONTROLLERS = ['a', 'b'];
export const EDGES = ['e1', 'e2', 'e3'];
export const CLUSTERS = ['east', 'west', 'north'];
export const APPS = ['shop', 'cart', 'news', 'mail'];
/** Written at an edge's endpoint only. */
export const BY_HAND = 'hand';

export type Action = { readonly at: number } & (
  | { readonly do: 'pods'; readonly cluster: string; readonly app: string; readonly pods?: number }
  | { readonly do: 'nodes'; readonly cluster: string; readonly nodes: readonly number[] }
  | { readonly do: 'gone'; readonly app: string }
  | { readonly do: 'hold'; readonly hold: NewHold }
  | { readonly do: 'lift'; readonly id: string }
  | { readonly do: 'delete'; readonly app: string }
  | { readonly do: 'put'; readonly edge: string; readonly weight?: number }
  | { readonly do: 'weather'; readonly weather: Weather; readonly ms: number }
  | { readonly do: 'redis-down'; readonly ms: number }
  | { readonly do: 'redis-restart' }
  | { readonly do: 'redis-wiped' }
  | { readonly do: 'redis-back'; readonly part: number; readonly keepsRunId: boolean }
  | {
      readonly do: 'fail-over';
      readonly behind: number;
      readonly clients: readonly string[];
      readonly ms: number;
    }
  | { readonly do: 'redis-clock'; readonly ms: number }
  | { readonly do: 'wall-clock'; readonly controller: string; readonly ms: number }
  | { readonly do: 'crash'; readonly controller: string; readonly ms: number }
  | {
      readonly do: 'crash-at-step';
      readonly controller: string;
      readonly step: number;
      readonly ms: number;
    }
  | { readonly do: 'stop'; readonly controller: string; readonly ms: number }
  | { readonly do: 'still'; readonly process: string; readonly ms: number }
  | {
      readonly do: 'deaf';
      readonly cluster: string;
      readonly controllers: readonly string[];
      readonly ms: number;
    }
  | {
      readonly do: 'short-list';
      readonly cluster: string;
      readonly controller: string;
      readonly part: number;
    }
  | {
      readonly do: 'edge-crash';
      readonly edge: string;
      readonly isDamaged: boolean;
      readonly ms: number;
    }
  | { readonly do: 'edge-full'; readonly edge: string; readonly app: string; readonly ms: number }
);

type Make = (random: Random, number: number) => Record<string, unknown>;

const seconds = (random: Random, most: number): number =>
  200 + Math.floor(random.next() * most * 1000);
const podCount = (random: Random): number => (random.next() < 0.15 ? 0 : random.between(1, 14));

/** How often each is drawn, of the sum of all. */
const KINDS: readonly (readonly [number, string, Make])[] = [
  [16, 'pods', (random) => pods(random)],
  [6, 'nodes', (random) => ({ cluster: random.pick(CLUSTERS), nodes: nodes(random) })],
  [2, 'gone', (random) => ({ app: random.pick(APPS.slice(1)) })],
  [9, 'hold', (random, number) => ({ hold: hold(random, number) })],
  [5, 'lift', (random, number) => ({ id: `h${random.between(0, number)}` })],
  [3, 'delete', (random) => ({ app: random.pick(APPS.slice(1)) })],
  [
    3,
    'put',
    (random) => ({
      edge: random.pick(EDGES),
      ...(random.next() < 0.8 && { weight: random.between(1, 9) }),
    }),
  ],
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
    (random) => ({ controller: random.pick(CONTROLLERS), ms: random.between(-60_000, 60_000) }),
  ],
  [4, 'crash', (random) => ({ controller: random.pick(CONTROLLERS), ms: seconds(random, 6) })],
  [
    4,
    'crash-at-step',
    (random) => ({
      controller: random.pick(CONTROLLERS),
      step: random.between(1, 60),
      ms: seconds(random, 6),
    }),
  ],
  [2, 'stop', (random) => ({ controller: random.pick(CONTROLLERS), ms: seconds(random, 6) })],
  [
    4,
    'still',
    (random) => ({
      process: random.pick([...CONTROLLERS, ...CONTROLLERS, ...EDGES]),
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
      controller: random.pick(CONTROLLERS),
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

export interface Plan {
  readonly actions: readonly Action[];
  /** From then on there are no faults. */
  readonly end: number;
}

export function drawPlan(chance: Chance): Plan {
  const random = chance.of('plan');
  const end = random.between(12_000, 35_000);
  const count = random.between(6, 32);
  const times = Array.from({ length: count }, () => random.between(1500, end)).toSorted(
    (a, b) => a - b,
  );
  const actions = times.map((at, number) => {
    const [kind, make] = drawKind(random);
    return { at, do: kind, ...make(random, number) } as Action;
  });
  return { actions, end };
}

function drawKind(random: Random): [string, Make] {
  let left = random.next() * ALL;
  for (const [often, kind, make] of KINDS) {
    left -= often;
    if (left < 0) return [kind, make];
  }
  throw new Error('no kind');
}

function pods(random: Random) {
  const isNone = random.next() < 0.1;
  const app = random.pick(APPS);
  return { cluster: random.pick(CLUSTERS), app, ...(!isNone && { pods: podCount(random) }) };
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

function hold(random: Random, number: number): NewHold {
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
    ...(scope === 3 && app === 'shop' && { cluster: 'vm' }),
    ...(kind === 'pin' && { weight: random.between(0, 60) }),
    ...(random.next() < 0.2 && { until: 1_000_000_000_000 + random.between(5000, 40_000) }),
    ...(random.next() < 0.15 && { allowEmpty: true }),
  };
}

function weather(random: Random): Weather {
  const all = [...CONTROLLERS, ...EDGES, 'store'];
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
    behind: random.between(0, 12),
    clients: isSplit ? some(random, [...CONTROLLERS, ...EDGES]) : [],
    ms: seconds(random, 7),
  };
}
