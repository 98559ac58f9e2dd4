// Wakes through BullMQ and a real Redis: they outlive whoever asked for them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import { bullWakes } from '../../src/jobs/bull-wakes.ts';
import { until } from '../controlplane/until.ts';
import { draftOf, serve, startProcess, untilState } from '../jobs/process.ts';
import { ToyWorld } from '../jobs/toy.ts';
import { redisStage } from './job-stage.ts';
import { startRedis, type TestRedis } from './redis.ts';

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
});
afterAll(async () => {
  await redis.close();
});

const open = (environment: string) =>
  bullWakes({ url: redis.url, environment, trouble: () => undefined });

test('a wake comes to whoever listens by then, and leaves nothing behind', async () => {
  const asker = open('one');
  await asker.wake('shop-1', 0);
  await asker.wake('shop-2', 100);
  await asker.close();
  const other = open('one');
  const heard: string[] = [];
  const silence = other.listen((id) => heard.push(id));
  await until('both came', () => heard.length === 2);
  expect(heard).toEqual(['shop-1', 'shop-2']);
  await silence();
  await other.close();
  const raw = new Redis(redis.url);
  const keys = await raw.keys('{ballast:one}:jobs:wake:*');
  expect(keys.filter((key) => /:\d+$/.test(key))).toEqual([]);
  expect((await raw.keys('*')).filter((key) => !key.startsWith('{ballast:'))).toEqual([]);
  raw.disconnect();
});

test('a job that waits is brought on by them', async () => {
  const stage = await redisStage(redis);
  const wakes = open('two');
  const world = new ToyWorld();
  const process = startProcess({ journal: stage.journal, world, wakes });
  const stop = await serve(process, await stage.term());
  const { id } = await process.create(draftOf());
  await untilState(stage.journal, id, 'Done');
  await stop();
  await wakes.close();
  await stage.close();
  expect(world.writes.length).toBe(3);
});
