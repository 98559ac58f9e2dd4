// VMs from a registry, up to a real edge: what is registered is weighed, pods are not, and a registry
// that is gone or empty takes nothing away, over a restart of Ballast too.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { SimulatedNacos } from '../simulated/nacos.ts';
import { startBallast, type TestBallast } from './ballast.ts';
import { weightsAt } from './held.ts';

const NODE = { '127.24.1.1:8080': 40 };
const VMS = [
  { ip: '127.24.9.1', port: 8080 },
  { ip: '127.24.9.2', port: 8080 },
];
const BOTH = { ...NODE, '127.24.9.1:8080': 10, '127.24.9.2:8080': 10 };

let folder: string;
let east: SimulatedCluster;
let nacos: SimulatedNacos;
let redis: TestRedis;
let edge: TestEdge;
let ballast: TestBallast;
/** Of the configuration. */
let list: readonly object[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-e2e-nacos-'));
  east = await new SimulatedCluster({ name: 'east' }).start();
  east.setIngressNode({ name: 'east-1', address: '127.24.1.1', podCIDR: '10.244.1.0/24' });
  east.setApp({ name: 'shop', pods: 4, hosts: ['shop.example.com'], ingress: true });
  await writeFile(join(folder, 'east.kubeconfig'), east.api.kubeconfig());
  nacos = await new SimulatedNacos().start();
  nacos.account = { username: 'ballast', password: 'secret' };
  await writeFile(join(folder, 'nacos.password'), 'secret\n');
  redis = await startRedis({ persistence: 'aof' });
  edge = await startEdge({ name: 'edge-1', environment: 'e2e', redisUrl: redis.url });
  ballast = await startBallast(folder, config());
});
afterAll(async () => {
  await ballast.kill('SIGTERM');
  await edge.close();
  await redis.close();
  await nacos.stop();
  await east.stop();
  await rm(folder, { recursive: true, force: true });
});

function config(service = '{app}-svc'): object {
  return {
    environment: 'e2e',
    redis: { url: redis.url },
    leader: { leaseSeconds: 1 },
    clusters: [
      {
        name: 'east',
        kubeconfig: { path: 'east.kubeconfig' },
        ingress: { nodes: 'ingress=true', port: 8080 },
      },
    ],
    apps: { discover: { services: 'ballast.io/app' }, list },
    vms: {
      nacos: {
        url: nacos.url,
        service,
        username: 'ballast',
        password: { file: 'nacos.password' },
        intervalSeconds: 1,
      },
    },
    edges: [{ name: edge.name, control: edge.control }],
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  };
}

async function settled(expected: Record<string, number>): Promise<void> {
  const wanted = JSON.stringify(expected);
  let last = '';
  await until(`shop has ${wanted}`, async () => {
    last = JSON.stringify(await weightsAt(edge, 'shop'));
    return last === wanted;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; the edge holds ${last}; ${ballast.log().slice(-2000)}`);
  });
}

/** Waits until shop's VMs are so, with these words. */
async function reason(code: string, ...words: readonly string[]): Promise<void> {
  await until(`shop's VMs are ${code}: ${words.join(', ')}`, async () => {
    const app = await ballast.get<{ vmsReason?: { code: string; text: string } }>(
      '/api/v1/apps/shop',
    );
    const { vmsReason } = app;
    return vmsReason?.code === code && words.every((word) => vmsReason.text.includes(word));
  });
}

async function source(): Promise<{ state: string; vms: number } | undefined> {
  const { items } = await ballast.get<{ items: { name: string; state: string; vms: number }[] }>(
    '/api/v1/vms',
  );
  return items.find(({ name }) => name === 'nacos');
}

test('a registered VM gets its weight, and another', async () => {
  await settled(NODE);
  nacos.set('shop-svc', VMS.slice(0, 1));
  await settled({ ...NODE, '127.24.9.1:8080': 10 });
  nacos.set('shop-svc', VMS);
  await settled(BOTH);
  expect(await source()).toMatchObject({ state: 'fresh', vms: 2 });
});

test('a pod that enrols itself is no VM, by its node’s range or its EndpointSlice', async () => {
  const pod = east.pods('shop')[0]?.address ?? '';
  nacos.set('shop-svc', [...VMS, { ip: pod, port: 8080 }, { ip: '10.244.1.9', port: 8080 }]);
  const words = ': a pod of east';
  await reason('vm-is-pod', `${pod}:8080 is left out`, `10.244.1.9:8080 is left out${words}`);
  await settled(BOTH);
  nacos.set('shop-svc', VMS);
});

test('the registry is killed: its VMs stay, over a restart of Ballast too', async () => {
  await until('both pods are gone', async () => (await source())?.vms === 2);
  await nacos.stop();
  await reason('vms-stale', 'ECONNREFUSED');
  east.scale('shop', 5);
  await settled({ ...BOTH, '127.24.1.1:8080': 50 });
  await ballast.kill('SIGKILL');
  ballast = await startBallast(folder, config());
  await reason('vms-unread', 'ECONNREFUSED');
  east.scale('shop', 4);
  await settled(BOTH);
});

test('the registry is back and empty: the VMs stay; filled again it is fresh', async () => {
  nacos.forget();
  await nacos.start();
  await reason('vms-unread', 'lists no instance');
  expect(await weightsAt(edge, 'shop')).toEqual(BOTH);
  nacos.set('shop-svc', VMS);
  await until('the registry is fresh', async () => (await source())?.state === 'fresh');
  nacos.forget();
  await reason('vms-stale', 'lists no instance');
  expect(await weightsAt(edge, 'shop')).toEqual(BOTH);
});

test('a configuration that is read again asks for other services, and takes nothing away', async () => {
  nacos.set('shop-next', VMS);
  await writeFile(join(folder, 'ballast.yaml'), stringify(config('{app}-next')));
  ballast.signal('SIGHUP');
  await until('the registry is fresh', async () => (await source())?.state === 'fresh');
  expect(await weightsAt(edge, 'shop')).toEqual(BOTH);
  expect(ballast.log()).not.toContain('VMs 2 to 0');
});

test('a weight of 0 in the registry takes a VM out, the last one too', async () => {
  nacos.set('shop-next', [VMS[0]!, { ...VMS[1]!, weight: 0 }]);
  await settled({ ...NODE, '127.24.9.1:8080': 10 });
  nacos.set(
    'shop-next',
    VMS.map((vm) => ({ ...vm, weight: 0 })),
  );
  await settled(NODE);
});

test('an app more, by label of its pods: only they are listed, and none of them is a VM', async () => {
  east.setApp({ name: 'mail', pods: 2, ingress: true });
  const [pod] = east.pods('mail');
  nacos.set('post-next', [
    { ip: pod?.address ?? '', port: 8080 },
    { ip: '127.24.9.3', port: 8080 },
  ]);
  list = [{ name: 'post', pods: [{ namespace: 'prod', selector: 'app=mail' }] }];
  await writeFile(join(folder, 'ballast.yaml'), stringify(config('{app}-next')));
  const asked = east.api.requests.length;
  ballast.signal('SIGHUP');
  await until('post is published', async () => {
    const { servers } = await ballast
      .get<{ servers: { address: string }[] }>('/api/v1/apps/post')
      .catch(() => ({ servers: [] }));
    return servers.map(({ address }) => address).join() === '127.24.9.3:8080';
  });
  const { vmsReason } = await ballast.get<{ vmsReason: { text: string } }>('/api/v1/apps/post');
  expect(vmsReason.text).toBe(`${pod?.address}:8080 is left out: a pod of east is no VM`);
  const queries = east.api.requests.slice(asked).map(({ query }) => query);
  expect(new Set(queries.map((query) => query.get('labelSelector')))).toEqual(
    new Set(['app=mail']),
  );
  await settled(NODE);
});
