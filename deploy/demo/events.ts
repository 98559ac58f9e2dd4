// The demo's events, in their order, and what each must lead to.

import { until } from '../../test/controlplane/until.ts';
import type { DemoFleet } from './fleet.ts';

/** The app whose weights and shares the script follows. */
export const APP = 'shop';

export interface Event {
  readonly step: string;
  /** False: weights moved that had to hold meanwhile. */
  readonly make: (fleet: DemoFleet) => Promise<boolean | void> | void;
  /** Weights of the app's servers after it: by cluster, and `vm`. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

const START = { east: [20, 20], west: [30, 30], north: [40, 40], vm: [10] };
/** From the event on in which west has returned. */
const RETURNED = { ...START, west: [60, 60] };

export const EVENTS: readonly Event[] = [
  { step: 'start', make: () => undefined, weights: START },
  {
    step: 'shop in east scales up to 20 pods',
    make: (fleet) => fleet.clusters[0]?.scale(APP, 20),
    weights: { ...START, east: [100, 100] },
  },
  {
    step: 'a third ingress node in east',
    make: (fleet) => fleet.addIngressNode(0),
    weights: { ...START, east: [66, 66, 66] },
  },
  {
    step: 'the API of west goes away; east scales to 10',
    make: westAway,
    weights: { ...START, east: [33, 33, 33] },
  },
  {
    step: 'the API of west returns; west scales to 12',
    make: westReturns,
    weights: { ...RETURNED, east: [33, 33, 33] },
  },
  {
    step: 'Redis is killed and restarted; east scales to 30',
    make: redisRestarts,
    weights: { ...RETURNED, east: [100, 100, 100] },
  },
  {
    step: 'Redis is restarted empty and seeded by the edges; east scales to 20',
    make: redisRestartsEmpty,
    weights: { ...RETURNED, east: [66, 66, 66] },
  },
];

async function westAway(fleet: DemoFleet): Promise<void> {
  await fleet.clusters[1]?.api.stop();
  fleet.clusters[0]?.scale(APP, 10);
}

async function westReturns(fleet: DemoFleet): Promise<void> {
  await fleet.clusters[1]?.api.start();
  fleet.clusters[1]?.scale(APP, 12);
}

async function redisRestarts(fleet: DemoFleet): Promise<void> {
  await fleet.redis.kill();
  fleet.clusters[0]?.scale(APP, 30);
  await fleet.redis.restart();
}

/** The change comes after the seeding, so that what Redis has by then can only be the edges'. */
async function redisRestartsEmpty(fleet: DemoFleet): Promise<boolean> {
  const before = await documentsAtEdges(fleet);
  let kept = true;
  await fleet.redis.restart({ empty: true });
  await until('the edges have seeded Redis', async () => {
    const seeded = await fleet.appsInRedis();
    kept &&= before === (await documentsAtEdges(fleet));
    return seeded.length === fleet.apps.length;
  });
  fleet.clusters[0]?.scale(APP, 20);
  return kept;
}

/** Digests, not stamps: a seeding may give a document a new stamp, but never another weight. */
async function documentsAtEdges(fleet: DemoFleet): Promise<string> {
  const held = await Promise.all(
    fleet.edges.map(async (edge) => {
      const { json } = await edge.call('GET', '/v1/upstreams');
      const { items } = json as { items: { app: string; digest: string }[] };
      return items.map(({ app, digest }) => `${app} ${digest}`).toSorted();
    }),
  );
  return JSON.stringify(held);
}
