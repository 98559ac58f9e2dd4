// Rights by namespace on a real control plane, bound as the published role's comment says: Roles for the
// namespaces, a ClusterRole for the rest. One is taken away and given back: only what that namespace says
// is unknown meanwhile.

import type { KubernetesObject, V1ClusterRole } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readKubeconfig } from '../../src/clusters/kubeconfig.ts';
import { openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import type { ClusterReader } from '../../src/clusters/cluster.ts';
import type { Controller } from '../../src/controller.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { app, deployment, ingressClass, ingressController, namespace, node } from './objects.ts';
import { serving } from './truth.ts';
import { until } from './until.ts';
import { silentWorld } from './silent-world.ts';

const API_GROUP = 'rbac.authorization.k8s.io';
const RBAC = `${API_GROUP}/v1`;
const USER = 'narrow';
const EVERYWHERE = ['nodes', 'ingressclasses'];
const APPS = { shop: 'prod', desk: 'side' };

let plane: ControlPlane;
let reader: ClusterReader;
let controller: Controller;
const stop = new AbortController();
let running: Promise<void> | undefined;

beforeAll(async () => {
  plane = await startCluster({ name: 'east', users: [USER] });
  await plane.admin.create(node({ name: 'east-1', address: '10.1.0.1', ingress: true }));
  await plane.admin.apply(namespace('prod'), namespace('side'), ingressClass());
  await plane.admin.apply(...ingressController());
  for (const [name, place] of Object.entries(APPS)) {
    const host = `${name}.example.com`;
    await plane.admin.apply(...app({ name, namespace: place, replicas: 4, host }));
  }
  for (const binding of await bindNarrowly()) await plane.admin.apply(binding);
  reader = await openReader();
  const parts = controllerInMemory({ clusters: [reader] });
  ({ controller } = parts);
  running = controller.run(stop.signal);
});
afterAll(async () => {
  stop.abort();
  await running;
  await reader?.close();
  await plane?.close();
});

/** The published rules, for nodes and classes everywhere, for the others in each namespace. */
async function bindNarrowly(): Promise<KubernetesObject[]> {
  const published = {
    apiVersion: RBAC,
    kind: 'ClusterRole',
    metadata: { name: 'ballast-reader' },
  };
  const role = await plane.admin.get<V1ClusterRole>(published);
  const rulesOf = (wide: boolean) =>
    (role.rules ?? []).flatMap(({ apiGroups, verbs, resources: all = [] }) => {
      const resources = all.filter((one) => EVERYWHERE.includes(one) === wide);
      return resources.length > 0 ? [{ apiGroups, resources, verbs }] : [];
    });
  const pair = (kind: string, rules: object, place: object) => [
    { apiVersion: RBAC, kind, metadata: { name: USER, ...place }, rules },
    binding(kind, place),
  ];
  return [
    ...pair('ClusterRole', rulesOf(true), {}),
    ...['prod', 'side', 'ingress'].flatMap((one) =>
      pair('Role', rulesOf(false), { namespace: one }),
    ),
  ];
}

function binding(kind: string, place: object): KubernetesObject {
  return {
    apiVersion: RBAC,
    kind: `${kind}Binding`,
    metadata: { name: USER, ...place },
    roleRef: { apiGroup: API_GROUP, kind, name: USER },
    subjects: [{ apiGroup: API_GROUP, kind: 'User', name: USER }],
  } as KubernetesObject;
}

async function openReader(): Promise<ClusterReader> {
  const path = plane.kubeconfig(USER);
  const pods = { namespace: 'ingress', selector: 'app=ingress' };
  return await openKubernetesCluster(
    {
      name: 'east',
      kubeconfig: { path },
      namespaces: ['prod', 'side'],
      ingress: { nodes: 'ingress=true', pods, port: 80 },
    },
    { told: [], serviceLabel: 'ballast.io/app' },
    silentWorld(plane.folder),
    async () =>
      readKubeconfig(await readFile(path, 'utf8'), undefined, {
        name: 'east',
        folder: plane.folder,
      }),
  );
}

const weightOf = (name: string) =>
  controller
    .published()
    ?.app(name)
    ?.upstream.servers.map(({ weight }) => weight);

async function untilPublished(name: keyof typeof APPS): Promise<void> {
  await until(
    `${name} is as the API server says`,
    async () => {
      const { size } = await serving(plane.admin, APPS[name], name);
      const wanted = JSON.stringify([size * 10]);
      const held = JSON.stringify(weightOf(name));
      if (held !== wanted) throw new Error(`${held} of ${wanted}: ${reader.status().reason}`);
      return true;
    },
    120_000,
  );
}

async function scaled(name: keyof typeof APPS, replicas: number): Promise<void> {
  const one = { name, namespace: APPS[name], replicas };
  await plane.admin.scale(deployment(one), replicas);
  const arrived = async () => (await serving(plane.admin, APPS[name], name)).size === replicas;
  await until(`${name} has ${replicas}`, arrived, 120_000);
}

test('Roles for the namespaces and a ClusterRole for the rest suffice', async () => {
  await untilPublished('shop');
  await untilPublished('desk');
  await until('nothing is unread', () => reader.status().reason === undefined);
  expect(reader.status().state).toBe('fresh');
});

test('a right taken away in one namespace, and given back', async () => {
  await plane.admin.remove(binding('Role', { namespace: 'side' }) as never);
  await until('its absence is noticed', () => {
    if (!reader.status().unread) reader.relist();
    return reader.status().unread?.join() === 'side';
  });
  expect(reader.status().state).toBe('fresh');
  const before = weightOf('desk');
  await scaled('desk', 2);
  await scaled('shop', 7);
  await untilPublished('shop');
  expect(weightOf('desk')).toEqual(before);
  const reason = () => controller.facts('desk')?.inventory.clusters[0]?.reason;
  await until('the reason names the right', () => reason()?.code === 'namespace-unread');
  expect(reason()?.text).toMatch(/of side cannot be read: HTTP 403, the right to list and watch/);
  await plane.admin.apply(binding('Role', { namespace: 'side' }));
  await untilPublished('desk');
  await until('nothing is unread', () => reader.status().unread === undefined, 120_000);
});
