// What cannot be read in Redis, and README's cures for it, carried out.

import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../cli/run.ts';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';

let fleet: Fleet;
let redis: Redis;

beforeAll(async () => {
  fleet = await startFleet(49);
  redis = new Redis(fleet.redis.url);
  const [east, west] = bothOf(fleet);
  east.setApp({ name: 'shop', pods: 20, hosts: ['shop.example.com'], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: ['shop.example.com'], ingress: true });
  await untilSettled(fleet, [
    [100, 100],
    [50, 50],
  ]);
}, 120_000);
afterAll(async () => {
  redis?.disconnect();
  await fleet?.close();
});

const KEY = '{ballast:e2e}';
const bodies = `${KEY}:upstreams`;
const manifest = `${KEY}:manifest`;
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
const ballast = (...args: readonly string[]) =>
  call(args, { env: { BALLAST_SERVER: fleet.ballast.url }, cwd: fleet.folder });
const valueOf = async (key: string): Promise<string> => (await redis.hget(key, 'shop')) ?? '';

async function nextTerm(): Promise<void> {
  await fleet.ballast.kill('SIGTERM');
  await fleet.restartBallast();
}

/** Weights follow pods again: what is published is read, and written over. */
async function scaledTo(pods: number): Promise<void> {
  const [east] = bothOf(fleet);
  east.setApp({ name: 'shop', pods, hosts: ['shop.example.com'], ingress: true });
  await untilSettled(fleet, [
    [pods * 5, pods * 5],
    [50, 50],
  ]);
}

test('damaged in Redis: the next term has it from the edges', async () => {
  const body = await valueOf(bodies);
  await redis.hset(bodies, 'shop', 'damaged');
  await nextTerm();
  await until('Redis has it again', async () => (await valueOf(bodies)) === body);
  await scaledTo(30);
}, 60_000);

test('of a later version, which nobody runs any more: taken out of Redis', async () => {
  const [body, line] = [await valueOf(bodies), await valueOf(manifest)];
  const later = body.replace('"policy"', '"later":1,"policy"');
  await redis.hset(bodies, 'shop', later);
  await redis.hset(manifest, 'shop', line.replace(sha1(body), sha1(later)));
  await nextTerm();
  await until('it is named', async () => {
    const { out } = await ballast('app', 'explain', 'shop');
    return out.includes('cannot be read (later: unknown key)');
  });
  expect(await ballast('app', 'delete', 'shop', '--confirm', 'shop')).toMatchObject({
    code: 3,
    errors: expect.stringContaining('cannot be read (later: unknown key)'),
  });
  await fleet.ballast.kill('SIGTERM');
  for (const key of [bodies, manifest]) await redis.hdel(key, 'shop');
  await fleet.restartBallast();
  await until('Redis has what the edges serve', async () => (await valueOf(bodies)) === body);
  await scaledTo(40);
}, 60_000);
