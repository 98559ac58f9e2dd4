// States of jobs and of their steps.

import type { JobAnswered, JobSummaryAnswer } from '../../api/job-shapes.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { useWords } from '../words/words.ts';

type State = JobSummaryAnswer['state'];
export type StepAnswer = JobAnswered['steps'][number];
/** `coming`: of the plan, and not begun. `back`: of several, which were all taken back. */
export type StepState = StepAnswer['state'] | 'coming' | 'back';

const JOB: Readonly<Record<State, Tone>> = {
  Pending: 'quiet',
  Planned: 'quiet',
  Running: 'held',
  Paused: 'warning',
  WaitingApproval: 'warning',
  RollingBack: 'warning',
  Done: 'well',
  RolledBack: 'quiet',
  Failed: 'bad',
  Blocked: 'bad',
};
const STEP: Readonly<Record<StepState, Tone>> = {
  open: 'held',
  done: 'well',
  failed: 'bad',
  skipped: 'quiet',
  left: 'warning',
  again: 'quiet',
  coming: 'quiet',
  back: 'quiet',
};

export function JobStateBadge({ state }: { readonly state: State }) {
  const words = useWords();
  return <Badge tone={JOB[state]}>{words.jobStates[state]}</Badge>;
}

export function StepBadge({ state }: { readonly state: StepState }) {
  const words = useWords();
  return <Badge tone={STEP[state]}>{words.stepStates[state]}</Badge>;
}
