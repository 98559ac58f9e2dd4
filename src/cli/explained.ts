// One app as text: the sum of each cluster, and the servers with their shares. Pure.

import type { AppAnswer } from '../api/shapes.ts';
import { age, percent, toTable } from './table.ts';

type Cluster = NonNullable<AppAnswer['clusters']>[number];

export function explain(app: AppAnswer): string {
  const { name, hosts, version, refused, clusters, servers, holds } = app;
  const head = [
    `${name}: version ${version ?? 'none'}, hosts ${hosts.length > 0 ? hosts.join(', ') : 'none'}`,
    ...(refused === undefined ? [] : [`not taken over: ${refused.text}`]),
    ...(clusters ? [] : ['no cluster has it now; what is published serves on']),
  ];
  const parts = [
    `${head.join('\n')}\n`,
    clusters && clusters.length > 0 ? clustersTable(clusters) : '',
    app.vmsReason === undefined ? '' : `VMs: ${app.vmsReason.text}\n`,
    servers.length > 0 ? serversTable(servers) : 'no server is published\n',
    ...(holds.length > 0 ? [holds.map(holdLine).join('')] : []),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function clustersTable(clusters: readonly Cluster[]): string {
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
      one.reason?.text,
    ]),
  );
}

function serversTable(servers: AppAnswer['servers']): string {
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

function holdLine({ id, kind, who, why, until }: AppAnswer['holds'][number]): string {
  return `${kind} ${id} by ${who}: ${why}${until === undefined ? '' : `, until ${until}`}\n`;
}
