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
  const clusters = useAnswer<{ readonly sources: readonly ClusterSourceAnswer[] }>('clusters', {
    everyMs: EVERY_MS,
  });
  const vms = useAnswer<{ readonly items: readonly VmSourceAnswer[] }>('vms', {
    everyMs: EVERY_MS,
  });
  const problem = clusters.problem ?? vms.problem;
  return (
    <>
      {problem && <Trouble problem={problem} />}
      {(clusters.answer?.sources ?? []).length > 0 && (
        <section>
          <h2>{words.sources}</h2>
          <ul class="matters">
            {clusters.answer?.sources.map(({ source, clusters: names, trouble }) => (
              <li key={source}>
                <Badge tone={trouble.length === 0 ? 'well' : 'warning'}>{source}</Badge>
                <span class="detail">{[...names, ...trouble].join(' · ')}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {(vms.answer?.items ?? []).length > 0 && (
        <section>
          <h2>{words.sourcesOfVms}</h2>
          <ul class="matters">
            {vms.answer?.items.map(({ name, state, vms: count, reason = '' }) => (
              <li key={name}>
                <Badge tone={state === 'fresh' ? 'well' : 'warning'}>{name}</Badge>
                <span class="detail">{`${count} ${words.vms} ${reason}`}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
