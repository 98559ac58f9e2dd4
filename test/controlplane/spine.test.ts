// The main job on real control planes: real Deployments scale, and the shares at two real edges follow.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { weightsAt } from '../e2e/fleet.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis } from '../lua/redis.ts';
import { findFreePort } from '../simulated/free-port.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';
import { Load } from '../simulated/load.ts';
import { startCluster, type ControlPlane } from './cluster.ts';
import { app, ingressController, namespace, node } from './objects.ts';
import { until } from './until.ts';

const HOST = 'shop.example.com';
const SHOP = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'prod' },
};
const INGRESS_CLASS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'nginx' },
  spec: { controller: 'ballast.io/stand-in' },
};
const closing: (() => Promise<unknown>)[] = [];
let planes: ControlPlane[];
let edges: TestEdge[];
let ballast: TestBallast;
let port: number;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-real-'));
  closing.push(() => rm(folder, { recursive: true }));
  planes = await Promise.all(['east', 'west'].map((name) => startCluster({ name })));
  closing.push(...planes.map((plane) => () => plane.close()));
  port = await findFreePort(['127.31.1.1', '127.31.1.2', '127.31.2.1', '127.31.2.2']);
  for (const [index, plane] of planes.entries()) {
    for (const one of [1, 2]) {
      const address = `127.31.${index + 1}.${one}`;
      await plane.admin.create(node({ name: `${plane.name}-${one}`, address, ingress: true }));
    }
    await plane.admin.apply(namespace('prod'), INGRESS_CLASS, ...ingressController());
    await plane.admin.apply(
      ...app({ name: 'shop', namespace: 'prod', replicas: index === 0 ? 20 : 10, host: HOST }),
    );
    const access = { url: plane.url, ca: plane.ca, token: plane.adminToken };
    const standIn = new IngressFleet({ cluster: plane.name, api: access, port });
    await standIn.start();
    closing.push(() => standIn.close());
  }
  const redis = await startRedis({ persistence: 'aof' });
  closing.push(() => redis.close());
  const environment = 'real';
  edges = await Promise.all(
    ['edge-1', 'edge-2'].map((name) => startEdge({ name, redisUrl: redis.url, environment })),
  );
  closing.push(...edges.map((edge) => () => edge.close()));
  const ingress = {
    nodes: 'ingress=true',
    pods: { namespace: 'ingress', selector: 'app=ingress' },
  };
  ballast = await startBallast(folder, {
    environment,
    redis: { url: redis.url },
    clusters: planes.map(({ name, ballastKubeconfig }) => ({
      name,
      kubeconfig: { path: ballastKubeconfig },
      ingress: { ...ingress, port },
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ name, control }) => ({ name, control })),
    api: { listen: '127.0.0.1:0' },
  });
  closing.push(() => ballast.kill('SIGTERM'));
  await settled([100, 100], [50, 50]);
});
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

async function settled(...clusters: number[][]): Promise<void> {
  const entries = clusters.flatMap((weights, cluster) =>
    weights.map((weight, one) => [`127.31.${cluster + 1}.${one + 1}:${port}`, weight] as const),
  );
  const wanted = JSON.stringify(Object.fromEntries(entries));
  let last = '';
  await until(`weights ${wanted}`, async () => {
    const held = await Promise.all(edges.map((edge) => weightsAt(edge, 'shop')));
    last = JSON.stringify(held);
    return held.every((at) => JSON.stringify(at) === wanted);
  }).catch(async (error: unknown) => {
    const why = JSON.stringify(await ballast.get('/api/v1/apps/shop'));
    throw new Error(`${String(error)}; edges hold ${last}; ${why}`);
  });
}

const load = (perSecond?: number): Load =>
  new Load({
    entries: edges.map(({ url }) => ({ url, host: HOST })),
    connections: 4,
    ...(perSecond !== undefined && { perSecond }),
  });

test('a Deployment from 20 to 40: shares follow, no failed request, no reload', async () => {
  const pids = edges.map((edge) => edge.pids());
  const steady = load(400);
  steady.start();
  await planes[0]?.admin.scale(SHOP, 40);
  await settled([200, 200], [50, 50]);
  const totals = await steady.stop();
  await steady.close();
  expect([totals.failureTexts, totals.closedConnections]).toEqual([[], 0]);
  expect(edges.map((edge) => edge.pids())).toEqual(pids);
  const counting = load();
  const counted = await counting.count(undefined, 10_000);
  await counting.close();
  expect(counted.failures).toBe(0);
  for (const [name, share] of Object.entries({
    'east-1': 0.4,
    'east-2': 0.4,
    'west-1': 0.1,
    'west-2': 0.1,
  })) {
    expect(Math.abs((counted.byNode[name] ?? 0) / 10_000 - share)).toBeLessThanOrEqual(0.005);
  }
});
