// States of clusters, edges and apps.

import type { ClusterAnswer, EdgeAnswer, HoldAnswered, ReasonAnswer } from '../../api/shapes.ts';
import { reasonWord, useWords } from '../words/words.ts';
import { Badge, type Tone } from './badge.tsx';

const CLUSTER: Readonly<Record<ClusterAnswer['state'], Tone>> = {
  fresh: 'well',
  stale: 'bad',
  unseen: 'warning',
};
const EDGE: Readonly<Record<EdgeAnswer['status'], Tone>> = {
  current: 'well',
  behind: 'warning',
  unreachable: 'bad',
  never: 'quiet',
};
/** Reasons that a person wished, or that pass by themselves. */
const MEANT = new Set(['drained', 'pinned', 'frozen', 'ramping', 'share-limited', 'no-pods']);
const BAD = new Set([
  'would-empty',
  'too-few-clusters',
  'too-few-servers',
  'unreadable',
  'ramp-abandoned',
]);

export function ClusterState({ state }: Pick<ClusterAnswer, 'state'>) {
  const words = useWords();
  return <Badge tone={CLUSTER[state]}>{words.clusterStates[state]}</Badge>;
}

export function EdgeStatus({ status }: Pick<EdgeAnswer, 'status'>) {
  const words = useWords();
  return <Badge tone={EDGE[status]}>{words.edgeStates[status]}</Badge>;
}

export function HoldKind({ kind }: Pick<HoldAnswered, 'kind'>) {
  const words = useWords();
  return <Badge tone="held">{words.kinds[kind]}</Badge>;
}

export function toneOf(code: string): Tone {
  if (MEANT.has(code)) return 'held';
  return BAD.has(code) ? 'bad' : 'warning';
}

export function ReasonBadge({ reason }: { readonly reason: ReasonAnswer }) {
  const words = useWords();
  return (
    <Badge tone={toneOf(reason.code)} title={reason.text}>
      {reasonWord(words, reason)}
    </Badge>
  );
}
