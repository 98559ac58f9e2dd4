// The article's totals, of which the cases show one.

import { expect, test } from 'vitest';
import { outcomeOf } from './fanout-case.ts';

const replicaSet = (replicas: number) => `
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: nginx-us
  annotations:
    federation.kubernetes.io/replica-set-preferences: |
      {"rebalance": true, "clusters": {
      "us-east1-b": {"minReplicas": 2, "maxReplicas": 4, "weight": 1},
      "us-central1-b": {"minReplicas": 2, "maxReplicas": 4, "weight": 1}}}
spec:
  replicas: ${replicas}
  template: {metadata: {labels: {app: nginx}}, spec: {containers: [{name: nginx, image: nginx}]}}
`;

test.each([
  [1, 1, 0],
  [2, 2, 0],
  [3, 2, 1],
  [4, 2, 2],
  [5, 3, 2],
])('nginx-us, %i in all: central %i, east %i, each with its object', (total, central, east) => {
  const clusters = ['us-east1-b', 'us-central1-b'];
  const { entries } = outcomeOf({ input: replicaSet(total), clusters, expected: {} });
  expect(entries).toEqual([
    `us-central1-b: create ReplicaSet/nginx-us ${central}`,
    `us-east1-b: create ReplicaSet/nginx-us ${east}`,
  ]);
});
