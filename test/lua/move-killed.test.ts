// At every intent and every result boundary, on a real Redis; test/jobs/move-killed.test.ts has all other
// effects.

import { afterAll, beforeAll } from 'vitest';
import { moveKills } from '../conformance/move-kills.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

moveKills('Redis', () => redisStage(redis), { at: /journal\.put/ });
