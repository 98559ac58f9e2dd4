// The rule behind a number, and what is another since a plan was looked at.

import { expect, test } from 'vitest';
import { readFanout } from '../../src/fanout/fanout.ts';
import { explain, explainText } from '../../src/fanout/plan/explain.ts';
import { movedSince } from '../../src/fanout/plan/moved.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { shownPlan } from '../../src/fanout/plan/shown.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { type FanoutCase, worldOf } from './fanout-case.ts';

const STREAM = `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east, west], replicas: {weights: {east: 2, west: 1}, min: {"*": 1}, max: {east: 4}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: prod}
spec:
  replicas: 9
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: shop, namespace: prod}
stringData: {password: planted}
`;

function plan(clusters: FanoutCase['clusters'], stream = STREAM) {
  const read = readFanout([{ name: 'a.yaml', text: stream }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  return shownPlan(planFanout(read.orders, worldOf(clusters), USUAL));
}

const live = (metadata: object, spec: object) => ({
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'shop',
      namespace: 'prod',
      uid: 'u-1',
      labels: { 'ballast.io/fan-out': 'release' },
      ...metadata,
    },
    spec: { replicas: 3, selector: { matchLabels: { app: 'shop' } }, ...spec },
  },
});
const east = (metadata: object = {}, spec: object = {}) => ({
  name: 'east',
  live: [live(metadata, spec)],
});

test('each number with the steps that made it, and those that have none', () => {
  const [found, ...others] = explain(plan([east(), 'west', 'north']), 'Deployment/shop');
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    object: 'Deployment/prod/shop',
    chosenBy: 'FanOut release',
    asked: 9,
    written: 9,
    clusters: [
      { cluster: 'east', action: 'update', before: 3, after: 4 },
      { cluster: 'north', action: 'left out', reasons: ['not selected'] },
      { cluster: 'west', action: 'create', after: 5 },
    ],
  });
  const text = explainText(found ? [found] : []);
  expect(text).toContain('Deployment/prod/shop, by FanOut release: 9 of 9 replicas\n  rule: Fed');
  expect(text).toMatch(/\n {2}east: 3 -> 4 \(update\)\n(.*\n)*? {6}.*max 4/);
});

test('an object by name is every object of that name, and one that is not there is none', () => {
  const made = plan([east(), 'west']);
  const names = (wanted: string) => explain(made, wanted).map(({ object }) => object);
  expect(names('shop')).toEqual(['Deployment/prod/shop', 'Secret/prod/shop']);
  expect(names('Secret/prod/shop')).toEqual(['Secret/prod/shop']);
  expect(names('hop')).toEqual([]);
});

test('what is another since a plan was looked at, each by its place', () => {
  const seen = plan([east(), 'west']);
  expect(movedSince(seen, plan([east(), 'west']))).toEqual([]);
  expect(movedSince(seen, plan([east({ resourceVersion: '9' }), 'west']))).toEqual([]);
  const since = (...args: Parameters<typeof plan>) => movedSince(seen, plan(...args));
  expect(since([east({}, { replicas: 5 }), 'west'])).toEqual([
    'east: Deployment/prod/shop: was changed there',
  ]);
  expect(since([east({ uid: 'u-2' }), 'west'])).toEqual([
    'east: Deployment/prod/shop: is another object there, or came or went',
  ]);
  expect(since([east()])).toEqual([
    'west: Deployment/prod/shop: is not in the plan any more',
    'west: Secret/prod/shop: is not in the plan any more',
  ]);
  expect(since([east(), 'west'], STREAM.replace('planted', 'other'))).toEqual([
    'east: Secret/prod/shop: is written otherwise',
    'west: Secret/prod/shop: is written otherwise',
  ]);
  const serial = STREAM.replace(
    'spec: {objects: all,',
    'spec: {objects: all, strategy: {soak: 5m},',
  );
  expect(since([east(), 'west'], serial)).toEqual([
    'the strategy, or the order of clusters, is another',
  ]);
});
