// Holds from outside: what a person says by the API is what nginx does, whatever dies meanwhile.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { Load } from '../simulated/load.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';
import { underLoad } from './under-load.ts';

const HOST = 'shop.example.com';
let fleet: Fleet;

interface Said {
  readonly ids: readonly [string];
  readonly term: number;
  readonly version: number;
  readonly acknowledged: boolean;
  readonly edges: readonly { readonly name: string; readonly missing?: string }[];
}

beforeAll(async () => {
  // Ramps that take seconds gain in one minute what the guard would spread over two.
  fleet = await startFleet(31, 'redis', {
    weights: { ramp: { seconds: 1 } },
    guard: { share: { clusterPoints: 100, upstreamPoints: 100 } },
    // A standby takes over from who is killed, and from nobody who is only slow.
    leader: { leaseSeconds: 5 },
  });
  const [east, west] = both();
  east.setApp({ name: 'shop', pods: 20, hosts: [HOST], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  await settled([100, 100], [50, 50]);
});
afterAll(async () => {
  await fleet.close();
});

const both = () => bothOf(fleet);

const settled = (east: readonly number[], west: readonly number[]): Promise<void> =>
  untilSettled(fleet, [east, west]);

const underSteadyLoad = (change: () => Promise<void>): Promise<void> =>
  underLoad(fleet.edges, HOST, change);

/** Requests of 2,000 that each node got; none may fail. */
async function shares(): Promise<Readonly<Record<string, number>>> {
  const entries = fleet.edges.map(({ url }) => ({ url, host: HOST }));
  const load = new Load({ entries, connections: 4 });
  const totals = await load.count(undefined, 2000);
  await load.close();
  expect([totals.failures, totals.answered]).toEqual([0, 2000]);
  return totals.byNode;
}

const holds = async () =>
  (await fleet.ballast.get<{ items: { id: string }[] }>('/api/v1/holds')).items;

const leads = () =>
  until('it leads', async () => {
    const { leader } = await fleet.ballast.get<{ leader: { leading: boolean } }>('/api/v1/edges');
    return leader.leading;
  });

async function drain(more: object = {}, query = '?wait=30s'): Promise<Said> {
  // One that was killed may still hold the lease.
  await leads();
  const body = { kind: 'drain', cluster: 'east', why: 'kernel', ...more };
  const { status, json } = await fleet.ballast.send<Said>('POST', `/api/v1/holds${query}`, body);
  expect(status, JSON.stringify(json)).toBe(201);
  return json;
}

/** The hold that drains east; whatever came before. */
async function drained(): Promise<string> {
  const [hold] = await holds();
  return hold?.id ?? (await drain()).ids[0];
}

interface Change {
  readonly servers: readonly { readonly address: string; readonly after?: number }[];
}

/** Weights that east's first node was published with lately, and with `count` of them no more. */
async function lately(count: number): Promise<(number | undefined)[]> {
  const { items } = await fleet.ballast.get<{ items: Change[] }>(
    `/api/v1/history?app=shop&limit=${count}`,
  );
  const address = fleet.address(1, 1);
  return items
    .toReversed()
    .map(({ servers }) => servers.find((server) => server.address === address)?.after);
}

test('a cluster drained by the API takes no request once every edge has acknowledged', async () => {
  await underSteadyLoad(async () => {
    const said = await drain();
    expect(said).toMatchObject({
      acknowledged: true,
      edges: [{ name: 'edge-1' }, { name: 'edge-2' }],
    });
    const byNode = await shares();
    expect([byNode['east-1'], byNode['east-2']]).toEqual([undefined, undefined]);
    // The steady load takes its turns in between.
    expect((byNode['west-1'] ?? 0) / 2000).toBeCloseTo(0.5, 1);
  });
});

test('an edge that is silent is missing, and named', async () => {
  const [edge] = fleet.edges;
  const { master = 0, workers } = edge?.pids() ?? { workers: [] };
  for (const pid of [master, ...workers]) process.kill(pid, 'SIGSTOP');
  try {
    const { acknowledged, edges, ids } = await drain({ cluster: 'nowhere' }, '?wait=5s');
    expect([acknowledged, edges[0]?.missing, edges[1]]).toEqual([
      false,
      expect.stringMatching(/has not applied it yet|is silent/),
      { name: 'edge-2' },
    ]);
    for (const pid of [master, ...workers]) process.kill(pid, 'SIGCONT');
    const later = await fleet.ballast.get<Said>(`/api/v1/holds/${ids[0]}?wait=30s`);
    expect(later.acknowledged).toBe(true);
    const { json } = await fleet.ballast.send<Said>('DELETE', `/api/v1/holds/${ids[0]}?wait=30s`);
    expect(json.acknowledged).toBe(true);
  } finally {
    for (const pid of [master, ...workers]) process.kill(pid, 'SIGCONT');
  }
});

test('the controller killed and started: the hold stands, and pods change beneath it', async () => {
  await drained();
  await underSteadyLoad(async () => {
    await fleet.ballast.kill('SIGKILL');
    await fleet.restartBallast();
    await leads();
    both()[0].scale('shop', 40);
    both()[1].scale('shop', 20);
    await settled([0, 0], [100, 100]);
    const { servers } = await fleet.ballast.get<{ servers: { weight: number; auto?: number }[] }>(
      '/api/v1/apps/shop',
    );
    expect(servers[0]).toMatchObject({ weight: 0, auto: 200 });
    expect(await holds()).toHaveLength(1);
  });
});

test('Redis restarted empty, and the controller new: the edges bring the hold back', async () => {
  await drained();
  await underSteadyLoad(async () => {
    await fleet.ballast.kill('SIGKILL');
    await fleet.redis.kill();
    await fleet.redis.restart({ empty: true });
    await fleet.restartBallast();
    await leads();
    expect(await holds()).toHaveLength(1);
    both()[0].scale('shop', 20);
    both()[1].scale('shop', 10);
    await settled([0, 0], [50, 50]);
  });
});

test('a standby sends writes to the leader; undrained, the cluster rises in steps', async () => {
  const standby = await fleet.startStandby();
  try {
    await until('it stands by', async () => {
      const { leader } = await standby.get<{ leader: { address?: string } }>('/api/v1/edges');
      return leader.address === fleet.ballast.url;
    });
    const id = await drained();
    both()[0].scale('shop', 20);
    both()[1].scale('shop', 10);
    await settled([0, 0], [50, 50]);
    await underSteadyLoad(async () => {
      const { status, json } = await standby.send<Said>('DELETE', `/api/v1/holds/${id}?wait=30s`);
      expect([status, json.acknowledged]).toEqual([200, true]);
      await settled([100, 100], [50, 50]);
    });
    expect(await lately(5)).toEqual([0, 25, 50, 75, 100]);
  } finally {
    await standby.kill('SIGTERM');
  }
});

test('a hold that is over ends by itself', async () => {
  await underSteadyLoad(async () => {
    await drain({ until: new Date(Date.now() + 6000).toISOString() }, '');
    expect(await holds()).toHaveLength(1);
    await until('it is over', async () => (await holds()).length === 0);
    await settled([100, 100], [50, 50]);
  });
  expect(await lately(5)).toEqual([0, 25, 50, 75, 100]);
});

test('every word is in the audit, and the last cluster is not drained without allowEmpty', async () => {
  await leads();
  const asked = { kind: 'drain', app: 'shop', why: 'mistake' };
  const { status, json } = await fleet.ballast.send<{ code: string }>(
    'POST',
    '/api/v1/holds',
    asked,
  );
  expect([status, json.code]).toEqual([409, 'would-empty']);
  const id = (await drain({ cluster: 'nowhere' }, '')).ids[0];
  await fleet.ballast.send('DELETE', `/api/v1/holds/${id}`);
  const { items } = await fleet.ballast.get<{ items: object[] }>('/api/v1/audit?limit=3');
  expect(items).toMatchObject([
    { actor: 'local', text: `lift ${id}`, changed: 0 },
    { actor: 'local', text: `drain ${id} of cluster nowhere: kernel`, changed: 0 },
    { actor: 'local', refused: { code: 'would-empty' } },
  ]);
});
