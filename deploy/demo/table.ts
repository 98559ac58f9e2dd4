// The live table: a row for each app and cluster, as the API tells it.

import type { DemoFleet } from './fleet.ts';

interface ShownApp {
  readonly name: string;
  readonly clusters: readonly {
    readonly name: string;
    readonly state: string;
    readonly pods: number;
    readonly ingressNodes: readonly unknown[];
    readonly weight: number;
    readonly formula: string;
  }[];
  readonly servers: readonly { from: string; share: number; measuredShare?: number }[];
}

const WIDTHS = [8, 7, 7, 5, 6, 7, 9, 9] as const;
const HEAD = ['app', 'cluster', 'state', 'pods', 'nodes', 'weight', 'share', 'measured', 'sum'];

export async function tableOf(fleet: DemoFleet): Promise<string> {
  const rows = [line(HEAD)];
  for (const name of fleet.apps) {
    const reply = await fetch(`${fleet.url}/api/v1/apps/${name}`);
    if (reply.ok) rows.push(...rowsOf((await reply.json()) as ShownApp));
  }
  const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
  rows.push('', ...states.map(({ name, mark }) => `${name} has version ${mark?.version ?? 0}`));
  return rows.join('\n');
}

function rowsOf(app: ShownApp): string[] {
  return app.clusters.map((cluster) => {
    const servers = app.servers.filter(({ from }) => from === cluster.name);
    const share = servers.reduce((sum, server) => sum + server.share, 0);
    const measured = servers.reduce((sum, server) => sum + (server.measuredShare ?? 0), 0);
    const { name, state, pods, ingressNodes, weight, formula } = cluster;
    const nodes = ingressNodes.length;
    return line([
      app.name,
      name,
      state,
      pods,
      nodes,
      weight,
      percent(share),
      percent(measured),
      formula,
    ]);
  });
}

function line(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) => String(cell).padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
