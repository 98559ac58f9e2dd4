// By which addresses outside traffic enters a cluster: those of its ingress nodes, or of the Service
// of a load balancer in front of them. Pure.

import type { ClusterRecords } from './cluster-records.ts';
import { findIngressNodes, type IngressNodes } from './ingress-nodes.ts';
import { findLoadBalancer } from './load-balancer.ts';
import { parseSelector, type LabelMatcher } from './selector.ts';
import type { ClusterSettings } from './settings.ts';

type Ways = ClusterSettings['ingress'];

/** Undefined where `nodes` is no selector. Without `nodes` no node is one. */
export function ingressNodeMatcher({ nodes }: Ways): LabelMatcher | undefined {
  return nodes === undefined ? () => false : parseSelector(nodes);
}

/** What records of nodes call the address that an annotation holds. */
export function annotationType(key: string): string {
  return `annotation ${key}`;
}

/** Where the nodes are the same as before, they are the same list: one is kept, not one of each heartbeat. */
export function findWaysIn(
  ways: Ways,
  records: ClusterRecords,
  before: Pick<IngressNodes, 'nodes' | 'counted'>,
): IngressNodes {
  const now = waysIn(ways, records, before.counted);
  const same = JSON.stringify(before.nodes) === JSON.stringify(now.nodes);
  return same ? { ...now, nodes: before.nodes } : now;
}

function waysIn(ways: Ways, records: ClusterRecords, counted: ReadonlySet<string>): IngressNodes {
  const { service, port, addressFamily: family, addressType = 'InternalIP' } = ways;
  const common = { port, ...(family && { family }) };
  if (service) {
    const place = `${service.namespace}/${service.name}`;
    return findLoadBalancer(records.loadBalancers.values(), { service: place, ...common });
  }
  const { nodes, ingressPods } = records;
  const key = ways.addressAnnotation;
  return findIngressNodes(nodes.values(), ingressPods.values(), counted, {
    ...common,
    addressType: key === undefined ? addressType : annotationType(key),
    pods: ways.pods !== undefined,
  });
}
