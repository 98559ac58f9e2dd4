// All clusters, where they come from, and what is wrong with those sources.

import type { ClusterSourceAnswer, VmSourceAnswer } from '../../api/shapes.ts';
import { useAnswer } from '../live/answer.ts';
import { fleet } from '../live/live.ts';
import { Badge } from '../show/badge.tsx';
import { Trouble, WhenKnown } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { ClusterTable } from './cluster-table.tsx';

const EVERY_MS = 10_000;

export function ClustersScreen() {
  const words = useWords();
  const state = useStore(fleet);
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.clusters}</h1>
      </div>
      <WhenKnown>
        <ClusterTable state={state} />
        <Sources />
      </WhenKnown>
    </div>
  );
}

function Sources() {
  const words = useWords();
  const ofClusters = useAnswer<ClusterSources>('clusters', { everyMs: EVERY_MS });
  const ofVms = useAnswer<VmSources>('vms', { everyMs: EVERY_MS });
  const problem = ofClusters.problem ?? ofVms.problem;
  const clusters = ofClusters.answer?.sources ?? [];
  const vms = ofVms.answer?.items ?? [];
  return (
    <>
      {problem && <Trouble problem={problem} />}
      <SourceList
        title={words.sources}
        sources={clusters.map(({ source, clusters: names, trouble }) => ({
          name: source,
          isWell: trouble.length === 0,
          text: [...names, ...trouble].join(' · '),
        }))}
      />
      <SourceList
        title={words.sourcesOfVms}
        sources={vms.map(({ name, state, vms: count, reason = '' }) => ({
          name,
          isWell: state === 'fresh',
          text: `${count} ${words.vms} ${reason}`,
        }))}
      />
    </>
  );
}

interface ClusterSources {
  readonly sources: readonly ClusterSourceAnswer[];
}

interface VmSources {
  readonly items: readonly VmSourceAnswer[];
}

interface Source {
  readonly name: string;
  readonly isWell: boolean;
  readonly text: string;
}

function SourceList({
  title,
  sources,
}: {
  readonly title: string;
  readonly sources: readonly Source[];
}) {
  if (sources.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="matters">
        {sources.map(({ name, isWell, text }) => (
          <li key={name}>
            <Badge tone={isWell ? 'well' : 'warning'}>{name}</Badge>
            <span class="detail">{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
