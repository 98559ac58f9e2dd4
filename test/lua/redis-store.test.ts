import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import type { Store } from '../../src/edges/store.ts';
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
storeConformance('Redis', async () => {
  opened += 1;
  const { url } = redis;
  const store = openRedisStore({ url, environment: `store-${opened}`, onState: () => undefined });
  await answers(store);
  return {
    store,
    pass: (ms) => systemClock.sleep(ms),
    restart: async () => {
      await redis.restart();
      await answers(store);
    },
    close: () => store.close(),
  };
});
