// VMs from a real registry, up to a real edge: who registers is weighed, who leaves or falls silent is
// not, and a registry that is killed or empty takes nothing away.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestBallast, startBallast } from '../e2e/ballast.ts';
import { untilHeld, weightsAt } from '../e2e/held.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { type Registry, startRegistry } from './rnacos.ts';
import { until } from './until.ts';

const SERVICE = 'shop-svc';
const [FIRST, SECOND, THIRD] = ['127.34.9.1:8080', '127.34.9.2:8080', '127.34.9.3:8080'] as const;

let folder: string;
let registry: Registry;
let redis: TestRedis;
let edge: TestEdge;
let ballast: TestBallast;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-nacos-'));
  registry = await startRegistry();
  redis = await startRedis();
  edge = await startEdge({ name: 'edge-1', environment: 'nacos', redisUrl: redis.url });
  ballast = await startBallast(folder, {
    environment: 'nacos',
    redis: { url: redis.url },
    leader: { leaseSeconds: 1 },
    apps: { list: [{ name: 'shop', hosts: ['shop.example.com'], nacos: SERVICE }] },
    vms: { nacos: { url: registry.url, intervalSeconds: 1 } },
    edges: [{ name: edge.name, control: edge.control }],
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  });
});
afterAll(async () => {
  await ballast?.kill('SIGTERM');
  await edge?.close();
  await redis?.close();
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

const of = (...addresses: readonly string[]) =>
  Object.fromEntries(addresses.map((address) => [address, 10]));

function settled(...addresses: readonly string[]): Promise<void> {
  const why = async () => JSON.stringify(await ballast.get('/api/v1/apps/shop'));
  return untilHeld([edge], { app: 'shop', weights: of(...addresses), why, withinMs: 120_000 });
}

async function source(): Promise<{ state: string; reason?: string } | undefined> {
  type Sources = { items: { name: string; state: string; reason?: string }[] };
  const { items } = await ballast.get<Sources>('/api/v1/vms');
  return items.find(({ name }) => name === 'nacos');
}

/** Waits until the registry is stale with this word, and sees what the edge holds then. */
async function staleWith(word: string): Promise<void> {
  await until(`the registry is stale: ${word}`, async () => {
    const { vmsReason } = await ballast.get<{ vmsReason?: { code: string; text: string } }>(
      '/api/v1/apps/shop',
    );
    return vmsReason?.code === 'vms-stale' && vmsReason.text.includes(word);
  });
}

test('who registers is a VM, by the API that the server speaks', async () => {
  await registry.register(SERVICE, FIRST);
  await settled(FIRST);
  await registry.register(SERVICE, SECOND);
  await registry.register(SERVICE, THIRD);
  await settled(FIRST, SECOND, THIRD);
  expect(await source()).toMatchObject({ state: 'fresh' });
});

test('who deregisters goes', async () => {
  await registry.deregister(SERVICE, THIRD);
  await settled(FIRST, SECOND);
});

test('who falls silent goes, and comes back with its word', async () => {
  await registry.register(SERVICE, THIRD);
  await settled(FIRST, SECOND, THIRD);
  registry.silence(SERVICE, THIRD);
  // Unhealthy ones are not in this registry's list; Nacos's own lists them, as the simulated one does.
  await settled(FIRST, SECOND);
  await registry.register(SERVICE, THIRD);
  await settled(FIRST, SECOND, THIRD);
});

test('the registry is killed: the last VMs stay, stale', async () => {
  await registry.kill();
  await staleWith('ECONNREFUSED');
  expect(await weightsAt(edge, 'shop')).toEqual(of(FIRST, SECOND, THIRD));
  await registry.start();
  for (const address of [FIRST, SECOND, THIRD]) await registry.register(SERVICE, address);
  await until('the registry is fresh', async () => (await source())?.state === 'fresh');
  expect(await weightsAt(edge, 'shop')).toEqual(of(FIRST, SECOND, THIRD));
});

test('suddenly empty: the last VMs stay, stale', async () => {
  for (const address of [FIRST, SECOND, THIRD]) await registry.deregister(SERVICE, address);
  await staleWith('lists no instance');
  expect(await weightsAt(edge, 'shop')).toEqual(of(FIRST, SECOND, THIRD));
});
