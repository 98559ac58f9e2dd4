// The live table, as text: a row for each app and cluster, and one for its VMs.
//
// Comes in: what API and edges say, and how wide the place is. Goes out: lines of at most that
// width. Where the whole sum does not fit, its figures alone stand there.

import type { ShownApp, ShownEdge } from './shown.ts';

const LEFT = new Set(['app', 'cluster', 'sum']);
const GAP = 1;

interface Row {
  readonly cells: readonly string[];
  readonly sum: string;
}

export function drawTable(
  apps: readonly ShownApp[],
  edges: readonly ShownEdge[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const names = edges.map(({ name }) => name);
  const head = ['app', 'cluster', 'pods', 'nodes', 'weight', 'expected', 'measured', ...names];
  const rows = apps.flatMap((app) => rowsOf(app, edges.map(versions)));
  const whole = align([...head, 'sum'], rows.map(withSum((sum) => sum)));
  if (whole.every((line) => line.length <= width)) return whole;
  const short = align([...head, 'sum'], rows.map(withSum(figures)));
  return short.map((line) => (line.length <= width ? line : `${line.slice(0, width - 1)}…`));
}

/** Under the table: what its columns do not say of themselves. */
export function legendOf(edges: readonly ShownEdge[]): string[] {
  const names = edges.map(({ name }) => name).join(', ');
  return [
    'weight: of each server; measured: over the last minute, so it trails a change',
    `${names}: version applied by each nginx worker`,
  ];
}

function rowsOf(app: ShownApp, applied: readonly string[]): Row[] {
  const clusters = app.clusters.map((cluster) => {
    const { name, state, pods, ingressNodes, weight, formula } = cluster;
    const place = state === 'fresh' ? name : `${name} ${state}`;
    const counts = [pods, ingressNodes.length, weight].map(String);
    return {
      cells: [app.name, place, ...counts, ...sharesOf(app, name), ...applied],
      sum: formula,
    };
  });
  return app.vms.length === 0 ? clusters : [...clusters, vmRow(app, applied)];
}

function vmRow(app: ShownApp, applied: readonly string[]): Row {
  const server = app.servers.find(({ from }) => from === 'vm');
  const weight = String(server?.weight ?? 0);
  return {
    cells: [app.name, 'vm', '-', '-', weight, ...sharesOf(app, 'vm'), ...applied],
    sum: server?.formula ?? '-',
  };
}

/** Expected, then measured: `-` while the edges have not counted long enough to say. */
function sharesOf(app: ShownApp, source: string): [string, string] {
  const servers = app.servers.filter(({ from }) => from === source);
  const share = servers.reduce((sum, server) => sum + server.share, 0);
  const measured = servers.reduce((sum, server) => sum + (server.measuredShare ?? 0), 0);
  const counted = app.servers.some(({ measuredShare }) => measuredShare !== undefined);
  return [percent(share), counted ? percent(measured) : '-'];
}

function versions(edge: ShownEdge): string {
  return edge.workers.map(({ mark }) => mark?.version ?? '-').join(',');
}

function withSum(write: (sum: string) => string): (row: Row) => string[] {
  return ({ cells, sum }) => [...cells, write(sum)];
}

/** `8 pods * 10 / 3 ingress nodes = 26.67, so 26` is `8*10/3`: the weight stands beside it. */
function figures(sum: string): string {
  return sum.split(' = ')[0]?.replaceAll(/[^\d*/]/g, '') || '-';
}

function align(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const place = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return LEFT.has(head[column] ?? '') ? cell.padEnd(width) : cell.padStart(width);
  };
  return lines.map((cells) => cells.map(place).join(' '.repeat(GAP)).trimEnd());
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
