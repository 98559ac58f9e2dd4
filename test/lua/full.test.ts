// Fault "shared memory full", of the memory that holds marks, locks and health: what has no bound there
// leaves room for what an update needs. That of documents: fault-table.test.ts, push.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient({ fresh: true });
let led: LedRedis;
let servers: TestServers;
let edge: TestEdge;

beforeAll(async () => {
  servers = await startServers(2);
  led = await startLedRedis();
  edge = await startEdge({
    redisUrl: led.redis.url,
    edit: (_, text) => text.replace('ballast_edge 8m', 'ballast_edge 64k'),
  });
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  await led?.close();
  await servers?.close();
});

/** Apps with a slow start: for each of them the edge notes which servers are new. */
function rising(count: number): Record<string, string> {
  const weights = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`10.0.${i + 100}.1:80`, 1]),
  );
  const slow = (app: string) =>
    bodyOf(app, weights).replace('"whenUnhealthy"', '"slowStart":{"seconds":3600},"whenUnhealthy"');
  const apps = Array.from({ length: 200 }, (_, i) => `app-${i}`);
  return Object.fromEntries(apps.map((app) => [app, slow(app)]));
}

test('shared memory full: updates, answers and reloads go on, by poll and by push', async () => {
  const [a = '', b = ''] = servers.addresses;
  await led.leader.publish(edge, rising(1));
  await led.leader.publish(edge, rising(20));
  const { json } = await edge.call('GET', '/v1/stats');
  const { memory } = json as { memory: Record<string, { free: number; capacity: number }> };
  expect(memory['ballast_edge']?.free).toBeLessThan(20_000);
  expect(memory['ballast_edge']?.free).toBeGreaterThan(0);
  await led.leader.publish(edge, { shop: bodyOf('shop', { [a]: 1 }) });
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[a, 20]]));
  await edge.reload();
  const { base, mark, documents } = await led.leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  const call = { term: 100, base, mark, documents };
  expect((await edge.call('POST', '/v1/upstreams', call)).status).toBe(200);
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[b, 20]]));
});
