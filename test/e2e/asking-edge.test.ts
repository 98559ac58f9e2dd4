// Edges that may not reach Redis, and that the controller does not reach: they ask its API for
// documents, and report to it. The same must hold for them as for the others.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { weightsAt } from './held.ts';
import { bothOf, untilSettled } from './settled.ts';
import { expectServed, underLoad, untilSaved } from './under-load.ts';

const HOST = 'shop.example.com';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(22, 'api');
  const [east, west] = both();
  east.setApp({ name: 'shop', pods: 20, hosts: [HOST], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  await settled([100, 100], [50, 50]);
});
afterAll(async () => {
  await fleet.close();
});

const both = () => bothOf(fleet);

const settled = (east: readonly number[], west: readonly number[]): Promise<void> =>
  untilSettled(fleet, [east, west]);

const underSteadyLoad = (change: () => Promise<void>): Promise<void> =>
  underLoad(fleet.edges, HOST, change);

interface EdgesAnswer {
  readonly items: readonly {
    readonly name: string;
    readonly status: string;
    readonly state?: { readonly source: string; readonly saved?: { readonly version: number } };
  }[];
}

test('weights follow, and every edge acknowledges by its heartbeat', async () => {
  await underSteadyLoad(async () => {
    both()[0].scale('shop', 40);
    await settled([200, 200], [50, 50]);
  });
  const items = await until('both edges are current and have saved', async () => {
    const [{ version }, { items: seen }] = await Promise.all([
      fleet.ballast.get<{ version: number }>('/api/v1/weights'),
      fleet.ballast.get<EdgesAnswer>('/api/v1/edges'),
    ]);
    const done = seen.every(
      ({ status, state }) => status === 'current' && state?.saved?.version === version,
    );
    return done ? seen : undefined;
  });
  expect(items.map(({ name, state }) => [name, state?.source])).toEqual([
    ['edge-1', 'api'],
    ['edge-2', 'api'],
  ]);
});

test('the controller killed and started again: no failed request, weights follow', async () => {
  await underSteadyLoad(async () => {
    await fleet.ballast.kill('SIGKILL');
    await until('the edges tell', async () =>
      (await Promise.all(fleet.edges.map((edge) => edge.state()))).every(
        ({ api }) => api?.ok === false,
      ),
    );
    both()[0].scale('shop', 20);
    await fleet.restartBallast();
    await settled([100, 100], [50, 50]);
  });
});

test('Redis restarted empty: it is seeded from heartbeats, and nothing goes back', async () => {
  await underSteadyLoad(async () => {
    const [east, west] = both();
    await west.api.stop();
    await fleet.ballast.kill('SIGKILL');
    await fleet.redis.kill();
    await fleet.redis.restart({ empty: true });
    await fleet.restartBallast();
    // West is away: only the edges know its weights.
    east.scale('shop', 30);
    await settled([150, 150], [50, 50]);
    await west.api.start();
    west.scale('shop', 20);
    await settled([150, 150], [100, 100]);
  });
});

test('Redis restarted empty under a running controller', async () => {
  await underSteadyLoad(async () => {
    await fleet.redis.kill();
    await fleet.redis.restart({ empty: true });
    both()[0].scale('shop', 20);
    await settled([100, 100], [100, 100]);
  });
});

test('a single PUT or DELETE is refused: there is no Redis to write to', async () => {
  const edge = fleet.edges[0];
  const body = { app: 'mine', servers: [], policy: { balance: 'smooth', whenUnhealthy: 'spread' } };
  const refused = { status: 503, json: { code: 'redis-unavailable' } };
  expect(await edge?.call('PUT', '/v1/upstreams/mine', body)).toMatchObject(refused);
  expect(await edge?.call('DELETE', '/v1/upstreams/shop')).toMatchObject(refused);
});

test('a reload ends the long poll of the old worker, and the new one goes on', async () => {
  const edge = fleet.edges[0];
  if (!edge) throw new Error('two edges were started');
  const before = edge.pids().workers;
  await edge.reload();
  // Sooner than its poll would end by itself.
  await until(
    'old workers end',
    () => before.every((pid) => !edge.pids().workers.includes(pid)),
    20_000,
  );
  both()[0].scale('shop', 40);
  await settled([200, 200], [100, 100]);
});

test('an edge restarts alone, with Redis and the controller gone', async () => {
  const edge = fleet.edges[0];
  if (!edge) throw new Error('two edges were started');
  const before = await weightsAt(edge, 'shop');
  await untilSaved(edge);
  await fleet.ballast.kill('SIGKILL');
  await fleet.redis.kill();
  await edge.restart('SIGKILL');
  expect(await weightsAt(edge, 'shop')).toEqual(before);
  await expectServed(edge, HOST, 200);
  await fleet.redis.restart();
  await fleet.restartBallast();
  both()[0].scale('shop', 20);
  await settled([100, 100], [100, 100]);
});
