// Where an app's requests go by the rule, from what the control loop knows. Pure.

import type { AppFacts } from '../../round.ts';
import type { Upstream } from '../../model.ts';
import { nodeWeight, whyNothing } from '../../weights/rule.ts';
import type { ClusterTraffic, Traffic } from '../plan/model.ts';

export function trafficOf(
  facts: AppFacts | undefined,
  published: Upstream | undefined,
  base: number,
): Traffic | undefined {
  if (!facts) return undefined;
  const { clusters, vms } = facts.inventory;
  return {
    vms: vms.length,
    clusters: clusters.map((count): ClusterTraffic => {
      const { cluster, pods } = count;
      if (count.kept) return keptTraffic(cluster, published);
      const ingressNodes = count.ingressNodes.length;
      const none = whyNothing(count) !== undefined;
      const weight = none ? 0 : nodeWeight(pods, ingressNodes, base) * ingressNodes;
      return { cluster, pods, ingressNodes, weight, kept: false };
    }),
  };
}

function keptTraffic(cluster: string, published: Upstream | undefined): ClusterTraffic {
  const servers = published?.servers.filter(({ from }) => from === cluster) ?? [];
  const weight = servers.reduce((sum, one) => sum + (one.auto ?? one.weight), 0);
  return { cluster, pods: 0, ingressNodes: servers.length, weight, kept: true };
}
