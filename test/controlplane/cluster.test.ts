// The harness proves itself: what the other tests of this lane rely on is the case.
import type { V1Deployment, V1Node, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiError, Client } from './client.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { app, ingressController, namespace, node } from './objects.ts';
import { condition, podsOf, serving, setReady, stayingPodsOf } from './truth.ts';
import { until } from './until.ts';

const nodes = { apiVersion: 'v1', kind: 'Node' };
const shop = { name: 'shop', namespace: 'prod' };

let east: ControlPlane;
let west: ControlPlane;

beforeAll(async () => {
  await timed('two clusters side by side', async () => {
    const options = { groups: ['steady', 'mute'], nodeGraceSeconds: 16 };
    const started = [startCluster({ name: 'east', ...options }), startCluster({ name: 'west' })];
    const settled = await Promise.allSettled(started);
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    [east, west] = (await Promise.all(started)) as [ControlPlane, ControlPlane];
  });
});

afterAll(async () => {
  await timed('end both', () => Promise.all([east?.close(), west?.close()]));
});

describe('a cluster', () => {
  test('has nodes that its groups of kubelets make Ready', async () => {
    for (const name of ['node-1', 'node-2']) {
      const address = `127.1.1.${name.at(-1)}`;
      await east.admin.create(node({ name, address, ingress: true }));
    }
    await east.admin.create(
      node({ name: 'node-3', address: '127.1.1.3', group: 'mute', ingress: true }),
    );
    await timed('three nodes Ready', () =>
      until('nodes are Ready', async () => (await ready(east)).length === 3),
    );
    const { status } = await nodeOf(east, 'node-1');
    expect(status?.addresses).toContainEqual({ type: 'InternalIP', address: '127.1.1.1' });
  });

  test('makes the pods of a Deployment available and fills its EndpointSlice', async () => {
    await east.admin.apply(namespace('prod'), ...ingressController());
    await timed('a Deployment of 20 is Available, its EndpointSlice complete', async () => {
      await east.admin.apply(...app({ ...shop, replicas: 20, host: 'shop.example.com' }));
      await until('20 are available', async () => (await availableOf(east)) === 20);
      await until('20 serve', async () => (await serving(east.admin, 'prod', 'shop')).size === 20);
    });
    const addresses = (await podsOf(east.admin, 'prod', 'shop')).map((pod) => pod.status?.podIP);
    expect(new Set(addresses).size).toBe(20);
  });

  test('follows a new number of replicas, up and down', async () => {
    const [deployment] = app({ ...shop, replicas: 20 });
    for (const replicas of [40, 20]) {
      await timed(`scaled to ${replicas}`, async () => {
        await east.admin.scale(deployment, replicas);
        const count = async () => (await serving(east.admin, 'prod', 'shop')).size;
        await until(`${replicas} serve`, async () => (await count()) === replicas);
      });
    }
  });

  test('puts a ready ingress pod on each labelled node', async () => {
    await until('three ingress pods are Ready', async () => {
      const pods = await podsOf(east.admin, 'ingress', 'ingress');
      return pods.filter((pod) => condition(pod, 'Ready') === 'True').length === 3;
    });
    const pods = await podsOf(east.admin, 'ingress', 'ingress');
    expect(pods.map((pod) => pod.spec?.nodeName).sort()).toEqual(['node-1', 'node-2', 'node-3']);
  });

  test('shares nothing with the cluster beside it', async () => {
    expect(await west.admin.list(nodes)).toEqual([]);
    expect(west.url).not.toBe(east.url);
    expect(await east.admin.list(nodes)).toHaveLength(3);
    const stranger = new Client({ url: west.url, ca: west.ca, token: east.adminToken });
    await expect(stranger.list(nodes)).rejects.toMatchObject({ status: 401 });
    const deceived = new Client({ url: west.url, ca: east.ca, token: west.adminToken });
    await expect(deceived.list(nodes)).rejects.toThrow(/certificate/);
    await Promise.all([stranger.close(), deceived.close()]);
  });

  test('lets a pod be unready until it is made ready again', async () => {
    const [pod] = await stayingPodsOf(east.admin, 'prod', 'shop');
    const count = async () => (await serving(east.admin, 'prod', 'shop')).size;
    await setReady(east.admin, pod as V1Pod, false);
    await until('one less serves', async () => (await count()) === 19);
    await setReady(east.admin, pod as V1Pod, true);
    await until('all serve', async () => (await count()) === 20);
  });

  test('keeps a pod terminating for as long as it lingers', async () => {
    const podAnnotations = { 'test.ballast.io/linger': '10s' };
    const [deployment, service] = app({
      name: 'slow',
      namespace: 'prod',
      replicas: 1,
      podAnnotations,
    });
    await east.admin.apply(deployment, service);
    await until('it serves', async () => (await serving(east.admin, 'prod', 'slow')).size === 1);
    const removed = performance.now();
    await east.admin.scale(deployment, 0);
    await until('it is terminating', async () => {
      const [pod] = await podsOf(east.admin, 'prod', 'slow');
      return pod?.metadata?.deletionTimestamp !== undefined;
    });
    await until('it serves no more', async () => {
      return (await serving(east.admin, 'prod', 'slow')).size === 0;
    });
    await until('it is gone', async () => (await podsOf(east.admin, 'prod', 'slow')).length === 0);
    expect(performance.now() - removed).toBeGreaterThan(9_500);
  });
});

describe('the plain user', () => {
  const readable = [
    { apiVersion: 'v1', kind: 'Service' },
    { apiVersion: 'v1', kind: 'Pod' },
    nodes,
    { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass' },
  ];

  test.each(readable)('may list $kind', async (kind) => {
    await expect(east.client('ballast').list(kind)).resolves.toBeInstanceOf(Array);
  });

  test('may write nothing, and read no Secret', async () => {
    const plain = east.client('ballast');
    const [deployment] = app({ ...shop, replicas: 0 });
    const refused = [
      plain.create(namespace('mine')),
      plain.scale(deployment, 0),
      plain.patch({ ...nodes, metadata: { name: 'node-1' } }, { spec: { unschedulable: true } }),
      plain.remove({ ...nodes, metadata: { name: 'node-1' } }),
      plain.list({ apiVersion: 'v1', kind: 'Secret' }),
      plain.get({ ...nodes, metadata: { name: 'node-1' } }),
    ];
    for (const one of await Promise.allSettled(refused)) {
      expect(one.status === 'rejected' && (one.reason as ApiError).status).toBe(403);
    }
  });
});

describe('a silent group of nodes', () => {
  test('turns Unknown, its pods unready, while their containers stay ready', async () => {
    await timed('silent nodes noticed (grace 16 s)', async () => {
      await east.silence('mute');
      const unknown = async () => condition(await nodeOf(east, 'node-3'), 'Ready') === 'Unknown';
      await until('node-3 is Unknown', unknown, 120_000);
      const unready = async () => condition(await ingressPodOn('node-3'), 'Ready') === 'False';
      await until('its ingress pod is unready', unready, 120_000);
    });
    expect(condition(await ingressPodOn('node-3'), 'ContainersReady')).toBe('True');
    expect(await ready(east)).toEqual(['node-1', 'node-2']);
    expect(condition(await ingressPodOn('node-1'), 'Ready')).toBe('True');
  });

  test('and its pods are ready again once it speaks', async () => {
    await timed('revived nodes and pods Ready', async () => {
      await east.revive('mute');
      await until('node-3 is Ready', async () => (await ready(east)).length === 3);
      const again = async () => condition(await ingressPodOn('node-3'), 'Ready') === 'True';
      // Longer than a kwok may wait for the lease of its forerunner (leases.ts).
      await until('its ingress pod is ready', again, 90_000);
    });
  });
});

describe('an API server', () => {
  test('that crashed comes back at its port with its data', async () => {
    const before = await nodeOf(east, 'node-1');
    await east.stopApiServer();
    await expect(nodeOf(east, 'node-1')).rejects.toThrow();
    await timed('API server back', () => east.startApiServer());
    const after = await nodeOf(east, 'node-1');
    expect(after.metadata?.uid).toBe(before.metadata?.uid);
    const [deployment] = app({ ...shop, replicas: 20 });
    await east.admin.scale(deployment, 25);
    await until('the controllers go on', async () => (await availableOf(east)) === 25, 120_000);
  });

  test('that hangs answers nothing until it is resumed', async () => {
    east.pauseApiServer();
    const asked = east.admin.list(nodes);
    const first = await Promise.race([asked, new Promise((done) => setTimeout(done, 500, 'hang'))]);
    expect(first).toBe('hang');
    east.resumeApiServer();
    await expect(asked).resolves.toHaveLength(3);
  });
});

test('a whole cluster comes back with its data', async () => {
  const before = (await nodeOf(east, 'node-1')).metadata?.uid;
  await east.stop();
  await timed('everything back', () => east.start());
  expect((await nodeOf(east, 'node-1')).metadata?.uid).toBe(before);
  await timed('and new pods serve', async () => {
    await east.admin.scale(app({ ...shop, replicas: 0 })[0], 30);
    const count = async () => (await serving(east.admin, 'prod', 'shop')).size;
    await until('30 serve', async () => (await count()) === 30);
  });
});

async function timed<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(2)} s`);
  return result;
}

function nodeOf(cluster: ControlPlane, name: string): Promise<V1Node> {
  return cluster.admin.get<V1Node>({ ...nodes, metadata: { name } });
}

async function ready(cluster: ControlPlane): Promise<(string | undefined)[]> {
  const all = await cluster.admin.list<V1Node>(nodes);
  return all.filter((one) => condition(one, 'Ready') === 'True').map((one) => one.metadata?.name);
}

async function ingressPodOn(name: string): Promise<V1Pod> {
  const pods = await podsOf(east.admin, 'ingress', 'ingress');
  const found = pods.find((pod) => pod.spec?.nodeName === name);
  if (found === undefined) throw new Error(`no ingress pod on ${name}`);
  return found;
}

async function availableOf(cluster: ControlPlane): Promise<number | undefined> {
  const [deployment] = app({ ...shop, replicas: 0 });
  return (await cluster.admin.get<V1Deployment>(deployment)).status?.availableReplicas;
}
