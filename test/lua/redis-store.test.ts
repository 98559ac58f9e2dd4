import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { isHeld, isRefusal, type Lease, type Store } from '../../src/edges/store.ts';
import { historyConformance } from '../conformance/history.ts';
import { storeConformance } from '../conformance/store.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;
let opened = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

function answers(store: Store): Promise<unknown> {
  return until('the store answers', () => store.version());
}

// One Redis; an environment of its own for each test.
async function open() {
  opened += 1;
  const { url } = redis;
  const store = openRedisStore({ url, environment: `store-${opened}`, onState: () => undefined });
  await answers(store);
  return {
    store,
    pass: (ms: number) => systemClock.sleep(ms),
    restart: async () => {
      await redis.restart();
      await answers(store);
    },
    close: () => store.close(),
  };
}

storeConformance('Redis', open);
historyConformance('Redis', open);

async function begin(store: Store): Promise<Lease> {
  const taken = await store.take('a', 'a:1', 60_000);
  if (isHeld(taken)) throw new Error('held');
  const lease = await store.takeTerm(taken, 'a:1', 60_000, 7);
  if (isRefusal(lease)) throw new Error(lease.refused);
  return lease;
}

test('a broken line or body of one app is named, stops no other, and a seeding heals both', async () => {
  const { url } = redis;
  const environment = 'broken';
  const store = openRedisStore({ url, environment, onState: () => undefined });
  const raw = new Redis(url);
  try {
    await answers(store);
    const lease = await begin(store);
    await store.seed(lease, []);
    const put = (app: string) => ({ app, owner: 'controller', body: app }) as const;
    await store.commit(lease, { puts: [put('line'), put('body'), put('good')], history: [] });
    await raw.hset(`{ballast:${environment}}:manifest`, 'line', 'nonsense');
    await raw.hset(`{ballast:${environment}}:upstreams`, 'body', 'another');
    const broken = await store.read();
    expect([...broken.documents.keys()]).toEqual(['good']);
    expect([...broken.unreadable.keys()].toSorted()).toEqual(['body', 'line']);
    expect(broken.unreadable.get('line')).toContain('nonsense');
    const { version } = broken;
    const digest = digestOf('line');
    const seed = { app: 'line', owner: 'controller', stamp: { term: 7, version }, digest } as const;
    expect(await store.seed(lease, [{ ...seed, body: 'line' }])).toMatchObject({
      digests: [digest],
    });
    expect((await store.read()).documents.get('line')?.body).toBe('line');
    // Its own stamp: an edge that holds the right bytes brings them back, one that holds less does not.
    const stamp = { term: 7, version: 2 };
    const older = { app: 'body', owner: 'controller', stamp: { term: 7, version: 1 } } as const;
    await store.seed(lease, [{ ...older, digest: digestOf('old'), body: 'old' }]);
    expect((await store.read()).unreadable.has('body')).toBe(true);
    await store.seed(lease, [{ ...older, stamp, digest: digestOf('body'), body: 'body' }]);
    const healed = await store.read();
    expect([healed.unreadable.size, healed.documents.get('body')]).toEqual([
      0,
      { ...older, stamp, digest: digestOf('body'), body: 'body' },
    ]);
  } finally {
    raw.disconnect();
    await store.close();
  }
});
