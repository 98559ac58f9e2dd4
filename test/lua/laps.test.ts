// Without statistics most requests are settled by the lap alone (laps.lua): what other tests prove of
// entries, here of that shorter way.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient();
let led: LedRedis;
let edge: TestEdge;
let servers: TestServers;
const address = (i: number): string => servers.addresses[i] ?? '';
const weigh = (...weights: number[]): Record<string, number> =>
  Object.fromEntries(weights.map((weight, i) => [address(i), weight]));

// Lets go of all that may go.
const locations = `location = /collect {
  content_by_lua_block { collectgarbage() collectgarbage() ngx.say('done') }
}`;

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([client.close(), led.close()]);
});

beforeEach(async () => {
  servers = await startServers(5);
  const redisUrl = led.redis.url;
  edge = await startEdge({ redisUrl, workers: 1, statistics: false, locations });
});

afterEach(async () => {
  await edge?.close();
  await servers.close();
});

const publish = (bodies: Record<string, string | undefined>) => led.leader.publish(edge, bodies);
const collect = () => client.get(`${edge.url}/collect`, 'any.example');

async function load(count: number, host = 'shop.example'): Promise<(number | undefined)[]> {
  const seen = await client.load(edge.url, host, count, 8);
  expect([...seen.keys()].filter((what) => what.startsWith('status'))).toEqual([]);
  return servers.addresses.map((one) => seen.get(one));
}

test('shares are exact over many laps, by every host, and so are the counts', async () => {
  const hosts = ['a.example', 'b.example'];
  await publish({ shop: bodyOf('shop', weigh(35, 34, 10, 21), hosts) });
  const sums = [0, 0, 0, 0];
  for (let turn = 0; turn < 10; turn++) {
    // A lap is a hundred requests, written sixteen at a time: both hosts meet ends and growth.
    for (const host of hosts)
      for (const [i, count] of (await load(103, host)).entries())
        sums[i] = (sums[i] ?? 0) + (count ?? 0);
    await collect();
  }
  const picks = [721, 700.4, 206, 432.6];
  for (const [i, sum] of sums.slice(0, 4).entries())
    expect(Math.abs(sum - (picks[i] ?? 0))).toBeLessThan(2);
  const { apps } = (await edge.call('GET', '/v1/stats')).json as {
    apps: { shop: Record<string, { requests: number }> };
  };
  expect(servers.addresses.slice(0, 4).map((one) => apps.shop[one]?.requests)).toEqual(
    sums.slice(0, 4),
  );
});

test('an update is seen by the next request, and bends no share', async () => {
  const sums = [0, 0, 0, 0, 0];
  await publish({ other: bodyOf('other', weigh(1)) });
  for (let turn = 0; turn < 100; turn++) {
    const gone = 3 + (turn % 2);
    await publish({ shop: bodyOf('shop', { ...weigh(70, 20, 10), [address(gone)]: 0 }) });
    for (const [i, count] of (await load(30)).entries()) sums[i] = (sums[i] ?? 0) + (count ?? 0);
    if (turn % 10 === 0) await collect();
  }
  for (const [i, count] of [2100, 600, 300, 0, 0].entries())
    expect(Math.abs((sums[i] ?? 0) - count)).toBeLessThan(count === 0 ? 1 : 4);
  // In the middle of a lap.
  for (const weights of [weigh(7, 3), weigh(0, 0, 7, 3), weigh(0, 7, 0, 0, 3)]) {
    await publish({ shop: bodyOf('shop', weights) });
    // So that it is not shop's request that first meets the update.
    await load(1, 'other.example');
    const counts = await load(4);
    const total = servers.addresses
      .filter((one) => (weights[one] ?? 0) > 0)
      .reduce((sum, one) => sum + (counts[servers.addresses.indexOf(one)] ?? 0), 0);
    expect(total).toBe(4);
  }
  await publish({ shop: bodyOf('shop', weigh(0)) });
  expect((await client.get(edge.url, 'shop.example')).status).toBe(503);
  await publish({ shop: bodyOf('shop', weigh(0, 1)) });
  expect(await load(1)).toEqual([undefined, 1, undefined, undefined, undefined]);
});

test('a host that moves, an app that goes and comes again', async () => {
  const one = (app: string, i: number, hosts: string[]) => bodyOf(app, { [address(i)]: 1 }, hosts);
  const answers = async () => (await client.get(edge.url, 'x.example')).body;
  await publish({ first: one('first', 0, ['x.example']), second: one('second', 1, []) });
  for (let i = 0; i < 20; i++) expect(await answers()).toBe(address(0));
  await publish({ first: one('first', 0, []) });
  await publish({ second: one('second', 1, ['x.example']) });
  expect(await answers()).toBe(address(1));
  await publish({ second: undefined });
  await collect();
  expect(await client.get(edge.url, 'x.example')).toMatchObject({ status: 404 });
  await publish({ first: one('first', 2, ['x.example']) });
  expect(await answers()).toBe(address(2));
});

test('servers that die cost no request', async () => {
  await publish({ shop: bodyOf('shop', weigh(10, 10, 10, 10, 10)) });
  await load(100);
  await servers.list[1]?.die();
  const [a = 0, dead, b = 0, c = 0, d = 0] = await load(2000);
  expect(dead).toBeUndefined();
  expect(Math.max(a, b, c, d) / Math.min(a, b, c, d)).toBeLessThan(1.1);
});
