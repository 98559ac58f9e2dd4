// Clusters that Cluster API made: its Secrets lie in a real management cluster, where Ballast has the
// published Role and nothing else. That cluster plays the workload cluster as well.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { ApiError } from './client.ts';
import { startCluster, type ControlPlane } from './cluster.ts';
import { app, ingressClass, namespace, node } from './objects.ts';
import { until } from './until.ts';

const RBAC = 'rbac.authorization.k8s.io';

let folder: string;
let home: ControlPlane;
let redis: TestRedis;
let ballast: TestBallast;

/** As Cluster API writes it: all of a cluster's Secrets bear its name, and one is its kubeconfig. */
const secretOf = (name: string, data: Readonly<Record<string, string>>): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'fleet', labels: { 'cluster.x-k8s.io/cluster-name': 'east' } },
    type: 'cluster.x-k8s.io/secret',
    stringData: data,
  }) as KubernetesObject;

function kubeconfigOf(user: string): string {
  const ca = Buffer.from(home.ca).toString('base64');
  const cluster = { server: home.url, 'certificate-authority-data': ca };
  return JSON.stringify({
    clusters: [{ name: 'east', cluster }],
    users: [{ name: 'east-admin', user: { token: home.token(user) } }],
    contexts: [{ name: 'east-admin@east', context: { cluster: 'east', user: 'east-admin' } }],
    'current-context': 'east-admin@east',
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-capi-'));
  home = await startCluster({ name: 'home', users: ['fleet'] });
  const file = '../../deploy/manifests/role-cluster-secrets.yaml';
  const role = parse(await readFile(join(import.meta.dirname, file), 'utf8')) as KubernetesObject;
  await home.admin.create(node({ name: 'home-1', address: '127.0.9.1', ingress: true }));
  await home.admin.apply(
    ...[namespace('prod'), namespace('fleet'), ingressClass(), role],
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'fleet', namespace: 'fleet' },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: role.metadata?.name },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: 'fleet' }],
    } as KubernetesObject,
    ...app({ name: 'shop', namespace: 'prod', replicas: 3, host: 'shop.example.com' }),
    ...['ca', 'etcd', 'proxy', 'sa'].map((use) => secretOf(`east-${use}`, { 'tls.crt': 'x' })),
    secretOf('east-md-0-x7k2p', { value: '#cloud-config\n', format: 'cloud-config' }),
  );
  redis = await startRedis();
  await writeFile(join(folder, 'home.kubeconfig'), await readFile(home.kubeconfig('fleet')));
  const selector = 'cluster.x-k8s.io/cluster-name';
  const secrets = { kubeconfig: { path: 'home.kubeconfig' }, namespace: 'fleet', selector };
  ballast = await startBallast(folder, {
    environment: 'capi',
    redis: { url: redis.url },
    clusterSources: [{ secrets, ingress: { nodes: 'ingress=true', port: 80 } }],
    apps: { discover: { services: 'ballast.io/app' } },
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  });
});
afterAll(async () => {
  await ballast?.kill('SIGTERM');
  await redis?.close();
  await home?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Clusters {
  readonly items: readonly { readonly name: string; readonly state: string }[];
  readonly sources: readonly { readonly source: string; readonly trouble: readonly string[] }[];
}

interface Weighed {
  readonly servers?: readonly { readonly address: string; readonly weight: number }[];
}

const clusters = () => ballast.get<Clusters>('/api/v1/clusters');
const state = async (): Promise<string | undefined> =>
  (await clusters()).items.find(({ name }) => name === 'east')?.state;
const troubles = async () => (await clusters()).sources.flatMap(({ trouble }) => trouble);

test('the Role reaches no other namespace', async () => {
  const denied = home.client('fleet').list({ apiVersion: 'v1', kind: 'Secret' }, 'kube-system');
  await expect(denied).rejects.toThrow(ApiError);
});

test('its kubeconfig appears, and the cluster is followed by its name: the Role suffices', async () => {
  await home.admin.apply(secretOf('east-kubeconfig', { value: kubeconfigOf('ballast') }));
  await until('east is fresh', async () => (await state()) === 'fresh');
  await until('shop is weighed', async () => {
    const { servers = [] } = await ballast.get<Weighed>('/api/v1/upstreams/shop');
    const weights = servers.map(({ address, weight }) => `${address}=${weight}`).join();
    if (weights === '127.0.9.1:80=30') return true;
    throw new Error(weights);
  });
  expect(await troubles()).toEqual([]);
});

test('it is deleted with its cluster: the servers stay, and people are told', async () => {
  await home.admin.remove(secretOf('east-kubeconfig', {}));
  await until('east is missed', async () => (await state()) === 'stale');
  const { servers } = await ballast.get<Weighed>('/api/v1/upstreams/shop');
  expect(servers).toHaveLength(1);
});
