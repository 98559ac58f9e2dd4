// The fleet at a glance: what needs a person first, then clusters and edges.

import { useMemo } from 'preact/hooks';
import { mattersOf, type Matter } from '../frame/attention.ts';
import type { Fleet } from '../live/fleet.ts';
import { fleet } from '../live/live.ts';
import { linkTo } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { Empty, WhenKnown } from '../show/notice.tsx';
import { sumOf, whole } from '../show/numbers.ts';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { ClusterTable } from './cluster-table.tsx';
import { EdgeTable } from './edge-table.tsx';

const MOST_MATTERS = 8;

export function FleetScreen() {
  const words = useWords();
  const state = useStore(fleet);
  const matters = useMemo(() => mattersOf(state, words), [state, words]);
  return (
    <div class="screen">
      <h1 class="unseen">{words.fleet}</h1>
      <WhenKnown>
        <Figures state={state} />
        <section>
          <h2>{words.attention}</h2>
          <Matters matters={matters} />
        </section>
        <section>
          <h2>{words.clusters}</h2>
          <ClusterTable state={state} />
        </section>
        <section>
          <h2>{words.edges}</h2>
          <EdgeTable state={state} />
        </section>
      </WhenKnown>
    </div>
  );
}

function Figures({ state: { apps, clusters, edges, holds } }: { readonly state: Fleet }) {
  const words = useWords();
  const pods = sumOf(apps, (app) => app.pods);
  const servers = sumOf(apps, (app) => app.servers);
  const fresh = clusters.filter((cluster) => cluster.state === 'fresh').length;
  const current = edges.filter(({ status }) => status === 'current').length;
  const figures = [
    { number: whole(apps.length), unit: words.unit.apps(apps.length), link: linkTo(['apps']) },
    { number: whole(pods), unit: words.unit.pods(pods) },
    { number: whole(servers), unit: words.unit.servers(servers) },
    {
      number: words.ofAll(fresh, clusters.length),
      unit: words.unit.freshClusters,
      link: linkTo(['clusters']),
    },
    {
      number: words.ofAll(current, edges.length),
      unit: words.unit.currentEdges,
      link: linkTo(['edges']),
    },
    { number: whole(holds.length), unit: words.unit.holds(holds.length), link: linkTo(['holds']) },
  ];
  return (
    <ul class="figures" aria-label={words.figures}>
      {figures.map(({ number, unit, link }) => (
        <li key={unit}>
          {link === undefined ? (
            <Figure number={number} unit={unit} />
          ) : (
            <a href={link}>
              <Figure number={number} unit={unit} />
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}

function Figure({ number, unit }: { readonly number: string; readonly unit: string }) {
  return (
    <>
      <strong>{number}</strong> <span>{unit}</span>
    </>
  );
}

function Matters({ matters }: { readonly matters: readonly Matter[] }) {
  const words = useWords();
  if (matters.length === 0) {
    return (
      <Empty>
        <Badge tone="well">{words.nothingWrong}</Badge>
      </Empty>
    );
  }
  const more = matters.length - MOST_MATTERS;
  return (
    <ul class="matters">
      {matters.slice(0, MOST_MATTERS).map(({ tone, text, detail, link }) => (
        <li key={text}>
          <Badge tone={tone}>
            <a href={link}>{text}</a>
          </Badge>
          {detail !== undefined && <span class="detail">{detail}</span>}
        </li>
      ))}
      {more > 0 && (
        <li>
          <a href={linkTo(['apps'], { show: 'refused' })}>{words.moreSuch(more)}</a>
        </li>
      )}
    </ul>
  );
}
