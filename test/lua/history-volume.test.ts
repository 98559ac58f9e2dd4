// How many bytes the history costs Redis: never more than the documents whose change it tells.
//
// 10,000 apps in two clusters of three ingress nodes, with a VM each; real lines in a real Redis.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeUpstream } from '../../src/edges/document.ts';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { isHeld, isRefusal, type Lease, type Store } from '../../src/edges/store.ts';
import type { Server } from '../../src/model.ts';
import { writeEntry } from '../../src/plan/history-entry.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from './redis.ts';

const APPS = 10_000;
let redis: TestRedis;
let raw: Redis;
let store: Store;
let lease: Lease;

beforeAll(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  store = openRedisStore({ url: redis.url, environment: 'volume', onState: () => undefined });
  await until('the store answers', () => store.version());
  const taken = await store.take('a', 'a:1', 600_000);
  if (isHeld(taken)) throw new Error('held');
  const term = await store.takeTerm(taken, 'a:1', 600_000, 7);
  if (isRefusal(term)) throw new Error(term.refused);
  lease = term;
  await store.seed(lease, []);
});
afterAll(async () => {
  raw.disconnect();
  await store.close();
  await redis.close();
});

function serversOf(pods: number): Server[] {
  const nodes = (from: string, subnet: number, weight: number): Server[] =>
    [1, 2, 3].map((n) => ({ address: `10.${subnet}.20.${n}:30080`, from, weight }));
  const vm: Server = { address: '10.9.8.7:8080', from: 'vm', weight: 10 };
  return [...nodes('east-1', 1, Math.floor((pods * 10) / 3)), ...nodes('west-1', 2, 40), vm];
}

/** One round in which `count` apps have another number of pods in east. */
async function round(first: number, count: number, pods: number) {
  const sums = (of: number) =>
    new Map([
      ['east-1', `${of} pods * 10 / 3 ingress nodes = ${(of * 10) / 3}`],
      ['west-1', '12 pods * 10 / 3 ingress nodes = 40'],
      ['vm', '1 VM * 10 = 10'],
    ]);
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  const apps = Array.from({ length: count }, (_, index) => `team-payments-${first + index}`);
  const puts = apps.map((app) => {
    const hosts = [`${app}.example.com`];
    const body = encodeUpstream({ app, hosts, policy, servers: serversOf(pods) });
    return { app, owner: 'controller', body } as const;
  });
  const history = apps.map((app) =>
    writeEntry({
      app,
      actor: 'controller',
      causes: [{ kind: 'pods', text: `east-1: pods ${pods - 3} to ${pods}` }],
      previous: 1,
      before: serversOf(pods - 3),
      after: serversOf(pods),
      sumsBefore: sums(pods - 3),
      sumsAfter: sums(pods),
    }),
  );
  const reply = await store.commit(lease, { puts, history });
  if (isRefusal(reply)) throw new Error(reply.refused);
  const bytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.length, 0);
  return {
    lines: bytes(history.map(({ text }) => text)),
    bodies: bytes(puts.map(({ body }) => body)),
  };
}

const used = async (name: string): Promise<number> =>
  (await raw.memory('USAGE', `{ballast:volume}:${name}`, 'SAMPLES', 0)) ?? 0;

test('a line is no longer than the document that its commit writes', async () => {
  for (let first = 0; first < APPS; first += 1000) {
    const { lines, bodies } = await round(first, 1000, 30);
    expect(lines).toBeLessThan(1.1 * bodies);
  }
  expect(await raw.xlen('{ballast:volume}:history')).toBe(APPS);
  const [history, newest, upstreams] = [
    await used('history'),
    await used('newest'),
    await used('upstreams'),
  ];
  expect(history + newest).toBeLessThan(3 * upstreams);
});

test('what is kept is bounded however much is written', async () => {
  const bounds = { entries: 5000, days: 1 };
  for (let second = 0; second < 10; second += 1) {
    await round((second * 1000) % APPS, 1000, 60 + second);
    await store.history.trim(bounds, bounds);
    expect(await raw.xlen('{ballast:volume}:history')).toBe(5000);
  }
  expect(await raw.hlen('{ballast:volume}:newest')).toBe(APPS);
  const kept = await used('history');
  expect(kept).toBeLessThan(5000 * 1500);
});
