// How far a word is: written, then at each edge.

import { Badge } from '../show/badge.tsx';
import { Trouble } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';
import type { Acknowledged, Progress } from './say.ts';

export function ProgressOf({ progress }: { readonly progress: Progress }) {
  const words = useWords();
  if (progress.step === 'failed') {
    return (
      <section class="progress">
        <h3>{progress.problem.status === 0 ? words.unknown : words.failed}</h3>
        <Trouble problem={progress.problem} />
      </section>
    );
  }
  if (progress.step === 'asking' || progress.step === 'sending') {
    return (
      <p class="progress" role="status">
        {words.sending}
      </p>
    );
  }
  const { step, now, written } = progress;
  if (!now.edges) return <p class="progress">{words.done}</p>;
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
