// One app as text: the sum of each cluster, and the servers with their shares. Pure.

import { age, percent, toTable } from './table.ts';

interface ExplainedCluster {
  readonly name: string;
  readonly state: string;
  readonly ageSeconds: number;
  readonly pods: number;
  readonly ingressNodes: readonly unknown[];
  readonly weight: number;
  readonly formula: string;
  readonly reason?: string;
}

interface ExplainedServer {
  readonly address: string;
  readonly from: string;
  readonly weight: number;
  readonly auto?: number;
  readonly exactShare?: number;
  readonly share: number;
  readonly measuredShare?: number;
  readonly hold?: string;
  readonly unhealthyAt?: readonly string[];
}

interface ExplainedHold {
  readonly id: string;
  readonly kind: string;
  readonly who: string;
  readonly why: string;
  readonly until?: string;
}

export interface ExplainedApp {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly version: number | null;
  readonly refused?: string;
  readonly clusters?: readonly ExplainedCluster[];
  readonly vms?: readonly unknown[];
  readonly vmsReason?: string;
  readonly servers: readonly ExplainedServer[];
  readonly holds: readonly ExplainedHold[];
}

export function explain(app: ExplainedApp): string {
  const { name, hosts, version, refused, clusters, servers, holds } = app;
  const head = [
    `${name}: version ${version ?? 'none'}, hosts ${hosts.length > 0 ? hosts.join(', ') : 'none'}`,
    ...(refused === undefined ? [] : [`not taken over: ${refused}`]),
    ...(clusters ? [] : ['no cluster has it now; what is published serves on']),
  ];
  const parts = [
    `${head.join('\n')}\n`,
    clusters && clusters.length > 0 ? clustersTable(clusters) : '',
    app.vmsReason === undefined ? '' : `VMs: ${app.vmsReason}\n`,
    servers.length > 0 ? serversTable(servers) : 'no server is published\n',
    ...(holds.length > 0 ? [holds.map(holdLine).join('')] : []),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function clustersTable(clusters: readonly ExplainedCluster[]): string {
  return toTable(
    ['CLUSTER', 'STATE', 'AGE', 'PODS', 'NODES', 'WEIGHT', 'SUM', 'REASON'],
    clusters.map((one) => [
      one.name,
      one.state,
      age(one.ageSeconds),
      one.pods,
      one.ingressNodes.length,
      one.weight,
      one.formula,
      one.reason,
    ]),
  );
}

function serversTable(servers: readonly ExplainedServer[]): string {
  return toTable(
    ['SERVER', 'FROM', 'WEIGHT', 'AUTO', 'EXACT', 'SHARE', 'MEASURED', 'HOLD', 'UNHEALTHY AT'],
    servers.map((one) => [
      one.address,
      one.from,
      one.weight,
      one.auto,
      percent(one.exactShare),
      percent(one.share),
      percent(one.measuredShare),
      one.hold,
      one.unhealthyAt?.join(','),
    ]),
  );
}

function holdLine({ id, kind, who, why, until }: ExplainedHold): string {
  return `${kind} ${id} by ${who}: ${why}${until === undefined ? '' : `, until ${until}`}\n`;
}
