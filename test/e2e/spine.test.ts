// The main job from outside: pods change, and the shares at two real edges follow.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { Load } from '../simulated/load.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { weightsAt } from './held.ts';
import { bothOf, untilSettled } from './settled.ts';
import { expectServed, underLoad, untilSaved } from './under-load.ts';

const HOST = 'shop.example.com';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(21);
  const [east, west] = both();
  east.setApp({ name: 'shop', pods: 20, hosts: [HOST], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  await settled({ east: [100, 100], west: [50, 50] });
});
afterAll(async () => {
  await fleet.close();
});

const both = () => bothOf(fleet);

/** Waits until both edges hold exactly these weights, by cluster and node. */
const settled = (weights: { east: number[]; west: number[] }, app?: string): Promise<void> =>
  untilSettled(fleet, [weights.east, weights.west], app);

const underSteadyLoad = (change: () => Promise<void>, host = HOST): Promise<void> =>
  underLoad(fleet.edges, host, change);

test('a start logs no failure on the way to its first term', () => {
  const [way = '', ...since] = fleet.ballast.log().split('"leading"');
  expect(since).not.toEqual([]);
  expect(way).not.toContain('not leading');
  expect(way).not.toContain('does not answer');
});

test('a Deployment that doubles moves the shares at both edges, with no failed request and no reload', async () => {
  const pids = fleet.edges.map((edge) => edge.pids());
  await underSteadyLoad(async () => {
    both()[0].scale('shop', 40);
    await settled({ east: [200, 200], west: [50, 50] });
  });
  expect(fleet.edges.map((edge) => edge.pids())).toEqual(pids);
  const entries = fleet.edges.map(({ url }) => ({ url, host: HOST }));
  const load = new Load({ entries, connections: 8 });
  const totals = await load.count(undefined, 10_000);
  await load.close();
  expect(totals.failures).toBe(0);
  const share = (node: string): number => (totals.byNode[node] ?? 0) / 10_000;
  for (const node of ['east-1', 'east-2']) expect(share(node)).toBeCloseTo(0.4, 2);
  for (const node of ['west-1', 'west-2']) expect(share(node)).toBeCloseTo(0.1, 2);
});

test('an edge that hangs delays no other, and catches up once it answers', async () => {
  const [hung, well] = fleet.edges;
  if (!hung || !well) throw new Error('two edges were started');
  const { master = 0, workers } = hung.pids();
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of [master, ...workers]) process.kill(pid, name);
  };
  const eastAt = async (weight: number) => {
    await until(`${weight} at the other edge`, async () =>
      Object.values(await weightsAt(well, 'shop')).includes(weight),
    );
  };
  const load = new Load({ entries: [{ url: well.url, host: HOST }], connections: 2 });
  signal('SIGSTOP');
  try {
    // Each finds the first still under way to the edge that hangs.
    for (const pods of [50, 60, 30]) {
      both()[0].scale('shop', pods);
      await eastAt(pods * 5);
    }
    expect((await load.count(undefined, 500)).failures).toBe(0);
  } finally {
    signal('SIGCONT');
    await load.close();
  }
  await settled({ east: [150, 150], west: [50, 50] });
  both()[0].scale('shop', 40);
  await settled({ east: [200, 200], west: [50, 50] });
});

test('an app is explained: pods, ingress nodes and the sum behind each weight', async () => {
  const app = await fleet.ballast.get<{ clusters: { name: string; formula: string }[] }>(
    '/api/v1/apps/shop',
  );
  const formula = app.clusters.find(({ name }) => name === 'east')?.formula;
  expect(formula).toBe('40 pods * 10 / 2 ingress nodes = 200');
});

test('an ingress node without its ready ingress pod goes out, and its sibling takes over', async () => {
  await underSteadyLoad(async () => {
    const order = { name: 'east-2', address: '127.21.1.2' } as const;
    both()[0].setIngressNode({ ...order, ingressPod: 'unready' });
    await settled({ east: [400], west: [50, 50] });
    both()[0].setIngressNode({ ...order, ingressPod: 'ready' });
    await settled({ east: [200, 200], west: [50, 50] });
  });
});

test('a cluster at zero goes out; the last server is refused with would-empty', async () => {
  const [east, west] = both();
  const withoutEast = (): Promise<void> =>
    until('east is out', async () => {
      const held = await Promise.all(fleet.edges.map((edge) => weightsAt(edge, 'shop')));
      return held.every((at) => Object.keys(at).every((address) => address.includes('127.21.2.')));
    }).then(() => undefined);
  east.scale('shop', 0);
  await withoutEast();
  west.scale('shop', 0);
  await until('the guard refuses', async () => {
    const app = await fleet.ballast.get<{ refused?: { code: string } }>('/api/v1/apps/shop');
    return app.refused?.code === 'would-empty';
  });
  await withoutEast();
  west.scale('shop', 10);
  east.scale('shop', 40);
  await settled({ east: [200, 200], west: [50, 50] });
});

test('pods without an Ingress do not count, with reason not-routed', async () => {
  const [east, west] = both();
  east.setApp({ name: 'dark', pods: 5, hosts: ['dark.example.com'], ingress: false });
  west.setApp({ name: 'dark', pods: 4, hosts: ['dark.example.com'], ingress: true });
  await until('dark is published', async () => {
    const edge = fleet.edges[0];
    return edge !== undefined && Object.keys(await weightsAt(edge, 'dark')).length === 2;
  });
  const app = await fleet.ballast.get<{
    clusters: { name: string; pods: number; weight: number; reason?: { code: string } }[];
  }>('/api/v1/apps/dark');
  const found = app.clusters.find(({ name }) => name === 'east');
  expect(found).toMatchObject({ pods: 5, weight: 0, reason: { code: 'not-routed' } });
});

test('a host goes from one app to another without a failed request', async () => {
  const [east] = both();
  const hosted = (name: string, hosts: string[]) =>
    east.setApp({ name, pods: 2, hosts, ingress: true });
  const moving = 'moving.example.com';
  const holder = async (): Promise<string[]> => {
    const { items } = await fleet.ballast.get<{ items: { app: string; hosts?: string[] }[] }>(
      '/api/v1/upstreams',
    );
    return items.filter(({ hosts }) => hosts?.includes(moving)).map(({ app }) => app);
  };
  const held = (app: string): Promise<unknown> =>
    until(`${app} has the host`, async () => (await holder()).join() === app);
  // In the order of their names and against it.
  for (const [from, to] of [
    ['left', 'right'],
    ['right', 'left'],
  ] as const) {
    hosted(from, [`${from}.example.com`, moving]);
    await held(from);
    await underSteadyLoad(async () => {
      hosted(to, [`${to}.example.com`, moving]);
      await until('the other claims it too', async () => {
        const { refused } = await fleet.ballast.get<{ refused?: { code: string } }>(
          `/api/v1/apps/${to}`,
        );
        return refused?.code === 'host-conflict';
      });
      hosted(from, [`${from}.example.com`]);
      await held(to);
    }, moving);
  }
  expect(fleet.ballast.log()).not.toContain('a full recount differs');
});

test('Redis killed and restarted: no failed request, and changes made meanwhile arrive', async () => {
  await underSteadyLoad(async () => {
    await fleet.redis.kill();
    both()[0].scale('shop', 20);
    await fleet.redis.restart();
    await settled({ east: [100, 100], west: [50, 50] });
  });
});

test('Redis restarted empty: it is seeded from the edges, and nothing goes back', async () => {
  await underSteadyLoad(async () => {
    await fleet.redis.kill();
    await fleet.redis.restart({ empty: true });
    both()[0].scale('shop', 30);
    await settled({ east: [150, 150], west: [50, 50] });
  });
});

test('Redis lost, and the controller new while a cluster is away: the edges alone know, and are asked first', async () => {
  await underSteadyLoad(async () => {
    const [east, west] = both();
    await west.api.stop();
    await fleet.ballast.kill('SIGKILL');
    await fleet.redis.kill();
    await fleet.redis.restart({ empty: true });
    await fleet.restartBallast();
    east.scale('shop', 10);
    await settled({ east: [50, 50], west: [50, 50] });
    await west.api.start();
    east.scale('shop', 30);
    await settled({ east: [150, 150], west: [50, 50] });
  });
});

test('the controller killed and started while a cluster is away keeps what is published from it', async () => {
  await underSteadyLoad(async () => {
    const [east, west] = both();
    await west.api.stop();
    await fleet.ballast.kill('SIGKILL');
    await fleet.restartBallast();
    east.scale('shop', 40);
    await settled({ east: [200, 200], west: [50, 50] });
    await west.api.start();
    west.scale('shop', 20);
    await settled({ east: [200, 200], west: [100, 100] });
  });
});

test('an edge restarts alone, with Redis and the controller gone', async () => {
  const edge = fleet.edges[0];
  if (!edge) throw new Error('two edges were started');
  const before = await weightsAt(edge, 'shop');
  await untilSaved(edge);
  await fleet.ballast.kill('SIGKILL');
  await fleet.redis.kill();
  await edge.restart('SIGKILL');
  expect(await weightsAt(edge, 'shop')).toEqual(before);
  await expectServed(edge, HOST, 200);
  await fleet.redis.restart();
  await fleet.restartBallast();
  both()[0].scale('shop', 20);
  await settled({ east: [100, 100], west: [100, 100] });
});
