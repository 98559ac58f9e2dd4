// Pods of workloads in memory, on the two nodes that a cluster of plans has.

import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';

/** So many pods of these sizes fill a node. */
const ON_A_NODE = 4;

/** As their controllers have made them. */
export function podsOf(objects: readonly KubernetesObject[]): never {
  const specs = objects.flatMap(({ spec, status }) => {
    const { replicas = 0 } = (status ?? {}) as { readonly replicas?: number };
    const { template } = (spec ?? {}) as { readonly template?: { readonly spec: object } };
    return Array.from({ length: replicas }, () => template?.spec);
  });
  const nodes = ['node-1', 'node-2'];
  return specs.map((spec, index) => {
    const nodeName = nodes[Math.floor(index / ON_A_NODE)];
    const metadata = { name: `pod-${index}`, namespace: 'prod' };
    return { metadata, spec: { ...spec, ...(nodeName !== undefined && { nodeName }) } };
  }) as never;
}
