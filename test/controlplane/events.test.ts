// Events at a real API server, with exactly the published rights: made, counted up, and refused without.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { openEventWriter, type EventWriter } from '../../src/clusters/event-writer.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { namespace } from './objects.ts';
import { until } from './until.ts';
import { silentWorld } from './silent-world.ts';

const EVENT = {
  name: 'ballast.0123456789abcdef',
  about: { kind: 'App', name: 'shop' },
  type: 'Warning',
  reason: 'WouldEmpty',
  message: 'shop would lose its last server',
  count: 1,
  first: 1_700_000_000_000,
  last: 1_700_000_000_000,
} as const;
let plane: ControlPlane;
const writers: EventWriter[] = [];

beforeAll(async () => {
  plane = await startCluster({ name: 'home', users: ['teller', 'nobody'] });
  const file = new URL('../../deploy/manifests/role-events.yaml', import.meta.url);
  const role = parse(await readFile(file, 'utf8')) as KubernetesObject;
  const binding = {
    apiVersion: role.apiVersion,
    kind: 'RoleBinding',
    metadata: { name: 'events', namespace: 'ballast' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'teller' }],
  };
  await plane.admin.apply(namespace('ballast'), role, binding);
});
afterAll(async () => {
  for (const writer of writers) await writer.close();
  await plane?.close();
});

async function writerOf(user: string, where = 'ballast'): Promise<EventWriter> {
  const writer = await openEventWriter(
    { kubeconfig: { path: plane.kubeconfig(user) }, namespace: where },
    silentWorld(plane.folder),
  );
  writers.push(writer);
  return writer;
}

test('it is made, counted up, and there for whoever looks; without the right it is refused', async () => {
  const writer = await writerOf('teller');
  await until('the right is known', async () => (await writer.write(EVENT)).refused === undefined);
  const later = { ...EVENT, count: 3, last: EVENT.last + 60_000, message: 'and again' };
  expect(await writer.write(later)).toEqual({});
  const events = await plane.admin.list({ apiVersion: 'v1', kind: 'Event' }, 'ballast');
  expect(events).toMatchObject([
    {
      count: 4,
      reason: 'WouldEmpty',
      message: 'and again',
      type: 'Warning',
      involvedObject: { kind: 'App', name: 'shop', namespace: 'ballast' },
      firstTimestamp: '2023-11-14T22:13:20Z',
      lastTimestamp: '2023-11-14T22:14:20Z',
    },
  ]);
  const { refused } = await (await writerOf('nobody')).write(EVENT);
  expect(refused).toMatch(/^events is forbidden: .* "nobody"/);
  const elsewhere = await (await writerOf('admin', 'missing')).write(EVENT);
  expect(elsewhere.refused).toMatch(/namespaces "missing" not found/);
});
