// A migration on its way: for each app the states that it goes through, and its steps with their gates.

import { useMemo } from 'preact/hooks';
import type { JobAnswered } from '../../api/job-shapes.ts';
import type { PlannedApp } from '../../migration/plan/model.ts';
import { StepList } from '../jobs/step-list.tsx';
import { Badge, type Tone } from '../show/badge.tsx';
import { useWords } from '../words/words.ts';
import { CHAIN, movesOf, ownSteps, planIn, type Move } from './moves.ts';
import { labelOf } from './step-words.ts';
import { WeightTable } from './weight-table.tsx';

export function MigrationWay({ job }: { readonly job: JobAnswered }) {
  const words = useWords();
  const moves = useMemo(() => movesOf(job), [job]);
  const own = ownSteps(job).map((step) => ({ ...step, label: words.moveSteps['clear'] ?? '' }));
  return (
    <>
      <ul class="moves-of">
        {moves.map((move) => (
          <li key={move.app.app}>
            <MoveOf job={job} move={move} />
          </li>
        ))}
      </ul>
      {own.length > 0 && <StepList job={job} label={job.id} steps={own} />}
    </>
  );
}

const TONES: Readonly<Partial<Record<Move['state'], Tone>>> = {
  Done: 'well',
  DoneWithDebt: 'warning',
  RollingBack: 'warning',
  RolledBack: 'quiet',
  Refused: 'bad',
  Deferred: 'warning',
  Blocked: 'bad',
  Pending: 'quiet',
};

function MoveOf({ job, move }: { readonly job: JobAnswered; readonly move: Move }) {
  const words = useWords();
  const { app, state, percent, now, all, done, total } = move;
  const listed = (steps: Move['all']) =>
    steps.map((step) => ({ ...step, label: labelOf(words, app, step.name) }));
  const { from, to } = planIn(job);
  return (
    <article aria-label={app.app}>
      <h3>
        {app.app} <Badge tone={TONES[state] ?? 'held'}>{words.moveStates[state]}</Badge>
        {percent !== undefined && <span class="detail">{words.percentOver(`${percent}`)}</span>}
        <span class="detail">{words.stepsDone(done, total)}</span>
        <span class="detail">{words.planTitle(from, to)}</span>
      </h3>
      <Chain move={move} />
      {now.length > 0 && <StepList job={job} label={app.app} steps={listed(now)} />}
      {all.length > 0 && (
        <details>
          <summary>{words.allSteps}</summary>
          <StepList job={job} label={`${words.allSteps}: ${app.app}`} steps={listed(all)} />
        </details>
      )}
      <Weights app={app} percent={percent} />
    </article>
  );
}

/** Past, now, to come: by mark and word, not by colour alone. */
function Chain({ move: { state } }: { readonly move: Move }) {
  const words = useWords();
  const at = CHAIN.findIndex((one) => one === state);
  if (at < 0) return null;
  return (
    <ol class="chain">
      {CHAIN.map((one, place) => (
        <li
          key={one}
          class={place < at ? 'past' : place === at ? 'now' : 'coming'}
          {...(place === at && { 'aria-current': 'step' })}
        >
          {words.moveStates[one]}
        </li>
      ))}
    </ol>
  );
}

function Weights({
  app,
  percent,
}: {
  readonly app: PlannedApp;
  readonly percent?: number | undefined;
}) {
  const words = useWords();
  if (!app.weights) return null;
  return (
    <details>
      <summary>{words.weightTable}</summary>
      <WeightTable
        app={app.app}
        weights={{
          ...app.weights,
          steps: app.weights.steps.map((step) => ({ ...step, parts: [...step.parts] })),
        }}
        {...(percent !== undefined && { at: `${percent} %` })}
      />
    </details>
  );
}
