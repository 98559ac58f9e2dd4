// The main job on real control planes: real Deployments scale, and the shares at two real edges follow.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { weightsAt } from '../e2e/fleet.ts';
import { Load } from '../simulated/load.ts';
import { app, deployment } from './objects.ts';
import { type RealFleet, startRealFleet } from './spine-fleet.ts';
import { podsOf, setReady } from './truth.ts';
import { until } from './until.ts';

const HOST = 'shop.example.com';
const SHOP = { name: 'shop', namespace: 'prod' };
const DEPLOYMENT = deployment({ ...SHOP, replicas: 0 });
const NODES = ['east-1', 'east-2', 'west-1', 'west-2'];

interface AppView {
  readonly refused?: { readonly code: string };
  readonly clusters: readonly {
    readonly name: string;
    readonly pods: number;
    readonly weight: number;
    readonly reason?: { readonly code: string };
  }[];
}

let fleet: RealFleet;

beforeAll(async () => {
  fleet = await startRealFleet(31);
  await fleet.east.admin.apply(...app({ ...SHOP, replicas: 20, host: HOST }));
  await fleet.west.admin.apply(...app({ ...SHOP, replicas: 10, host: HOST }));
  await settled({ east: [100, 100], west: [50, 50] });
});
afterAll(async () => {
  await fleet?.close();
});

/** Waits until both edges hold exactly these weights, by cluster and node. */
async function settled(weights: { east?: number[]; west?: number[] }): Promise<void> {
  const entries = Object.entries(weights).flatMap(([cluster, list]) =>
    list.map((weight, index) => [fleet.address(`${cluster}-${index + 1}`), weight] as const),
  );
  const wanted = JSON.stringify(Object.fromEntries(entries));
  let last = '';
  await until(`weights ${wanted}`, async () => {
    last = JSON.stringify(await Promise.all(fleet.edges.map((edge) => weightsAt(edge, 'shop'))));
    return last === `[${wanted},${wanted}]`;
  }).catch(async (error: unknown) => {
    const why = JSON.stringify(await fleet.ballast.get('/api/v1/apps/shop'));
    throw new Error(`${String(error)}; edges hold ${last}; ${why}`);
  });
}

const entries = () => fleet.edges.map(({ url }) => ({ url, host: HOST }));
const viewOf = (name: string) => fleet.ballast.get<AppView>(`/api/v1/apps/${name}`);

async function underLoad(change: () => Promise<void>): Promise<void> {
  const load = new Load({ entries: entries(), connections: 4, perSecond: 400 });
  load.start();
  await until('traffic flows', () => load.snapshot().answered > 50);
  await change();
  const before = load.snapshot().answered;
  await until('traffic flows on', () => load.snapshot().answered > before + 50);
  const totals = await load.stop();
  await load.close();
  expect(totals.failureTexts).toEqual([]);
  expect([totals.failures, totals.closedConnections]).toEqual([0, 0]);
}

test('a Deployment from 20 to 40: shares follow, no failed request, no reload', async () => {
  const pids = fleet.edges.map((edge) => edge.pids());
  await underLoad(async () => {
    await fleet.east.admin.scale(DEPLOYMENT, 40);
    await settled({ east: [200, 200], west: [50, 50] });
  });
  expect(fleet.edges.map((edge) => edge.pids())).toEqual(pids);
  const published = { 'east-1': 0.4, 'east-2': 0.4, 'west-1': 0.1, 'west-2': 0.1 };
  const load = new Load({ entries: entries(), connections: 8 });
  const totals = await load.count(undefined, 10_000);
  await load.close();
  expect([totals.failures, totals.answered]).toEqual([0, 10_000]);
  expect(Object.keys(totals.byNode).toSorted()).toEqual(NODES);
  for (const [name, share] of Object.entries(published)) {
    const distance = Math.abs((totals.byNode[name] ?? 0) / 10_000 - share);
    expect(distance, name).toBeLessThanOrEqual(0.005);
  }
});

test('an ingress node whose ingress pod is unready goes out, and comes back with it', async () => {
  const { admin } = fleet.east;
  const pods = await podsOf(admin, 'ingress', 'ingress');
  const pod = pods.find(({ spec }) => spec?.nodeName === 'east-2');
  if (pod === undefined) throw new Error('no ingress pod on east-2');
  await underLoad(async () => {
    await setReady(admin, pod, false);
    await settled({ east: [400], west: [50, 50] });
    await setReady(admin, pod, true);
    await settled({ east: [200, 200], west: [50, 50] });
  });
});

test('scale to 0 takes the cluster out; the last one is refused with would-empty', async () => {
  const { east, west } = fleet;
  await west.admin.scale(DEPLOYMENT, 0);
  await settled({ east: [200, 200] });
  await east.admin.scale(DEPLOYMENT, 0);
  await until('the guard refuses', async () => {
    return (await viewOf('shop')).refused?.code === 'would-empty';
  });
  // Down to whichever pod count was seen last before none: the servers stay, not their exact weight.
  for (const edge of fleet.edges) {
    const addresses = Object.keys(await weightsAt(edge, 'shop'));
    expect(addresses).toEqual([fleet.address('east-1'), fleet.address('east-2')]);
  }
  await west.admin.scale(DEPLOYMENT, 10);
  await east.admin.scale(DEPLOYMENT, 40);
  await settled({ east: [200, 200], west: [50, 50] });
  expect((await viewOf('shop')).refused).toBeUndefined();
});

test('a Deployment without an Ingress does not count, with reason not-routed', async () => {
  const dark = { name: 'dark', namespace: 'prod' };
  await fleet.east.admin.apply(...app({ ...dark, replicas: 5 }));
  await fleet.west.admin.apply(...app({ ...dark, replicas: 4, host: 'dark.example.com' }));
  const expected = { [fleet.address('west-1')]: 20, [fleet.address('west-2')]: 20 };
  await until('dark is published', async () => {
    const held = await Promise.all(fleet.edges.map((edge) => weightsAt(edge, 'dark')));
    return held.every((at) => JSON.stringify(at) === JSON.stringify(expected));
  });
  const found = await until('all pods of east are counted', async () => {
    const { clusters } = await viewOf('dark');
    return clusters.find(({ name, pods }) => name === 'east' && pods === 5);
  });
  expect(found).toMatchObject({ weight: 0, reason: { code: 'not-routed' } });
});

test('a control plane that is killed is stale, keeps its weights, and is followed again', async () => {
  const { east, west } = fleet;
  await underLoad(async () => {
    await west.stopApiServer('SIGKILL');
    await until('west is stale', async () => {
      const { items } = await fleet.ballast.get<{ items: { name: string; state: string }[] }>(
        '/api/v1/clusters',
      );
      return items.some(({ name, state }) => name === 'west' && state === 'stale');
    });
    await settled({ east: [200, 200], west: [50, 50] });
    await east.admin.scale(DEPLOYMENT, 20);
    await settled({ east: [100, 100], west: [50, 50] });
    await west.startApiServer();
    await west.restartControllers();
    await west.admin.scale(DEPLOYMENT, 20);
    await settled({ east: [100, 100], west: [100, 100] });
  });
});
