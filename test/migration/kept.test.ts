// What is on record of an object before it is deleted, so that it can be made again.

import { expect, test } from 'vitest';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import type { PlannedObject } from '../../src/migration/plan/model.ts';
import type { Doing } from '../../src/migration/run/doing.ts';
import { keptOf } from '../../src/migration/run/kept.ts';
import { deployment, object, service } from './plan/plan-world.ts';

const NONE = { job: { steps: {} }, app: { app: 'shop', objects: [] } } as unknown as Doing;
const planned = (manifest: Manifest, step = 1): PlannedObject => ({
  step,
  manifest,
  uid: 'u',
  how: 'apply',
  late: false,
});
const kept = (live: Manifest, from = live, doing = NONE) => keptOf(doing, planned(from), live);
const templateOf = (image: string) => ({ spec: { containers: [{ name: 'main', image }] } });

test('what people write of it, and nothing that its cluster gave', () => {
  const live = {
    ...service('shop'),
    spec: { selector: { app: 'shop' }, clusterIP: '10.96.0.7', ports: [{ port: 80 }] },
    status: { loadBalancer: {} },
  };
  expect(kept(live)).toEqual({
    before: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'shop', namespace: 'prod', labels: { app: 'shop' } },
      spec: { selector: { app: 'shop' }, ports: [{ port: 80 }] },
    },
  });
});

test('as many pods as there are, and at least as many as there had to be', () => {
  expect(kept(deployment('shop', 7), deployment('shop', 4)).before?.['spec']).toMatchObject({
    replicas: 7,
  });
  const scaler = object('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop', {
    spec: { minReplicas: 5, maxReplicas: 9 },
  });
  expect(kept(scaler).before?.['spec']).toEqual({ minReplicas: 5, maxReplicas: 9 });
});

const status = (currentPodHash: string) => ({ stableRS: 'a', currentPodHash });
const rollout = (image: string, own: object = {}): Manifest =>
  object('argoproj.io/v1alpha1', 'Rollout', 'shop', {
    spec: { replicas: 2, template: templateOf(image) },
    ...own,
  });

test('of a Rollout in the middle of a roll-out the version that served', () => {
  const stable = rollout('shop:1');
  const settled = kept(rollout('shop:2', { status: status('a') }), stable);
  expect(settled.before?.['spec']).toMatchObject({ template: templateOf('shop:2') });
  const canary = kept(rollout('shop:2', { status: status('b') }), stable);
  expect(canary.before?.['spec']).toMatchObject({ template: templateOf('shop:1') });
  expect([settled.unsettled, canary.unsettled]).toEqual([undefined, true]);
});

test('also where its template stands in a Deployment, which goes after it', () => {
  const spec = { replicas: 2, workloadRef: { kind: 'Deployment', name: 'shop' } };
  const referring = rollout('', { spec, status: status('b') });
  const gone = kept(referring, referring);
  expect(gone.before?.['spec']).toEqual(spec);
  const doing = {
    job: { steps: { 'shop:delete.2': { intent: { data: gone } } } },
    app: { app: 'shop', objects: [planned(referring, 2)] },
  } as unknown as Doing;
  const template = (image: string): Manifest =>
    object('apps/v1', 'Deployment', 'shop', { spec: { replicas: 0, template: templateOf(image) } });
  const made = kept(template('shop:2'), template('shop:1'), doing);
  expect(made.before?.['spec']).toEqual({ replicas: 0, template: templateOf('shop:1') });
});

test('of what is gone already, or is going, nothing', () => {
  expect(keptOf(NONE, planned(service('shop')), undefined)).toEqual({ before: null });
  const going = service('shop');
  const metadata = { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(kept({ ...going, metadata })).toEqual({ before: null });
});
