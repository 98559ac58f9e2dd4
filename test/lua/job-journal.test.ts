import { afterAll, beforeAll } from 'vitest';
import { journalConformance } from '../conformance/journal.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

journalConformance('Redis', () => redisStage(redis));
