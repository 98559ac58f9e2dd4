// What a person says to a job: looked at first, and where it takes back or passes over something, named.

import { useState } from 'preact/hooks';
import type { CommandName } from '../../jobs/commands.ts';
import type { LiveJob } from '../live/fleet.ts';
import { useMayRun } from '../live/session.ts';
import { SayDialog } from '../say/say-dialog.tsx';
import { useWords, type Words } from '../words/words.ts';
import { isEnded } from './job-list.ts';
import type { StepAnswer } from './job-state.tsx';

const DANGEROUS: ReadonlySet<CommandName> = new Set(['abort', 'skip']);

interface Said {
  readonly name: CommandName;
  readonly step?: string;
}

/** All that can be said to it, each with the reason why it cannot be now. */
export function JobActions({
  job,
  steps,
}: {
  readonly job: LiveJob;
  readonly steps: readonly StepAnswer[];
}) {
  const words = useWords();
  const [name, setName] = useState<CommandName>();
  if (!useMayRun(job) || isEnded(job)) return null;
  const told = toldOf(job, steps, words);
  return (
    <span class="actions">
      {told.map(([one, unfit]) => (
        <button
          key={one}
          type="button"
          disabled={unfit !== ''}
          {...(unfit !== '' && { title: unfit })}
          {...(DANGEROUS.has(one) && { class: 'warns' })}
          onClick={() => setName(one)}
        >
          {words.askJob[one]}
        </button>
      ))}
      {name && <SayJob job={job} said={{ name }} close={() => setName(undefined)} />}
    </span>
  );
}

/** Each with why it does not fit; empty: it does. */
function toldOf(
  { state, paused, aborted, asks }: LiveJob,
  steps: readonly StepAnswer[],
  { unfit }: Words,
): readonly (readonly [CommandName, string])[] {
  const mayRetry = state === 'Blocked' || steps.some((step) => step.state === 'failed');
  return [
    ...(asks === undefined ? [] : [['approve', ''] as const]),
    paused ? ['resume', ''] : ['pause', ''],
    ['retry', mayRetry ? '' : unfit.noneFailed],
    ['abort', aborted ? unfit.aborted : ''],
  ];
}

/** Of one step: made again, or passed over. */
export function StepActions({ job, step }: { readonly job: LiveJob; readonly step: StepAnswer }) {
  const words = useWords();
  const [name, setName] = useState<CommandName>();
  if (!useMayRun(job) || isEnded(job)) return null;
  const told = [
    ...(step.state === 'failed' ? (['retry'] as const) : []),
    ...(step.skippable ? (['skip'] as const) : []),
  ];
  return (
    <span class="step-actions">
      {told.map((one) => (
        <button
          key={one}
          type="button"
          aria-label={`${words.askJob[one]} ${step.id}`}
          onClick={() => setName(one)}
        >
          {words.askJob[one]}
        </button>
      ))}
      {name && <SayJob job={job} said={{ name, step: step.id }} close={() => setName(undefined)} />}
    </span>
  );
}

function SayJob({
  job: { id, asks },
  said: { name, step },
  close,
}: {
  readonly job: LiveJob;
  readonly said: Said;
  readonly close: () => void;
}) {
  const words = useWords();
  // As it was shown first: what it asks for by now has not been looked at.
  const [shown] = useState(asks);
  const isDangerous = DANGEROUS.has(name);
  return (
    <SayDialog
      title={words.jobTitles[name](id)}
      close={close}
      doIt={words.doJob[name]}
      saying={{
        method: 'POST',
        path: `jobs/${encodeURIComponent(id)}/${name}`,
        isForNoEdge: true,
        ...(step !== undefined && { query: `step=${encodeURIComponent(step)}` }),
        ...(name === 'approve' && shown !== undefined && { body: { asks: shown } }),
      }}
      isBlind
      isDangerous={isDangerous}
      {...(isDangerous && { name: id })}
    >
      <p>{words.jobHints[name]}</p>
      {step !== undefined && <p>{words.ofStep(step)}</p>}
      {name === 'approve' && shown !== undefined && <p>{words.asksFor(shown)}</p>}
    </SayDialog>
  );
}
