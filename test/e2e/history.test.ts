// History from outside: a change with its cause and the moments in which both edges had it, and the way
// back, measured in requests.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { Load } from '../simulated/load.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';
import { underLoad } from './under-load.ts';

const HOST = 'shop.example.com';
const REQUESTS = 2000;
let fleet: Fleet;

interface Item {
  readonly version: number;
  readonly previous: number;
  readonly causes: readonly object[];
  readonly clusters: readonly { readonly after?: { readonly share: number } }[];
  readonly edges: readonly { readonly name: string; readonly afterMs?: number }[];
}

beforeAll(async () => {
  fleet = await startFleet(33);
  const [east, west] = bothOf(fleet);
  east.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  await settled([50, 50], [50, 50]);
});
afterAll(async () => {
  await fleet.close();
});

const settled = (east: readonly number[], west: readonly number[]): Promise<void> =>
  untilSettled(fleet, [east, west]);

/** The part of all requests that went to east; none may fail. */
async function eastShare(): Promise<number> {
  const entries = fleet.edges.map(({ url }) => ({ url, host: HOST }));
  const load = new Load({ entries, connections: 4 });
  const { failures, answered, byNode } = await load.count(undefined, REQUESTS);
  await load.close();
  expect([failures, answered]).toEqual([0, REQUESTS]);
  return ((byNode['east-1'] ?? 0) + (byNode['east-2'] ?? 0)) / REQUESTS;
}

async function newest(): Promise<Item> {
  const { items } = await fleet.ballast.get<{ items: Item[] }>('/api/v1/history?app=shop&limit=1');
  if (!items[0]) throw new Error('no history of shop');
  return items[0];
}

test('a change shows its cause, its sums, and when both edges had it', async () => {
  bothOf(fleet)[0].scale('shop', 30);
  await settled([150, 150], [50, 50]);
  const has = async () => (await newest()).edges.every(({ afterMs }) => afterMs !== undefined);
  await until('both edges have acknowledged', has);
  const { causes, clusters, edges } = await newest();
  expect(causes).toEqual([{ kind: 'pods', text: expect.stringMatching(/^east: pods \d+ to 30$/) }]);
  expect(clusters).toMatchObject([
    {
      name: 'east',
      before: { share: expect.any(Number) },
      after: { weight: 300, share: 0.75, sum: '30 pods * 10 / 2 ingress nodes = 150' },
    },
    { name: 'west', after: { weight: 100, sum: '10 pods * 10 / 2 ingress nodes = 50' } },
  ]);
  expect(edges.map(({ name }) => name)).toEqual(['edge-1', 'edge-2']);
  for (const { afterMs = -1 } of edges) expect(afterMs).toBeGreaterThanOrEqual(0);
  expect(await eastShare()).toBeCloseTo(0.75, 2);
});

test('a revert gives the earlier shares at the edges, outlives pods, and is lifted', async () => {
  const { items: all } = await fleet.ballast.get<{ items: Item[] }>('/api/v1/history?app=shop');
  const even = all.find(({ clusters }) => clusters[0]?.after?.share === 0.5);
  const asked = { version: even?.version, why: 'it was even' };
  const path = '/api/v1/apps/shop/revert';
  await underLoad(fleet.edges, HOST, async () => {
    const { status, json } = await fleet.ballast.send<{ ids: string[]; acknowledged: boolean }>(
      'POST',
      `${path}?wait=30s`,
      asked,
    );
    expect([status, json.acknowledged]).toEqual([201, true]);
    await settled([50, 50], [50, 50]);
    bothOf(fleet)[0].scale('shop', 40);
    await until('the pods are counted', async () => {
      const { servers } = await fleet.ballast.get<{ servers: { auto?: number }[] }>(
        '/api/v1/apps/shop',
      );
      return servers[0]?.auto === 200;
    });
    await settled([50, 50], [50, 50]);
    const share = await eastShare();
    expect(Math.abs(share - 0.5)).toBeLessThan(0.02);
    await fleet.ballast.send('DELETE', `/api/v1/holds/${json.ids[0]}?wait=30s`);
    await settled([200, 200], [50, 50]);
  });
  const { items } = await fleet.ballast.get<{ items: { text: string }[] }>('/api/v1/audit?limit=2');
  expect(items[1]?.text).toMatch(/^revert shop to version \d+ by h-\w+: it was even$/);
});

test('it is there after Ballast was killed, at a standby too, and Redis down is said', async () => {
  const before = await newest();
  const standby = await fleet.startStandby();
  try {
    await fleet.ballast.kill('SIGKILL');
    const read = () => standby.get<{ items: Item[] }>('/api/v1/history?app=shop&limit=1');
    const items = await until('it has read it', async () => (await read()).items);
    expect(items[0]).toMatchObject({ version: before.version, clusters: before.clusters });
    await fleet.redis.kill();
    await until('it says that Redis is away', async () => {
      const answer = (await read()) as object as { code?: string };
      return answer.code === 'redis-unavailable';
    });
    await fleet.redis.restart();
  } finally {
    await standby.kill('SIGTERM');
  }
});
