// What fails in production, one after the other, under load, on real control planes: Redis, the
// controller, a control plane, an edge. No request fails, nothing is lost, no weight goes back.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { weightsAt } from '../e2e/held.ts';
import { untilSaved } from '../e2e/under-load.ts';
import { app, deployment } from './objects.ts';
import { type RealFleet, SHOP, startRealFleet } from './spine-fleet.ts';
import { until } from './until.ts';

const DEPLOYMENT = deployment({ ...SHOP, replicas: 0 });
let fleet: RealFleet;

beforeAll(async () => {
  fleet = await startRealFleet(32);
  const host = 'shop.example.com';
  await fleet.east.admin.apply(...app({ ...SHOP, replicas: 20, host }));
  await fleet.west.admin.apply(...app({ ...SHOP, replicas: 10, host }));
  await fleet.settled({ east: [100, 100], west: [50, 50] });
});
afterAll(async () => {
  await fleet?.close();
});

test('Redis killed and restarted: what changed meanwhile arrives', async () => {
  const { east, redis } = fleet;
  await fleet.underLoad(async () => {
    await redis.kill();
    await east.admin.scale(DEPLOYMENT, 40);
    await until('the controller has counted it', async () => (await podsSeen('east')) === 40);
    await redis.restart();
    await fleet.settled({ east: [200, 200], west: [50, 50] });
  });
});

test('Redis restarted empty: seeded from the edges, continued above them', async () => {
  const { east, redis } = fleet;
  const before = await marks();
  await fleet.underLoad(async () => {
    await redis.restart({ empty: true });
    await east.admin.scale(DEPLOYMENT, 30);
    await fleet.settled({ east: [150, 150], west: [50, 50] });
  });
  for (const [index, mark] of (await marks()).entries()) {
    expect(mark.term).toBeGreaterThan(before[index]?.term ?? Infinity);
  }
});

test('the controller killed and restarted while one cluster is away: it keeps what is published from it', async () => {
  const { east, west, ballast } = fleet;
  await fleet.underLoad(async () => {
    await west.stopApiServer('SIGKILL');
    await ballast.kill('SIGKILL');
    await fleet.restartBallast();
    await east.admin.scale(DEPLOYMENT, 40);
    await fleet.settled({ east: [200, 200], west: [50, 50] });
    expect(await stateOf('west')).toBe('unseen');
    await west.startApiServer();
    await west.restartControllers();
    await west.admin.scale(DEPLOYMENT, 20);
    await fleet.settled({ east: [200, 200], west: [100, 100] });
    expect(await stateOf('west')).toBe('fresh');
  });
});

test('a control plane killed and restarted: stale, keeps its weights, and is followed again', async () => {
  const { east, west } = fleet;
  await fleet.underLoad(async () => {
    await west.stopApiServer('SIGKILL');
    await until('west is stale', async () => (await stateOf('west')) === 'stale');
    await fleet.settled({ east: [200, 200], west: [100, 100] });
    await east.admin.scale(DEPLOYMENT, 20);
    await fleet.settled({ east: [100, 100], west: [100, 100] });
    await west.startApiServer();
    await west.restartControllers();
    await west.admin.scale(DEPLOYMENT, 10);
    await fleet.settled({ east: [100, 100], west: [50, 50] });
  });
});

test('an edge killed and restarted while Redis and the controller are down serves its last weights', async () => {
  const [first, second] = fleet.edges;
  if (first === undefined || second === undefined) throw new Error('two edges were started');
  await untilSaved(first);
  const before = await weightsAt(first, 'shop');
  await fleet.underLoad(async () => {
    await fleet.ballast.kill('SIGKILL');
    await fleet.redis.kill();
    await first.restart('SIGKILL');
    await fleet.underLoad(async () => {
      expect(await weightsAt(first, 'shop')).toEqual(before);
      expect((await first.state()).source).toBe('snapshot');
    }, [first]);
    await fleet.redis.restart();
    await fleet.restartBallast();
    await fleet.east.admin.scale(DEPLOYMENT, 30);
    await fleet.settled({ east: [150, 150], west: [50, 50] });
  }, [second]);
});

async function marks(): Promise<{ term: number; version: number }[]> {
  const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
  return states.map(({ mark }) => mark ?? { term: 0, version: 0 });
}

async function viewOfCluster(cluster: string) {
  return (await fleet.viewOf('shop')).clusters.find(({ name }) => name === cluster);
}
const podsSeen = async (cluster: string) => (await viewOfCluster(cluster))?.pods;
const stateOf = async (cluster: string) => (await viewOfCluster(cluster))?.state;
