// Steps, each with what was meant, what came of it, and what it waits for.

import type { LiveJob } from '../live/fleet.ts';
import { useWords } from '../words/words.ts';
import { StepBadge, type StepAnswer, type StepState } from './job-state.tsx';
import { StepActions } from './say-job.tsx';

export interface ListedStep {
  readonly id: string;
  readonly label: string;
  readonly state: StepState;
  readonly answer?: StepAnswer;
}

export function StepList({
  job,
  label,
  steps,
}: {
  readonly job: LiveJob;
  readonly label: string;
  readonly steps: readonly ListedStep[];
}) {
  return (
    <ol class="steps" aria-label={label}>
      {steps.map((step) => (
        <li key={step.id} class={step.state}>
          <StepBadge state={step.state} />
          <span class="step-text">
            <span title={step.id}>{step.label}</span>
            {step.answer && <Told answer={step.answer} />}
          </span>
          {step.answer && <StepActions job={job} step={step.answer} />}
        </li>
      ))}
    </ol>
  );
}

function Told({ answer: { id, attempt, intent, text, waits } }: { readonly answer: StepAnswer }) {
  const words = useWords();
  const parts = [...new Set([intent, text])].filter((part) => part !== id);
  return (
    <>
      {attempt > 1 && <span class="detail">{words.attempt(attempt)}</span>}
      {parts.map((part) => (
        <span key={part} class="detail">
          {part}
        </span>
      ))}
      {waits !== undefined && (
        <span class="waits">
          {words.waitsFor}: {waits}
        </span>
      )}
    </>
  );
}

/** As the journal has them, of a job whose kind this page does not know closer. */
export function listed(steps: readonly StepAnswer[]): ListedStep[] {
  return steps.map((answer) => ({
    id: answer.id,
    label: answer.id,
    state: answer.state,
    answer,
  }));
}
