// `ballast check` on a real control plane, as plain users: the published role is all that it wants, a rule
// less is found by its name, and who has no right at all is told each one.

import type { V1ClusterRole } from '@kubernetes/client-node';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCheck } from '../cli/checked-fleet.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { app, ingressClass, ingressController, namespace, node } from './objects.ts';
import { listenOnFreePort } from './ports.ts';
import { until } from './until.ts';

const ADDRESS = '127.42.1.1';
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'ballast-reader' },
};

let folder: string;
let east: ControlPlane;
let redis: TestRedis;
let listener: Server;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-check-real-'));
  listener = createServer((socket) => socket.destroy());
  port = await listenOnFreePort(listener, ADDRESS);
  redis = await startRedis();
  east = await startCluster({ name: 'east', users: ['stranger'] });
  await east.admin.create(node({ name: 'east-1', address: ADDRESS, ingress: true }));
  const shop = app({ name: 'shop', namespace: 'prod', replicas: 2, host: 'shop.example.com' });
  await east.admin.apply(namespace('prod'), ingressClass(), ...ingressController(), ...shop);
});
afterAll(async () => {
  await east?.close();
  await redis?.close();
  listener?.close();
  if (listener) await once(listener, 'close');
  await rm(folder, { recursive: true, force: true });
});

interface Found {
  readonly level: string;
  readonly code: string;
  readonly text: string;
  readonly fix: string;
}

async function checkAs(user: string) {
  const pods = { namespace: 'ingress', selector: 'app=ingress' };
  const config = {
    environment: 'real',
    redis: { url: redis.url },
    clusters: [
      {
        name: 'east',
        kubeconfig: { path: east.kubeconfig(user) },
        namespaces: ['prod'],
        ingress: { nodes: 'ingress=true', pods, port },
      },
    ],
    apps: { discover: { services: 'ballast.io/app' } },
  };
  const { code, text, errors } = await runCheck(folder, config, ['-o', 'json']);
  expect(errors).toBe('');
  return { code, items: (JSON.parse(text) as { items: Found[] }).items };
}

/** The authorizer learns of another role a little later, the cluster of its pods. */
function untilFound(count: number) {
  return until(`${count} things are found`, async () => {
    const found = await checkAs('ballast');
    return found.items.length === count ? found : undefined;
  });
}

test('with the published role nothing is found, once the ingress pod is ready', async () => {
  expect((await untilFound(0)).code).toBe(0);
});

test.each([
  ['endpointslices', 'error', 'prod', 1],
  ['ingresses', 'warning', 'prod', 0],
  ['nodes', 'error', 'all namespaces', 1],
])('without the right to %s it is named', async (resource, level, where, exit) => {
  const role = await east.admin.get<V1ClusterRole>(ROLE);
  const rules = role.rules?.map((rule) => {
    const { apiGroups, verbs } = rule;
    return { apiGroups, verbs, resources: rule.resources?.filter((one) => one !== resource) };
  });
  await east.admin.patch(ROLE, { rules: rules?.filter((rule) => rule.resources?.length) });
  const { code, items } = await untilFound(1);
  await east.admin.patch(ROLE, { rules: role.rules });
  await untilFound(0);
  expect(items).toEqual([
    {
      place: 'cluster east',
      level,
      code: 'right-missing',
      text: expect.stringContaining(`ballast may not list and watch ${resource} in ${where}`),
      fix: expect.stringContaining('to the user ballast'),
    },
  ]);
  expect(code).toBe(exit);
});

test('who has no right is told each, but of kinds that the cluster does not serve', async () => {
  const { code, items } = await checkAs('stranger');
  const told = items.map(({ level, text }) => {
    return `${level} ${/list and watch (\S+ in [a-z ]+)/.exec(text)?.[1] ?? text}`;
  });
  expect(told.toSorted()).toEqual([
    'error endpointslices in prod',
    'error nodes in all namespaces',
    'error pods in ingress',
    'error services in prod',
    'warning ingressclasses in all namespaces',
    'warning ingresses in prod',
  ]);
  expect(code).toBe(1);
});
