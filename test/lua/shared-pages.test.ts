import { afterAll, beforeAll } from 'vitest';
import { sharedPagesConformance } from '../conformance/shared-pages.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

sharedPagesConformance('Redis', async () => {
  const { journal, ...stage } = await redisStage(redis);
  return { ...stage, pages: journal.pages };
});
