// The explanation of one app: every number with the sum that made it. Pure.

import type { AppFacts } from '../round.ts';
import type { Weighed } from '../weights/rule.ts';
import type { ClusterCount } from '../inventory/cluster-count.ts';
import { stateReason } from '../inventory/absent.ts';
import type { Address, ClusterName, ClusterStatus, Reason, Server } from '../model.ts';
import type { PublishedApp } from '../edges/published.ts';

export interface ExplainedApp {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly [key: string]: unknown;
}

export interface Explained {
  readonly app: string;
  readonly facts: AppFacts | undefined;
  readonly published: PublishedApp | undefined;
  /** Requests per server over the last minute, summed over the edges. */
  readonly measured: ReadonlyMap<Address, number>;
  /** Edges at which a server is unhealthy. */
  readonly unhealthyAt: ReadonlyMap<Address, readonly string[]>;
  /** How each cluster is seen now: the counts are of the last round that looked. */
  readonly statuses: ReadonlyMap<ClusterName, ClusterStatus>;
  /** Those that speak of it. */
  readonly holds: readonly object[];
}

export function explainApp(explained: Explained): ExplainedApp {
  const { app, facts, published, statuses, holds } = explained;
  return {
    ...nameApp(app, facts, published),
    ...(facts && explainCounts(facts, statuses)),
    servers: explainServers(published?.upstream.servers ?? [], explained),
    holds,
  };
}

/** What every list of apps shows. */
export function nameApp(
  name: string,
  facts: AppFacts | undefined,
  published: PublishedApp | undefined,
): ExplainedApp {
  const version = published ? published.stamp.version : null;
  const hosts = published ? published.upstream.hosts : facts?.inventory.hosts;
  return { name, hosts: hosts ?? [], version, ...(facts?.reason && { refused: facts.reason }) };
}

function explainCounts(facts: AppFacts, statuses: Explained['statuses']): object {
  const { clusters, vms, vmsReason } = facts.inventory;
  const explained = clusters.map((count) =>
    explainCluster(count, facts, statuses.get(count.cluster)),
  );
  const why = facts.weighed?.reasons.get('vm') ?? vmsReason;
  return { clusters: explained, vms, ...(why && { vmsReason: why }) };
}

function explainServers(
  servers: readonly Server[],
  { facts, measured, unhealthyAt }: Explained,
): object[] {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  const requests = [...measured.values()].reduce((sum, count) => sum + count, 0);
  return servers.map((server) => ({
    ...explainServer(server, { facts, total, measured, requests }),
    ...(unhealthyAt.has(server.address) && { unhealthyAt: unhealthyAt.get(server.address) }),
  }));
}

function explainCluster(
  count: ClusterCount,
  facts: AppFacts,
  status: ClusterStatus | undefined,
): object {
  const { weight, formula, reason: found } = weightOf(count, facts.weighed);
  const reason = found && renewed(found, status);
  return {
    name: count.cluster,
    state: count.state,
    ageSeconds: status?.ageSeconds ?? count.ageSeconds,
    pods: count.pods,
    routed: count.routed,
    ingressNodes: count.ingressNodes,
    weight,
    formula,
    ...(reason && { reason }),
  };
}

/** How a cluster stands is told as of now, with its age and whatever is the trouble by now. */
function renewed(reason: Reason, status: ClusterStatus | undefined): Reason {
  return status?.state === reason.code ? stateReason(status) : reason;
}

function weightOf({ cluster, reason }: ClusterCount, weighed: Weighed | undefined) {
  const nothing = { weight: 0, formula: 'nothing counts here' };
  if (!weighed) return { ...nothing, reason };
  const server = weighed.upstream.servers.find((one) => one.from === cluster);
  const sum = server && weighed.sums.get(server.address);
  const why = weighed.reasons.get(cluster) ?? reason;
  return sum
    ? { weight: server.weight, formula: sum.formula, reason: why }
    : { ...nothing, reason: why };
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
  const hold = facts?.weighed?.holds.get(server.address);
  return {
    ...server,
    ...(hold && { hold: hold.id }),
    ...(sum && { formula: sum.formula, exactShare: sum.exactShare }),
    share: total === 0 ? 0 : server.weight / total,
    ...(requests > 0 && { measuredShare: (measured.get(server.address) ?? 0) / requests }),
  };
}
