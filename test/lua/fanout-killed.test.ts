// At every intent and every result boundary, on a real Redis; test/jobs/fanout-killed.test.ts has all
// other effects.

import { afterAll, beforeAll } from 'vitest';
import { fanoutKills } from '../conformance/fanout-kills.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
});
afterAll(async () => {
  await redis.close();
});

fanoutKills('Redis', () => redisStage(redis), { at: /journal\.put/ });
