// A ReplicaSet whose template changes: Kubernetes replaces no pod for that, and its gate would pass at once.

import { expect, test } from 'vitest';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { ordersOf } from '../jobs/fleet.ts';
import { worldOf } from './fanout-case.ts';

function streamOf(kind: string, image: string): string {
  return `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east]}
---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: shop, namespace: prod}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: "${image}"}]}}
`;
}

function warnings(kind: string, image: string): string[] {
  const written = planFanout(
    ordersOf(streamOf(kind, 'v1')),
    worldOf([{ name: 'east', live: [] }]),
    USUAL,
  );
  const object = written.entries[0]?.object;
  if (!object) throw new Error('nothing is planned');
  const live = [{ name: 'east', live: [{ object }] }];
  const plan = planFanout(ordersOf(streamOf(kind, image)), worldOf(live), USUAL);
  return plan.warnings.filter(({ code }) => code === 'pods-stay').map(({ text }) => text);
}

test('its change is a warning; a Deployment’s is none, and neither is what stays', () => {
  expect(warnings('ReplicaSet', 'v2')).toEqual([
    expect.stringContaining('east: ReplicaSet shop: its template changes'),
  ]);
  expect(warnings('ReplicaSet', 'v1')).toEqual([]);
  expect(warnings('Deployment', 'v2')).toEqual([]);
});
