// The main job on real control planes: real Deployments scale, and the shares at two real edges follow.

import type { V1Node } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { weightsAt } from '../e2e/held.ts';
import { Load } from '../simulated/load.ts';
import { app, deployment } from './objects.ts';
import { HOST, type RealFleet, SHOP, startRealFleet } from './spine-fleet.ts';
import { condition, podsOf, serving, setReady, stayingPodsOf } from './truth.ts';
import { until } from './until.ts';

const DEPLOYMENT = deployment({ ...SHOP, replicas: 0 });
const NODES = ['east-1', 'east-2', 'west-1', 'west-2'];

let fleet: RealFleet;

beforeAll(async () => {
  fleet = await startRealFleet(31);
  await fleet.east.admin.apply(...app({ ...SHOP, replicas: 20, host: HOST }));
  await fleet.west.admin.apply(...app({ ...SHOP, replicas: 10, host: HOST }));
  await fleet.settled({ east: [100, 100], west: [50, 50] });
});
afterAll(async () => {
  await fleet?.close();
});

test('a Deployment from 20 to 40: shares follow, no failed request, no reload', async () => {
  const pids = fleet.edges.map((edge) => edge.pids());
  await fleet.underLoad(async () => {
    await fleet.east.admin.scale(DEPLOYMENT, 40);
    await fleet.settled({ east: [200, 200], west: [50, 50] });
  });
  expect(fleet.edges.map((edge) => edge.pids())).toEqual(pids);
  const published = { 'east-1': 0.4, 'east-2': 0.4, 'west-1': 0.1, 'west-2': 0.1 };
  const entries = fleet.edges.map(({ url }) => ({ url, host: HOST }));
  const load = new Load({ entries, connections: 8 });
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
  await fleet.underLoad(async () => {
    await setReady(admin, pod, false);
    await fleet.settled({ east: [400], west: [50, 50] });
    await setReady(admin, pod, true);
    await fleet.settled({ east: [200, 200], west: [50, 50] });
  });
});

test('scale to 0 takes the cluster out; the last one is refused with would-empty', async () => {
  const { east, west } = fleet;
  await west.admin.scale(DEPLOYMENT, 0);
  await fleet.settled({ east: [200, 200] });
  await east.admin.scale(DEPLOYMENT, 0);
  await until('the guard refuses', async () => {
    return (await fleet.viewOf('shop')).refused?.code === 'would-empty';
  });
  // Down to whichever pod count was seen last before none: the servers stay, not their exact weight.
  for (const edge of fleet.edges) {
    const addresses = Object.keys(await weightsAt(edge, 'shop'));
    expect(addresses).toEqual([fleet.address('east-1'), fleet.address('east-2')]);
  }
  await west.admin.scale(DEPLOYMENT, 10);
  await east.admin.scale(DEPLOYMENT, 40);
  await fleet.settled({ east: [200, 200], west: [50, 50] });
  expect((await fleet.viewOf('shop')).refused).toBeUndefined();
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
    const { clusters } = await fleet.viewOf('dark');
    return clusters.find(({ name, pods }) => name === 'east' && pods === 5);
  });
  expect(found).toMatchObject({ weight: 0, reason: { code: 'not-routed' } });
});

test('a node whose kubelet falls silent stays while the containers of its ingress pod are ready', async () => {
  const { east } = fleet;
  const mute = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'east-2' } };
  await fleet.underLoad(async () => {
    await east.silence('mute');
    const lost = (await stayingPodsOf(east.admin, 'prod', 'shop')).filter(
      ({ spec }) => spec?.nodeName === 'east-2',
    ).length;
    expect(lost).toBeGreaterThan(0);
    await until(
      'the control plane has noticed',
      async () => {
        const left = (await serving(east.admin, 'prod', 'shop')).size;
        return (
          condition(await east.admin.get<V1Node>(mute), 'Ready') === 'Unknown' && left === 40 - lost
        );
      },
      120_000,
    );
    const weight = Math.floor(((40 - lost) * 10) / 2);
    await fleet.settled({ east: [weight, weight], west: [50, 50] });
    const found = (await fleet.viewOf('shop')).clusters.find(({ name }) => name === 'east');
    expect(found).toMatchObject({ state: 'fresh', pods: 40 - lost, weight });
    const pods = await podsOf(east.admin, 'ingress', 'ingress');
    const pod = pods.find(({ spec }) => spec?.nodeName === 'east-2');
    if (pod === undefined) throw new Error('no ingress pod on east-2');
    await setReady(east.admin, pod, false);
    await fleet.settled({ east: [2 * weight], west: [50, 50] });
    await setReady(east.admin, pod, true);
    await east.revive('mute');
    await fleet.settled({ east: [200, 200], west: [50, 50] });
  });
});
