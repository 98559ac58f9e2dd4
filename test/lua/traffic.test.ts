import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient();
const fresh = openClient({ fresh: true });
let led: LedRedis;
let edge: TestEdge;
let servers: TestServers;
let addresses: readonly string[] = [];
const address = (i: number): string => addresses[i] ?? '';

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([client.close(), fresh.close(), led.close()]);
});

beforeEach(async () => {
  servers = await startServers(10);
  addresses = servers.addresses;
});

afterEach(async () => {
  await edge?.close();
  await servers.close();
});

async function publish(bodies: Record<string, string | undefined>): Promise<void> {
  await led.leader.publish(edge, bodies);
}

const weigh = (...weights: number[]): Record<string, number> =>
  Object.fromEntries(weights.map((weight, i) => [address(i), weight]));

test('shares over 10,000 requests are exact, and the statistics agree', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish({ shop: bodyOf('shop', weigh(35, 35, 10, 20)) });
  const seen = await client.load(edge.url, 'shop.example', 10_000, 16);
  expect(addresses.slice(0, 4).map((one) => seen.get(one))).toEqual([3500, 3500, 1000, 2000]);
  const { json } = await edge.call('GET', '/v1/stats');
  expect(json).toMatchObject({
    start: (await edge.state()).start,
    apps: { shop: { [address(0)]: { requests: 3500, failures: 0 } } },
  });
});

test('a lap longer than 4,096 slots is exact too', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish({ shop: bodyOf('shop', weigh(1, 4999, 3000)) });
  const seen = await client.load(edge.url, 'shop.example', 8000, 16);
  // It began anywhere, and there is no lap to come round: by a pick or so.
  for (const [i, count] of [1, 4999, 3000].entries())
    expect(Math.abs((seen.get(address(i)) ?? 0) - count)).toBeLessThan(2);
});

test('updates do not bend the shares: one every 20 requests, for 4,000 requests', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const total = new Map<string, number>();
  for (let i = 0; i < 200; i++) {
    const body = bodyOf('shop', {
      ...weigh(70, 20, 10),
      [address(3)]: 0,
      [address(4 + (i % 2))]: 0,
    });
    const { documents, mark, base } = await led.leader.commit({ shop: body });
    await edge.call('POST', '/v1/upstreams', { term: 100, mark, base, documents });
    for (const [one, count] of await client.load(edge.url, 'shop.example', 20, 4))
      total.set(one, (total.get(one) ?? 0) + count);
  }
  const counts = addresses.slice(0, 3).map((one) => total.get(one) ?? 0);
  for (const [i, share] of [0.7, 0.2, 0.1].entries())
    expect(Math.abs((counts[i] ?? 0) - share * 4000)).toBeLessThan(4);
});

test('weight 0 gets nothing, not even a retry', async () => {
  edge = await startEdge({ redisUrl: led.redis.url });
  await Promise.all([servers.list[0]?.die(), servers.list[1]?.die()]);
  await publish({ shop: bodyOf('shop', weigh(10, 10, 0)) });
  const seen = await client.load(edge.url, 'shop.example', 200);
  expect([...seen.keys()].filter((what) => !what.startsWith('status 50'))).toEqual([]);
  expect(servers.list[2]?.requests()).toBe(0);
  await publish({ shop: bodyOf('shop', weigh(10, 0, 1)) });
  expect(await client.load(edge.url, 'shop.example', 200)).toEqual(new Map([[address(2), 200]]));
});

test('all weights 0, or no server: 503 with Retry-After; and back', async () => {
  edge = await startEdge({ redisUrl: led.redis.url });
  await publish({ shop: bodyOf('shop', weigh(10)) });
  for (const body of [bodyOf('shop', weigh(0, 0)), bodyOf('shop', {})]) {
    await publish({ shop: body });
    expect(await client.get(edge.url, 'shop.example')).toMatchObject({
      status: 503,
      retryAfter: '1',
    });
    await publish({ shop: bodyOf('shop', weigh(10)) });
    expect(await client.get(edge.url, 'shop.example')).toMatchObject({ status: 200 });
  }
});

test('a dead server of ten costs no request, and is not tried by each', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish({ shop: bodyOf('shop', weigh(...addresses.map(() => 10))) });
  await client.load(edge.url, 'shop.example', 200);
  await servers.list[4]?.die();
  const seen = await client.load(edge.url, 'shop.example', 5000, 16);
  expect(seen.get(address(4))).toBeUndefined();
  expect([...seen.keys()].filter((what) => what.startsWith('status'))).toEqual([]);
  const { json } = await edge.call('GET', '/v1/stats');
  const { apps } = json as { apps: { shop: Record<string, { failures: number }> } };
  const failures = apps.shop[address(4)]?.failures ?? 0;
  expect(failures).toBeGreaterThan(0);
  expect(failures).toBeLessThan(100);
  // What it would have got is spread over the others, not heaped upon its neighbour.
  const others = addresses.filter((_, i) => i !== 4).map((one) => seen.get(one) ?? 0);
  expect(Math.max(...others) / Math.min(...others)).toBeLessThan(1.05);
});

test('a dead server that outweighs all others costs no request either', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish({ shop: bodyOf('shop', weigh(3000, 1, 1)) });
  await servers.list[0]?.die();
  const seen = await client.load(edge.url, 'shop.example', 500, 16);
  expect([...seen.keys()].sort()).toEqual([address(1), address(2)].sort());
  expect(Math.abs((seen.get(address(1)) ?? 0) - 250)).toBeLessThan(80);
});

test('the only server, dead: an error for each request, and each is counted', async () => {
  edge = await startEdge({ redisUrl: led.redis.url });
  await publish({ shop: bodyOf('shop', { '127.0.0.1:1': 10 }) });
  const seen = await client.load(edge.url, 'shop.example', 20);
  expect([...seen.keys()]).toEqual(['status 502']);
  await until('counted', async () => {
    const { json } = await edge.call('GET', '/v1/stats');
    const { apps } = json as { apps: { shop?: Record<string, object> } };
    const counted = { answers: 0, failures: 20, inFlight: 0, requests: 20, seconds: 0 };
    return isDeepStrictEqual(apps.shop, { '127.0.0.1:1': counted });
  });
});

test('the host decides: exact, else the longest wildcard, else 404', async () => {
  edge = await startEdge({ redisUrl: led.redis.url });
  const one = (app: string, i: number, hosts: string[]) => bodyOf(app, { [address(i)]: 1 }, hosts);
  await publish({
    exact: one('exact', 0, ['a.x.example']),
    wide: one('wide', 1, ['*.example']),
    near: one('near', 2, ['*.x.example', 'x.example']),
  });
  const answers = async (host: string) => (await client.get(edge.url, host)).body;
  expect(await answers('a.x.example')).toBe(address(0));
  expect(await answers('A.X.example.')).toBe(address(0));
  expect(await answers('b.x.example')).toBe(address(2));
  expect(await answers('c.b.x.example')).toBe(address(2));
  expect(await answers('x.example')).toBe(address(2));
  expect(await answers('y.example')).toBe(address(1));
  expect(await client.get(edge.url, 'example')).toMatchObject({ status: 404 });
  expect(await client.get(edge.url, 'other.org')).toMatchObject({ status: 404 });
  // Longer than a name can be: taken apart label by label, each would hold the worker up for 0.1 s.
  const began = performance.now();
  for (let i = 0; i < 40; i++) {
    const long = `${i}.${'a.'.repeat(3500)}x.example`;
    expect(await client.get(edge.url, long)).toMatchObject({ status: 404 });
  }
  expect(performance.now() - began).toBeLessThan(3000);
  await publish({ exact: undefined, near: undefined, wide: undefined });
  expect(await client.get(edge.url, 'a.x.example')).toMatchObject({ status: 404 });
});

test('two apps claim a host: who was there first keeps it, the other takes over when it is given up', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 2 });
  const one = (app: string, i: number, hosts: string[]) => bodyOf(app, { [address(i)]: 1 }, hosts);
  const answers = async () =>
    [...(await fresh.load(edge.url, 'both.example', 40)).keys()].map((body) =>
      addresses.indexOf(body),
    );
  await publish({ first: one('first', 0, ['both.example', 'f.example']) });
  expect(await answers()).toEqual([0]);
  await publish({ second: one('second', 1, ['both.example']) });
  await publish({ first: one('first', 2, ['both.example']) });
  expect(await answers()).toEqual([2]);
  const conflict = `host="both.example",app="second",kept_by="first"`;
  expect((await edge.call('GET', '/metrics')).json).toContain(conflict);
  await publish({ first: one('first', 2, ['f.example']) });
  expect(await answers()).toEqual([1]);
  expect((await edge.call('GET', '/metrics')).json).not.toContain('both.example');
  await publish({ first: undefined, second: undefined });
  expect(await client.get(edge.url, 'both.example')).toMatchObject({ status: 404 });
});

test('$ballast_app goes before the host', async () => {
  edge = await startEdge({
    redisUrl: led.redis.url,
    locations: 'location /cart { set $ballast_app cart; proxy_pass http://ballast; }',
  });
  await publish({
    shop: bodyOf('shop', { [address(0)]: 1 }),
    cart: bodyOf('cart', { [address(1)]: 1 }, []),
  });
  expect((await client.get(edge.url, 'shop.example')).body).toBe(address(0));
  expect((await client.get(`${edge.url}/cart`, 'shop.example')).body).toBe(address(1));
  await publish({ cart: undefined });
  expect((await client.get(`${edge.url}/cart`, 'shop.example')).status).toBe(503);
});

test('a burst of updates loses no request', async () => {
  edge = await startEdge({ redisUrl: led.redis.url });
  await publish({ shop: bodyOf('shop', weigh(1, 1, 1)) });
  const load = client.load(edge.url, 'shop.example', 3000, 8);
  for (let i = 1; i <= 100; i++)
    await led.leader.commit({ shop: bodyOf('shop', weigh(i, 1, 100)) });
  expect([...(await load).keys()].filter((what) => what.startsWith('status'))).toEqual([]);
});
