// An edge that nobody configured comes and goes: it is waited for until a person retires it, at any controller.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../cli/run.ts';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import type { TestBallast } from './ballast.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';

let fleet: Fleet;
let guest: TestEdge;
let standby: TestBallast;

beforeAll(async () => {
  // Nobody is to take over here, however seldom a busy machine lets the leader renew its lease.
  fleet = await startFleet(48, 'redis', {
    weights: { ramp: { seconds: 0 } },
    leader: { leaseSeconds: 30 },
  });
  const [east, west] = bothOf(fleet);
  east.setApp({ name: 'shop', pods: 20, hosts: ['shop.example.com'], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: ['shop.example.com'], ingress: true });
  await untilSettled(fleet, [
    [100, 100],
    [50, 50],
  ]);
  guest = await startEdge({ name: 'guest', environment: 'e2e', redisUrl: fleet.redis.url });
  standby = await fleet.startStandby();
}, 120_000);
afterAll(async () => {
  await standby?.kill('SIGTERM');
  await guest?.close();
  await fleet?.close();
});

interface Edges {
  readonly items: readonly { readonly name: string; readonly status: string }[];
  readonly retired: readonly string[];
}

async function statusAt(at: TestBallast): Promise<string> {
  const { items, retired } = await at.get<Edges>('/api/v1/edges');
  return items.find(({ name }) => name === 'guest')?.status ?? (retired.join() || 'none');
}

const both = async (status: string, what: string): Promise<void> => {
  for (const at of [fleet.ballast, standby])
    await until(what, async () => (await statusAt(at)) === status);
};

const ballast = (...args: readonly string[]) =>
  call(args, { env: { BALLAST_SERVER: standby.url }, cwd: fleet.folder });
const drain = (wait: string) =>
  ballast('cluster', 'drain', 'east', '--why', 'kernel', '--wait', wait);

test('from the first heartbeat to the retirement, and back', async () => {
  await both('current', 'both controllers know the guest');
  expect(await ballast('edge', 'retire', 'edge-1', '--confirm', 'edge-1')).toMatchObject({
    code: 5,
    errors: expect.stringContaining('edge-configured'),
  });
  await guest.stop('SIGKILL');
  await both('unreachable', 'both controllers miss the guest');
  const waited = await drain('1');
  expect(waited).toMatchObject({ code: 6, out: expect.stringContaining('guest: it is silent') });
  expect(await ballast('cluster', 'undrain', 'east')).toMatchObject({ code: 0 });

  expect(await ballast('edge', 'retire', 'guest', '--confirm', 'guest')).toMatchObject({
    code: 0,
    out: 'guest is retired\n',
  });
  await both('guest', 'both controllers know that the guest is retired');
  expect((await ballast('edge', 'get')).out).toContain('\nretired: guest\n');
  expect((await ballast('edge', 'wait')).out).not.toContain('guest');
  expect(await drain('60')).toMatchObject({ code: 0 });
  expect(await ballast('cluster', 'undrain', 'east')).toMatchObject({ code: 0 });

  await guest.start();
  await both('current', 'the guest is an edge again, and has caught up');
  expect((await drain('60')).out).toContain('guest: applied and saved');
}, 120_000);
