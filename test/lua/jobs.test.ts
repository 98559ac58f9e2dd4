import { afterAll, beforeAll } from 'vitest';
import { jobsConformance } from '../conformance/jobs.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

jobsConformance('Redis', () => redisStage(redis));
