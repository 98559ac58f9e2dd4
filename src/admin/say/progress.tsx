// How far a word is: written, then at each edge.

import type { ComponentChildren } from 'preact';
import { Badge } from '../show/badge.tsx';
import { Trouble } from '../show/notice.tsx';
import type { Problem } from '../problem.ts';
import { useWords } from '../words/words.ts';
import type { Acknowledged, Progress } from './say.ts';

export function ProgressOf({
  progress,
  said,
}: {
  readonly progress: Progress;
  /** What stands there once it is done, for no edge has to have it. */
  readonly said?: ((written: object) => ComponentChildren) | undefined;
}) {
  const words = useWords();
  const problem = problemOf(progress);
  if (problem) {
    return (
      <section class="progress">
        <h3>{progress.step === 'failed' ? words.unknown : words.failed}</h3>
        <Trouble problem={problem} />
      </section>
    );
  }
  if (progress.step === 'asking' || progress.step === 'failed') return null;
  if (progress.step === 'sending') {
    return (
      <p class="progress" role="status">
        {words.sending}
      </p>
    );
  }
  const { now, written } = progress;
  if (now.edges) return <AtEdges progress={progress} />;
  return (
    <p class="progress" role="status">
      {words.done} {said?.(written)}
    </p>
  );
}

type Written = Extract<Progress, { readonly step: 'waiting' | 'done' }>;

function AtEdges({ progress: { step, now, written } }: { readonly progress: Written }) {
  const words = useWords();
  const isAll = now.acknowledged === true;
  const still = step === 'done' ? words.notAll : words.waiting;
  return (
    <section class="progress">
      <p role="status">
        <Badge tone={isAll ? 'well' : 'warning'}>{isAll ? words.acknowledged : still}</Badge>{' '}
        <span class="detail">{words.asVersion(written.version)}</span>
      </p>
      <Edges now={now} />
    </section>
  );
}

function problemOf(progress: Progress): Problem | undefined {
  if (progress.step === 'failed') return progress.problem;
  return progress.step === 'asking' ? progress.refusal : undefined;
}

function Edges({ now: { edges = [] } }: { readonly now: Acknowledged }) {
  const words = useWords();
  return (
    <ul class="acknowledged" aria-label={words.edges}>
      {edges.map(({ name, missing }) => (
        <li key={name}>
          <strong>{name}</strong>
          {missing === undefined ? (
            <Badge tone="well">{words.edgeHasIt}</Badge>
          ) : (
            <Badge tone="warning">{missing}</Badge>
          )}
        </li>
      ))}
    </ul>
  );
}
