import type { Fleet, LiveCluster } from '../live/fleet.ts';
import { linkTo } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { Empty } from '../show/notice.tsx';
import { percent, sumOf, whole } from '../show/numbers.ts';
import { ClusterState } from '../show/states.tsx';
import { Table, type Column } from '../show/table.tsx';
import { useWords } from '../words/words.ts';

interface Row extends LiveCluster {
  readonly apps: number;
  readonly pods: number;
  readonly weight: number;
  readonly isDrained: boolean;
}

export function ClusterTable({ state }: { readonly state: Fleet }) {
  const words = useWords();
  if (state.clusters.length === 0) return <Empty>{words.noClusters}</Empty>;
  const rows = rowsOf(state);
  const total = sumOf(rows, ({ weight }) => weight);
  const columns: readonly Column<Row>[] = [
    {
      key: 'name',
      head: words.name,
      cell: ({ name }) => <a href={linkTo(['clusters', name])}>{name}</a>,
    },
    {
      key: 'state',
      head: words.state,
      cell: (row) => (
        <>
          <ClusterState state={row.state} />
          {row.isDrained && <Badge tone="held">{words.drained}</Badge>}
        </>
      ),
    },
    {
      key: 'nodes',
      head: words.ingressNodes,
      isNumber: true,
      cell: ({ ingressNodes }) => whole(ingressNodes.length),
    },
    { key: 'apps', head: words.apps, isNumber: true, cell: ({ apps }) => whole(apps) },
    { key: 'pods', head: words.pods, isNumber: true, cell: ({ pods }) => whole(pods) },
    {
      key: 'share',
      head: words.share,
      isNumber: true,
      cell: ({ weight }) => (total === 0 ? '–' : percent(weight / total)),
    },
    {
      key: 'reason',
      head: words.reason,
      isMinor: true,
      cell: ({ reason = '' }) => <span class="detail">{reason}</span>,
    },
  ];
  return <Table label={words.clusters} columns={columns} rows={rows} keyOf={({ name }) => name} />;
}

function rowsOf({ clusters, apps, holds }: Fleet): Row[] {
  const counts = new Map(clusters.map(({ name }) => [name, { apps: 0, pods: 0, weight: 0 }]));
  for (const { from = [] } of apps) {
    for (const { name, pods, servers, weight } of from) {
      const count = counts.get(name);
      if (!count) continue;
      count.apps += servers > 0 ? 1 : 0;
      count.pods += pods;
      count.weight += weight;
    }
  }
  return clusters.map((cluster) => ({
    ...cluster,
    ...(counts.get(cluster.name) ?? { apps: 0, pods: 0, weight: 0 }),
    isDrained: drainOf(holds, cluster.name) !== undefined,
  }));
}

/** The hold that takes everything away from a cluster. */
export function drainOf(
  holds: Fleet['holds'],
  cluster: string,
): Fleet['holds'][number] | undefined {
  return holds.find(
    (hold) =>
      hold.kind === 'drain' &&
      hold.cluster === cluster &&
      hold.app === undefined &&
      hold.server === undefined,
  );
}
