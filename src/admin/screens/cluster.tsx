// One cluster: how it is seen, what it serves, and its drain.

import { useMemo, useState } from 'preact/hooks';
import type { ClusterAnswer } from '../../api/shapes.ts';
import { useAnswer } from '../live/answer.ts';
import type { Fleet, LiveHold } from '../live/fleet.ts';
import { fleet } from '../live/live.ts';
import { useMayHold } from '../live/session.ts';
import { linkTo } from '../route.ts';
import { EndHold } from '../say/end-hold.tsx';
import { NewHold } from '../say/new-hold.tsx';
import { Badge } from '../show/badge.tsx';
import { Empty, WhenKnown } from '../show/notice.tsx';
import { sumOf, whole } from '../show/numbers.ts';
import { ShareCell } from '../show/share.tsx';
import { ClusterState } from '../show/states.tsx';
import { LongTable, type Column } from '../show/table.tsx';
import { duration } from '../show/time.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { rowsOf, type AppRow } from './app-list.ts';
import { drainOf } from './cluster-table.tsx';
import { HoldTable } from './hold-table.tsx';

const EVERY_MS = 4000;

export function ClusterScreen({ name }: { readonly name: string }) {
  const words = useWords();
  const state = useStore(fleet);
  const cluster = state.clusters.find((one) => one.name === name);
  return (
    <div class="screen">
      {!cluster && <h1>{name}</h1>}
      <WhenKnown>
        {cluster ? (
          <Cluster cluster={cluster} state={state} />
        ) : (
          <Empty>
            {words.noSuchCluster} <a href={linkTo(['clusters'])}>{words.clusters}</a>
          </Empty>
        )}
      </WhenKnown>
    </div>
  );
}

interface Parts {
  readonly cluster: Fleet['clusters'][number];
  readonly state: Fleet;
}

function Cluster({ cluster, state }: Parts) {
  const words = useWords();
  const { name, reason } = cluster;
  const drain = drainOf(state.holds, name);
  const holds = state.holds.filter((hold) => hold.cluster === name);
  return (
    <>
      <div class="bar">
        <h1>{name}</h1>
        <ClusterState state={cluster.state} />
        {drain && <Badge tone="held">{words.isDrained(drain.who, drain.why)}</Badge>}
        <DrainButton name={name} drain={drain} />
      </div>
      {reason !== undefined && <p class="reason">{reason}</p>}
      <Facts cluster={cluster} />
      <section>
        <h2>{words.holds}</h2>
        <HoldTable holds={holds} />
      </section>
      <section>
        <h2>{words.clusterApps}</h2>
        <Apps name={name} state={state} />
      </section>
    </>
  );
}

function DrainButton({
  name,
  drain,
}: {
  readonly name: string;
  readonly drain: LiveHold | undefined;
}) {
  const words = useWords();
  const [open, setOpen] = useState<'drain' | LiveHold>();
  const may = useMayHold({ cluster: name });
  const close = () => setOpen(undefined);
  return (
    <span class="actions">
      {may && !drain && (
        <button type="button" onClick={() => setOpen('drain')}>
          {words.drainCluster(name)}
        </button>
      )}
      {may && drain && (
        <button type="button" disabled={drain.job !== undefined} onClick={() => setOpen(drain)}>
          {words.endDrain}
        </button>
      )}
      {open === 'drain' && (
        <NewHold
          title={words.doDrain(name)}
          cluster={name}
          fixed={['kind', 'app', 'cluster', 'server']}
          close={close}
        />
      )}
      {open !== undefined && open !== 'drain' && <EndHold hold={open} close={close} />}
    </span>
  );
}

function Facts({ cluster }: Pick<Parts, 'cluster'>) {
  const words = useWords();
  const { name, ingressNodes, leftOut, relists, unread = [] } = cluster;
  const { answer } = useAnswer<{ readonly items: readonly ClusterAnswer[] }>('clusters', {
    everyMs: EVERY_MS,
    changed: cluster,
  });
  const age = answer?.items.find((one) => one.name === name)?.ageSeconds;
  const nodes = ingressNodes.map((node) => `${node.name} ${node.address}`);
  return (
    <dl class="facts">
      <div>
        <dt>{words.age}</dt>
        <dd>{age === undefined ? '–' : duration(words, age)}</dd>
      </div>
      <div>
        <dt>{words.relists}</dt>
        <dd>{whole(relists)}</dd>
      </div>
      <div>
        <dt>{`${words.ingressNodes} (${nodes.length})`}</dt>
        <dd>{nodes.length === 0 ? words.none : nodes.join(', ')}</dd>
      </div>
      {unread.length > 0 && (
        <div>
          <dt>{words.unread}</dt>
          <dd>{unread.join(', ')}</dd>
        </div>
      )}
      {leftOut.length > 0 && (
        <div>
          <dt>{`${words.leftOut} (${leftOut.length})`}</dt>
          <dd>{leftOut.map((node) => `${node.name}: ${node.reason}`).join(' · ')}</dd>
        </div>
      )}
    </dl>
  );
}

interface Row extends AppRow {
  readonly own: number;
  readonly weight: number;
  readonly ownPods: number;
}

function Apps({ name, state }: { readonly name: string; readonly state: Fleet }) {
  const words = useWords();
  const rows = useMemo(() => appsIn(state, name), [state, name]);
  if (rows.length === 0) return <Empty>{words.noApps}</Empty>;
  const columns: readonly Column<Row>[] = [
    {
      key: 'name',
      head: words.name,
      width: 13,
      cell: (row) => <a href={linkTo(['apps', row.name])}>{row.name}</a>,
    },
    {
      key: 'share',
      head: words.shareIn(name),
      width: 9,
      isNumber: true,
      cell: ({ own }) => <ShareCell share={own} />,
    },
    { key: 'weight', head: words.weight, isNumber: true, cell: ({ weight }) => whole(weight) },
    { key: 'pods', head: words.pods, isNumber: true, cell: ({ ownPods }) => whole(ownPods) },
  ];
  return (
    <LongTable label={words.clusterApps} columns={columns} rows={rows} keyOf={(row) => row.name} />
  );
}

/** Those that would miss it most come first. */
function appsIn(state: Fleet, cluster: string): Row[] {
  return rowsOf(state)
    .flatMap((row) => {
      const here = (row.from ?? []).filter(({ name }) => name === cluster);
      if (here.length === 0) return [];
      return {
        ...row,
        own: row.shares.get(cluster) ?? 0,
        weight: sumOf(here, ({ weight }) => weight),
        ownPods: sumOf(here, ({ pods }) => pods),
      };
    })
    .toSorted((a, b) => b.own - a.own || (a.name < b.name ? -1 : 1));
}
