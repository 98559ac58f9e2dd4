// Passive marks: what requests themselves find out about servers.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { isRunning, startEdge, type EdgeOptions, type TestEdge } from './edge.ts';
import { bodyOf, startLedRedis, type LedRedis } from './leader.ts';
import { listenSilently, openClient, startServers } from './servers.ts';

const client = openClient({ fresh: true });
let led: LedRedis;
let edge: TestEdge;

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([client.close(), led.close()]);
});

afterEach(async () => {
  await edge?.close();
});

const start = async (options: EdgeOptions) =>
  (edge = await startEdge({ redisUrl: led.redis.url, workers: 1, ...options }));

const seen = (count: number) => client.load(edge.url, 'shop.example', count);

async function publish(
  weights: Readonly<Record<string, number>>,
  whenUnhealthy: 'spread' | 'reject',
  app = 'shop',
): Promise<void> {
  const body = bodyOf(app, weights).replace('"spread"', `"${whenUnhealthy}"`);
  await led.leader.publish(edge, { [app]: body });
}

async function marks(): Promise<string[]> {
  const { json } = await edge.call('GET', '/v1/health');
  const { complete, marked } = json as {
    complete: boolean;
    marked: { address: string; workers: number }[];
  };
  expect(complete).toBe(true);
  return marked.map(({ address, workers }) => `${address} ${workers}`);
}

test('`reject` and servers that do not answer: 503 for a moment, then they are tried again', async () => {
  const locations = `location /admitted {
    access_by_lua_block { ballast.admit() }
    proxy_pass http://ballast;
  }`;
  await start({ locations });
  const { list, addresses } = await startServers(2);
  const weights = { [addresses[0] ?? '']: 1, [addresses[1] ?? '']: 1 };
  await publish(weights, 'reject');
  await Promise.all(list.map((one) => one.die()));
  // Two failures mark each of them.
  const answers = await seen(40);
  expect([...answers.keys()].sort()).toEqual(['status 502', 'status 503']);
  // Marks end by time, so each look is repeated, and keeps them up.
  await until('marks are shown', async () => {
    const { body } = await client.get(edge.url, 'shop.example');
    const marked = await marks();
    const metrics = String((await edge.call('GET', '/metrics')).json);
    return (
      body === 'Every server of this app is unhealthy.\n' &&
      marked.join() === addresses.map((address) => `${address} 1`).join() &&
      addresses.every((one) => metrics.includes(`ballast_edge_server_marked{server="${one}"} 1\n`))
    );
  });
  // Where our own sockets cannot be asked.
  await until('admit answers', async () => {
    const { body } = await client.get(edge.url, 'shop.example');
    const admitted = await client.get(`${edge.url}/admitted`, 'shop.example');
    expect(admitted.body).not.toContain('Every server');
    return body.startsWith('Every') && admitted.status === 503 && admitted.retryAfter === '1';
  });
  // The answer is no failure of a server's: each attempt failed, and once.
  const { json } = await edge.call('GET', '/v1/stats');
  const { apps } = json as { apps: { shop: Record<string, Record<string, number>> } };
  for (const { requests, failures, inFlight } of Object.values(apps.shop))
    expect({ failures, inFlight }).toEqual({ failures: requests, inFlight: 0 });
  await until('tried again', async () => (await seen(1)).has('status 502'));
  await publish(weights, 'spread');
  expect([...(await seen(20)).keys()]).toEqual(['status 502']);
});

test('`reject` and one server, without statistics: its failures mark it all the same', async () => {
  await start({ statistics: false });
  const { list, addresses } = await startServers(1);
  await publish({ [addresses[0] ?? '']: 10 }, 'reject');
  expect([...(await seen(5)).keys()]).toEqual(addresses);
  await Promise.all(list.map((one) => one.die()));
  await until('rejected', async () => (await seen(3)).has('status 503'));
});

test('a worker that ends shows no marks: it could not take them back', async () => {
  await start({});
  const silent = await listenSilently();
  const { list, addresses } = await startServers(1);
  const [dead = ''] = addresses;
  await publish({ [silent.address]: 1 }, 'spread', 'held');
  await publish({ [dead]: 1 }, 'reject');
  const held = client.get(edge.url, 'held.example').catch(() => {});
  await until('a request is held', () => silent.held() === 1);
  const [old = 0] = edge.pids().workers;
  await Promise.all(list.map((one) => one.die()));
  await until('marked', async () => (await seen(1)).has('status 503') && (await marks()).length);
  await edge.reload();
  await until('no marks', async () => (await marks()).length === 0);
  expect(isRunning(old)).toBe(true);
  silent.close();
  await held;
});

test('a request that fails at its only attempt marks the server too', async () => {
  await start({ location: 'proxy_next_upstream off;' });
  const { list, addresses } = await startServers(2);
  await list[0]?.die();
  await publish({ [addresses[0] ?? '']: 10, [addresses[1] ?? '']: 10 }, 'spread');
  // Two failures make the mark, which lasts for two seconds; each more renews it.
  const answers = await seen(60);
  expect(answers.get('status 502')).toBeGreaterThanOrEqual(2);
  expect(answers.get('status 502')).toBeLessThan(10);
  await list[1]?.die();
});
