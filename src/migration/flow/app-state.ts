// Where the move of one app stands, from the journal alone. Pure.

import type { Job } from '../../jobs/record.ts';
import type { MigrationPlan, PlannedApp } from '../plan/model.ts';
import { backSteps, forwardSteps, isPast, outcomeOf } from './steps.ts';

export const APP_STATES = [
  'Pending',
  'Preflight',
  'Planned',
  'Reserved',
  'Applying',
  'WaitReady',
  'Shifting',
  'Baking',
  'Draining',
  'DeletingSource',
  'Finishing',
  'Done',
  'DoneWithDebt',
  'RollingBack',
  'RolledBack',
  'Refused',
  'Deferred',
  'Blocked',
] as const;

export type AppStateName = (typeof APP_STATES)[number];

export interface AppState {
  readonly state: AppStateName;
  /** The step that is next or under way; absent: nothing is to be done. */
  readonly step?: string;
  /** Of a shift: how much has gone over, or is going. */
  readonly percent?: number;
  /** The step whose failure made it so. */
  readonly failed?: string;
}

/** At an end, or nothing goes on by itself. */
const RESTING: ReadonlySet<AppStateName> = new Set([
  'Done',
  'DoneWithDebt',
  'RolledBack',
  'Refused',
  'Deferred',
  'Blocked',
]);

export function isResting({ state }: AppState): boolean {
  return RESTING.has(state);
}

type View = Pick<Job<MigrationPlan>, 'steps' | 'aborted' | 'plan'>;

export function appState(job: View, app: PlannedApp): AppState {
  if (app.state === 'deferred') return { state: 'Deferred' };
  const steps = forwardSteps(app, job.plan.mode);
  const at = steps.findIndex((name) => !isPast(outcomeOf(job, { app: app.app, name })));
  if (at < 0) return { state: job.plan.mode === 'offline' ? 'DoneWithDebt' : 'Done' };
  if (job.aborted && !isTooLate(job, app)) return wayBack(job, app);
  const step = steps[at] ?? '';
  const hasEnded = outcomeOf(job, { app: app.app, name: step }) !== undefined;
  return hasEnded ? afterFailure(job, app, step) : going(step, at);
}

/** Once something of the source may be gone there is no way back but another migration. */
function isTooLate(job: View, app: PlannedApp): boolean {
  return forwardSteps(app, job.plan.mode).some(
    (name) =>
      (name.startsWith('delete.') || name === 'owe') &&
      Object.hasOwn(job.steps, `${app.app}:${name}`),
  );
}

function going(step: string, at: number): AppState {
  const [name = '', part] = step.split('.');
  const state = STATES[name] ?? 'Pending';
  if (name === 'shift') return { state, step, percent: Number(part) };
  return { state: at === 0 ? 'Pending' : state, step };
}

/** Of the step that is next or under way. */
const STATES: Readonly<Record<string, AppStateName>> = {
  preflight: 'Preflight',
  reserve: 'Planned',
  apply: 'Applying',
  ready: 'WaitReady',
  late: 'WaitReady',
  shift: 'Shifting',
  bake: 'Baking',
  drain: 'Draining',
  delete: 'DeletingSource',
  owe: 'DeletingSource',
  finish: 'Finishing',
};

function afterFailure(job: View, app: PlannedApp, step: string): AppState {
  const [name = ''] = step.split('.');
  if (name === 'preflight') return { state: 'Refused', failed: step };
  if (name === 'reserve') return { state: 'Deferred', failed: step };
  // With the source dead there is nothing to go back to; past the drain only a person knows.
  const stays = job.plan.mode === 'offline' || ['drain', 'delete', 'owe', 'finish'].includes(name);
  return stays ? { state: 'Blocked', failed: step } : { ...wayBack(job, app), failed: step };
}

function wayBack(job: View, app: PlannedApp): AppState {
  const steps = backSteps(job, app);
  if (job.plan.mode === 'offline' && steps.length > 0) return { state: 'Blocked' };
  const next = steps.find((name) => !isPast(outcomeOf(job, { app: app.app, name })));
  if (next === undefined) return { state: 'RolledBack' };
  const outcome = outcomeOf(job, { app: app.app, name: next });
  if (outcome !== undefined) return { state: 'Blocked', failed: next };
  return { state: 'RollingBack', step: next };
}
