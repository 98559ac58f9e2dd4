// The explanation of one app: every number with the sum that made it. Pure.

import type { AppFacts } from '../round.ts';
import type { ClusterCount } from '../inventory/inventory.ts';
import type { Address, Server } from '../model.ts';
import type { PublishedApp } from '../edges/published.ts';

export interface ExplainedApp {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** `measured`: requests per server over the last minute, summed over the edges. */
export function explainApp(
  name: string,
  facts: AppFacts | undefined,
  published: PublishedApp | undefined,
  measured: ReadonlyMap<Address, number>,
): ExplainedApp {
  const servers = published?.upstream.servers ?? [];
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  const requests = [...measured.values()].reduce((sum, count) => sum + count, 0);
  return {
    name,
    hosts: published?.upstream.hosts ?? facts?.inventory.hosts ?? [],
    version: published?.stamp.version ?? null,
    clusters: facts?.inventory.clusters.map((count) => explainCluster(count, facts)) ?? [],
    vms: facts?.inventory.vms ?? [],
    servers: servers.map((server) => explainServer(server, { facts, total, measured, requests })),
    holds: [],
    ...(facts?.reason && { refused: facts.reason }),
  };
}

function explainCluster(count: ClusterCount, facts: AppFacts): object {
  const sums = [...(facts.weighed?.sums.values() ?? [])];
  const sum = sums.find((one) => one.from === count.cluster);
  const servers = facts.weighed?.upstream.servers ?? [];
  const server = servers.find((one) => one.from === count.cluster);
  const reason = facts.weighed?.reasons.get(count.cluster) ?? count.reason;
  return {
    name: count.cluster,
    state: count.state,
    ageSeconds: count.ageSeconds,
    pods: count.pods,
    routed: count.routed,
    ingressNodes: count.ingressNodes,
    weight: server?.weight ?? 0,
    formula: sum?.formula ?? 'nothing counts here',
    ...(reason && { reason }),
  };
}

interface Shares {
  readonly facts: AppFacts | undefined;
  readonly total: number;
  readonly measured: ReadonlyMap<Address, number>;
  readonly requests: number;
}

function explainServer(server: Server, shares: Shares): object {
  const { facts, total, measured, requests } = shares;
  const sum = facts?.weighed?.sums.get(server.address);
  return {
    address: server.address,
    weight: server.weight,
    from: server.from,
    ...(sum && { formula: sum.formula, exactShare: sum.exactShare }),
    share: total === 0 ? 0 : server.weight / total,
    ...(requests > 0 && { measuredShare: (measured.get(server.address) ?? 0) / requests }),
  };
}
