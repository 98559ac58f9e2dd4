// Disasters that need several things in a row, which chance alone seldom brings together.
//
// Comes in: a random source, the moment it begins, and a number that keeps the ids of its holds apart from
// others'. Goes out: actions, each with its own moment. Pure: nothing fails here.

import type { Random } from '../chaos/random.ts';
import { APPS, BY_HAND, CLUSTERS, CONTROLLERS, EDGES, LEADER, type Action } from './actions.ts';
import { anyHold, anyPods, behind } from './kinds.ts';

type Disaster = (random: Random, at: number, number: number) => Action[];

const cutOff = (at: number, name: string, ms: number, to?: string): Action => ({
  at,
  do: 'weather',
  weather: { from: name, ...(to !== undefined && { to }), lost: 100 },
  ms,
});

const pods = (random: Random, at: number): Action =>
  ({ at, do: 'pods', ...anyPods(random) }) as Action;

const drain = (random: Random, at: number, number: number): Action => ({
  at,
  do: 'hold',
  hold: {
    id: `h${number}`,
    kind: 'drain',
    who: 'ann',
    why: 'a disaster',
    ...(random.next() < 0.6 && { app: random.pick(APPS) }),
    cluster: random.pick(CLUSTERS),
  },
});

/** One edge alone hears what Redis then loses; it is away while a new leader gathers. */
const lonelyEdge: Disaster = (random, at, number) => {
  const [edge = '', ...others] = random.shuffled(EDGES);
  const lost = at + random.between(600, 2500);
  const ms = lost - at + random.between(0, 1500);
  const loss = random.pick(['fail-over', 'redis-back'] as const);
  const app = random.pick([...BY_HAND, BY_HAND[0]]);
  const silent = random.next() < 0.5 ? 1 : random.between(3000, 9000);
  return [
    ...others.map((other) => cutOff(at, other, ms)),
    { at: at + random.between(50, 500), do: 'put', edge, app, weight: random.between(1, 9) },
    pods(random, at + random.between(50, 500)),
    drain(random, at + random.between(50, 500), number),
    loss === 'fail-over'
      ? { at: lost, do: 'fail-over', behind: random.between(4, 30), clients: [], ms: 1 }
      : { at: lost, do: 'redis-back', part: random.next(), keepsRunId: random.next() < 0.5 },
    // To one of the others nobody pushes: it has to hear of what is seeded late from Redis.
    ...CONTROLLERS.map((name) => cutOff(lost, others[0] ?? '', silent, name)),
    random.next() < 0.5
      ? { at: lost - 20, do: 'edge-crash', edge, isDamaged: false, ms: random.between(2000, 7000) }
      : cutOff(lost - 20, edge, random.between(2000, 7000)),
  ];
};

/** A term is taken, and Redis forgets it. */
const lostTerm: Disaster = (random, at, number) => {
  const taken = at + random.between(4000, 6500);
  const first = random.pick(['crash', 'stop', 'still'] as const);
  const ms = random.between(3000, 8000);
  return [
    first === 'still'
      ? { at, do: 'still', process: LEADER, ms }
      : { at, do: first, controller: LEADER, ms },
    pods(random, taken),
    drain(random, taken, number),
    {
      at: taken + random.between(0, 1500),
      do: 'fail-over',
      behind: behind(random),
      clients: [],
      ms: 1,
    },
    { at: taken + random.between(1500, 3000), do: 'crash', controller: LEADER, ms: 3000 },
  ];
};

/** The leader and some edges stay with an old master. */
const splitRedis: Disaster = (random, at, number) => {
  const clients = [LEADER, ...EDGES.filter(() => random.next() < 0.5)];
  const ms = random.between(1500, 8000);
  return [
    { at, do: 'fail-over', behind: behind(random), clients, ms },
    pods(random, at + random.between(0, ms)),
    drain(random, at + random.between(0, ms), number),
    pods(random, at + random.between(0, ms)),
  ];
};

/** An edge finds no room for something, and starts anew before it has. */
const fullEdge: Disaster = (random, at, number) => {
  const edge = random.pick(EDGES);
  const ms = random.between(1500, 6000);
  const said = at + random.between(10, 800);
  return [
    { at, do: 'edge-full', edge, app: random.pick(['_holds', '_holds', ...APPS]), ms },
    drain(random, said, number),
    pods(random, said + random.between(0, 600)),
    cutOff(said + random.between(20, 400), edge, ms, 'store'),
    {
      at: said + random.between(100, 1500),
      do: 'edge-crash',
      edge,
      isDamaged: random.next() < 0.3,
      ms: random.between(50, 500),
    },
  ];
};

/** What an edge said that it had saved is what it starts with. */
const lostSnapshot: Disaster = (random, at, number) => {
  const edge = random.pick(EDGES);
  const crashes = at + random.between(50, 1200);
  return [
    drain(random, at, number),
    cutOff(crashes - 5, edge, random.between(500, 3000), 'store'),
    { at: crashes, do: 'edge-crash', edge, isDamaged: true, ms: random.between(20, 400) },
  ];
};

/** Pushes to an edge that does not reach Redis pile up. */
const slowPushes: Disaster = (random, at) => {
  const edge = random.pick(EDGES);
  const ms = random.between(2000, 5000);
  const lateMs = random.between(300, 1800);
  return [
    cutOff(at, edge, ms, 'store'),
    { at, do: 'weather', weather: { from: LEADER, to: edge, late: 100, lateMs }, ms },
    ...[1, 2, 3, 4].map((nth) => pods(random, at + nth * random.between(50, 500))),
  ];
};

/** A push comes twice, the second time after there was no room for the next one. */
const doubledPush: Disaster = (random, at) => {
  const edge = random.pick(EDGES);
  const [cluster, app] = [random.pick(CLUSTERS), random.pick(APPS)];
  const scaled = (ms: number, most: number): Action => ({
    at: at + ms,
    do: 'pods',
    cluster,
    app,
    pods: random.between(most - 4, most),
  });
  return [
    { at, do: 'weather', weather: { from: LEADER, to: edge, twice: 100 }, ms: 1200 },
    scaled(50, 5),
    { at: at + 400, do: 'edge-full', edge, app, ms: random.between(3000, 5000) },
    scaled(450, 10),
  ];
};

/** An app appears where somebody writes it by hand. */
const sameName: Disaster = (random, at) => {
  const app = BY_HAND[1];
  const edge = random.pick(EDGES);
  const put = { do: 'put', edge, app, weight: 5, cluster: random.pick(CLUSTERS) } as const;
  return [
    { at, do: 'put', edge, app },
    { ...put, at: at + random.between(1, 900) },
  ];
};

/** A deletion, and then a Redis that knows nothing of it. */
const lostDeletion: Disaster = (random, at) => {
  const app = random.pick(APPS.slice(1));
  return [
    { at, do: 'gone', app },
    { at: at + 600, do: 'delete', app },
    {
      at: at + random.between(900, 3000),
      do: 'redis-back',
      part: random.next(),
      keepsRunId: false,
    },
  ];
};

/** Words and rounds at the same moment, while the store takes its time. */
const crowd: Disaster = (random, at, number) => [
  {
    at,
    do: 'weather',
    weather: { from: LEADER, to: 'store', late: 100, lateMs: random.between(200, 1500) },
    ms: 3000,
  },
  ...[0, 1, 2].map((nth) => pods(random, at + 100 + random.between(0, 1500) * nth)),
  ...[0, 1, 2].map((nth) => ({
    at: at + 100 + random.between(0, 1500),
    do: 'hold' as const,
    hold: anyHold(random, number + 10 + nth),
  })),
];

export const DISASTERS: readonly Disaster[] = [
  lonelyEdge,
  lonelyEdge,
  lostTerm,
  splitRedis,
  fullEdge,
  lostSnapshot,
  lostDeletion,
  crowd,
  slowPushes,
  doubledPush,
  sameName,
];
