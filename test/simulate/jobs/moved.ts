// What migrations move: some apps with all that belongs to them, each in one cluster at first, and room in
// every cluster for one of them and no more.

import type { KubernetesObject } from '../../../src/clusters/cluster-writer.ts';
import type { Random } from '../../chaos/random.ts';
import type { TrueCluster } from '../clusters.ts';
import { NAMESPACE, type SimulatedObjects, workloadOf } from './objects.ts';

export const MOVED = ['news', 'mail'] as const;
export const PODS = 3;
/** Pods of these apps that a cluster takes. */
export const ROOM = 5;
const MILLICORES = 500;

/** Running, by somebody else's hand. */
export function settleMoved(
  all: readonly SimulatedObjects[],
  truths: readonly TrueCluster[],
  random: Random,
): void {
  const homes = random.shuffled(truths);
  for (const [index, app] of MOVED.entries()) {
    for (const truth of truths) truth.pods.delete(app);
    const home = homes[index];
    const { objects } = all.find(({ name }) => name === home?.name) ?? {};
    for (const one of objectsOf(app)) objects?.applyAs('kubectl', one);
    // Its controller has seen it.
    void objects?.read(workloadOf(app));
    void objects?.read(workloadOf(app));
  }
}

/** Once all is well again there are as many pods as their workloads ask for, and a way in to them. */
export function mendMoved(all: readonly SimulatedObjects[], truths: readonly TrueCluster[]): void {
  for (const truth of truths) {
    if (truth.nodes.length === 0) truth.setNodes([1]);
    const { objects } = all.find(({ name }) => name === truth.name) ?? {};
    for (const app of MOVED) {
      const workload = objects?.look(workloadOf(app));
      truth.setPods(app, workload && replicasOf(workload));
    }
  }
}

/** Of moved apps, as a cluster has them. */
export function podsIn(objects: readonly KubernetesObject[]): object[] {
  const apps: readonly string[] = MOVED;
  const workloads = objects.filter(
    ({ kind, metadata }) => kind === 'Deployment' && apps.includes(metadata.name),
  );
  return workloads.flatMap(({ metadata: { name }, ...rest }) =>
    Array.from({ length: replicasOf({ ...rest, metadata: { name } }) }, (_, index) => ({
      metadata: { name: `${name}-${index}`, namespace: NAMESPACE },
      spec: { nodeName: 'room', containers: [containerOf(name)] },
      status: { phase: 'Running' },
    })),
  );
}

export const NODES = [
  {
    metadata: { name: 'room', labels: {} },
    status: { allocatable: { cpu: `${ROOM * MILLICORES}m`, memory: '8Gi', pods: '110' } },
  },
];

export function replicasOf(workload: KubernetesObject): number {
  const { replicas = 1 } = (workload['spec'] ?? {}) as { readonly replicas?: number };
  return replicas;
}

function containerOf(app: string): object {
  const requests = { cpu: `${MILLICORES}m`, memory: '64Mi' };
  return {
    name: app,
    image: 'v1',
    resources: { requests },
    envFrom: [{ configMapRef: { name: app } }],
  };
}

function objectsOf(app: string): KubernetesObject[] {
  const made = (
    apiVersion: string,
    kind: string,
    rest: object,
    labels?: Record<string, string>,
  ) => {
    const metadata = { name: app, namespace: NAMESPACE, ...(labels && { labels }) };
    return { apiVersion, kind, metadata, ...rest } as KubernetesObject;
  };
  const labels = { app };
  const path = {
    path: '/',
    pathType: 'Prefix',
    backend: { service: { name: app, port: { number: 80 } } },
  };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: app };
  return [
    made('v1', 'ConfigMap', { data: { a: '1' } }),
    made(
      'v1',
      'Service',
      { spec: { selector: labels, ports: [{ port: 80 }] } },
      { 'ballast.io/app': app },
    ),
    made('apps/v1', 'Deployment', {
      spec: {
        replicas: PODS,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [containerOf(app)] } },
      },
    }),
    made('networking.k8s.io/v1', 'Ingress', {
      spec: {
        ingressClassName: 'nginx',
        rules: [{ host: `${app}.example.com`, http: { paths: [path] } }],
      },
    }),
    made('autoscaling/v2', 'HorizontalPodAutoscaler', {
      spec: { minReplicas: 1, maxReplicas: 8, scaleTargetRef },
    }),
  ];
}
