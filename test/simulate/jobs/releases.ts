// What is released by fan-outs: for each of some apps a Deployment with its Service and settings.
//
// Comes in: an app, an image, how. Goes out: the draft of a job, made against what lives. On failure: why
// there is nothing to run.

import type { Orders } from '../../../src/fanout/model.ts';
import type { Draft } from '../../../src/jobs/record.ts';
import { draftOn, ordersOf, planOn } from '../../jobs/fleet.ts';
import { CLUSTERS, type Release } from '../actions.ts';
import type { TrueCluster } from '../clusters.ts';
import { NAMESPACE, type SimulatedObjects, workloadOf } from './objects.ts';

/** Apps that jobs act on. */
export const RELEASED = ['shop', 'cart'] as const;

const read = new Map<string, Orders>();

function ordersFor({ app, image, strategy, prune = false }: Release): Orders {
  const text = textOf(app, image, strategy) + (prune ? '' : extraOf(app, image));
  const known = read.get(text) ?? ordersOf(text);
  read.set(text, known);
  return known;
}

export function draftFor(release: Release, all: readonly SimulatedObjects[]): Draft {
  const clusters = all.map(({ objects }) => objects);
  return draftOn(clusters, ordersFor(release), { prune: release.prune ?? false });
}

/** By a former release, and running. */
export function beginWith(all: readonly SimulatedObjects[], truths: readonly TrueCluster[]): void {
  for (const app of RELEASED) {
    const orders = ordersFor({ app, image: 'v1', strategy: '{order: serial}' });
    const plan = planOn(
      all.map(({ objects }) => objects),
      orders,
    );
    for (const { object, cluster } of plan.entries) {
      const truth = truths.find(({ name }) => name === cluster);
      const { objects } = all.find(({ name }) => name === cluster) ?? {};
      if (object && truth?.pods.has(app)) void objects?.apply(object);
    }
    for (const { objects } of all) {
      // Its controller has seen it.
      void objects.read(workloadOf(app));
      void objects.read(workloadOf(app));
    }
  }
}

function textOf(app: string, image: string, strategy: string): string {
  return `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release-${app}}
spec: {objects: all, clusters: [${CLUSTERS.join(', ')}], strategy: ${strategy}}
---
apiVersion: v1
kind: Service
metadata: {name: ${app}, namespace: ${NAMESPACE}, labels: {ballast.io/app: ${app}}}
spec: {selector: {app: ${app}}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${app}, namespace: ${NAMESPACE}}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${app}}}
  template: {metadata: {labels: {app: ${app}}}, spec: {containers: [{name: ${app}, image: "${image}"}]}}
`;
}

function extraOf(app: string, image: string): string {
  return `---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${app}-extra, namespace: ${NAMESPACE}}
data: {image: "${image}"}
`;
}

export function extraRef(app: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: `${app}-extra` };
}
