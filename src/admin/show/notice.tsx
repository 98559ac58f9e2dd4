// What stands where there is nothing to show: not yet, not here, or not to be had.

import type { ComponentChildren } from 'preact';
import type { Problem } from '../problem.ts';
import { connection, known } from '../live/live.ts';
import { useStore } from '../store.ts';
import { useProblemWords } from '../words/problem-words.ts';
import { useWords } from '../words/words.ts';
import { Badge } from './badge.tsx';

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Loading() {
  const words = useWords();
  return (
    <p class="empty loading" role="status">
      {words.loading}
    </p>
  );
}

export function Trouble({
  problem,
  again,
}: {
  readonly problem: Problem;
  readonly again?: () => void;
}) {
  const words = useWords();
  const { title, act } = useProblemWords(problem);
  const isOurs = problem.status >= 500 && problem.requestId !== '';
  return (
    <div class="trouble" role="alert">
      <Badge tone="bad">{title === '' ? words.silent : title}</Badge>
      <p>{problem.message}</p>
      {act !== '' && <p>{act}</p>}
      {isOurs && <p class="hint">{words.requestId(problem.requestId)}</p>}
      {again && (
        <button type="button" onClick={again}>
          {words.again}
        </button>
      )}
    </div>
  );
}

/** What the stream tells, once it is whole. */
export function WhenKnown({ children }: { readonly children: ComponentChildren }) {
  const state = useStore(connection);
  if (useStore(known)) return <>{children}</>;
  if (state.state === 'lost' && state.problem) return <Trouble problem={state.problem} />;
  return <Loading />;
}
