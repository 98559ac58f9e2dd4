// Where each app of a migration stands, by the same code that runs it. Pure.

import type { JobAnswered } from '../../api/job-shapes.ts';
import type { StepRecord } from '../../jobs/record.ts';
import { appState, type AppState, type AppStateName } from '../../migration/flow/app-state.ts';
import { forwardSteps, stepOf } from '../../migration/flow/steps.ts';
import type { MigrationPlan, PlannedApp } from '../../migration/plan/model.ts';
import type { StepAnswer } from '../jobs/job-state.tsx';

export interface MoveStep {
  readonly id: string;
  readonly name: string;
  readonly state: StepAnswer['state'];
  readonly answer: StepAnswer;
}

export interface Move {
  readonly app: PlannedApp;
  readonly state: AppStateName;
  readonly percent?: number;
  /** Steps under way, or that failed. */
  readonly now: readonly MoveStep[];
  readonly all: readonly MoveStep[];
  readonly done: number;
  readonly total: number;
}

/** As an app goes through them when all is well. */
export const CHAIN = [
  'Preflight',
  'Planned',
  'Applying',
  'WaitReady',
  'Shifting',
  'Baking',
  'Draining',
  'DeletingSource',
  'Finishing',
  'Done',
] as const satisfies readonly AppStateName[];

export const planIn = ({ plan }: Pick<JobAnswered, 'plan'>): MigrationPlan => plan as MigrationPlan;

export function movesOf(job: JobAnswered): Move[] {
  const plan = planIn(job);
  const steps = Object.fromEntries(job.steps.map((step) => [step.id, recordOf(step)]));
  const { aborted } = job;
  const view = {
    plan,
    steps,
    ...(aborted && { aborted: { who: aborted.who, at: Date.parse(aborted.at) } }),
  };
  return plan.apps.map((app) => moveOf(app, appState(view, app), job));
}

/** Steps of no app that are under way. */
export function ownSteps({ steps }: JobAnswered): MoveStep[] {
  return steps.flatMap((answer): MoveStep[] => {
    const { id, state } = answer;
    const { app, name } = stepOf(id);
    return app === '' && state === 'open' ? [{ id, name, state, answer }] : [];
  });
}

function moveOf(app: PlannedApp, { state, percent }: AppState, job: JobAnswered): Move {
  const all = job.steps.flatMap((answer): MoveStep[] => {
    const { app: own, name } = stepOf(answer.id);
    return own === app.app ? [{ id: answer.id, name, state: answer.state, answer }] : [];
  });
  const forward = forwardSteps(app, planIn(job).mode);
  const isPast = (name: string): boolean =>
    all.some((one) => one.name === name && (one.state === 'done' || one.state === 'skipped'));
  return {
    app,
    state,
    ...(percent !== undefined && { percent }),
    now: all.filter((one) => one.state === 'open' || one.state === 'failed'),
    all,
    done: forward.filter(isPast).length,
    total: forward.length,
  };
}

/** As the journal has it, as far as states are made of it. */
function recordOf({ id, attempt, state, text, intent }: StepAnswer): StepRecord {
  const step = { id, attempt, fence: 0, intent: { text: intent, objects: [] } };
  if (state === 'open') return step;
  if (state === 'again') return { ...step, again: { who: '', at: 0 } };
  return { ...step, result: { kind: state, text } };
}
