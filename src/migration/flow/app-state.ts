// Where the move of one app stands, from the journal alone. Pure.

import type { Job } from '../../jobs/record.ts';
import type { MigrationPlan, PlannedApp } from '../plan/model.ts';
import { backSteps, forwardSteps, hasLeft, homeSteps, isPast, outcomeOf } from './steps.ts';

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
  /** Of a shift: how much has gone over, or is going; on the way home how much is still away. */
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

type View = Pick<Job<MigrationPlan>, 'steps' | 'aborted' | 'doubted' | 'plan'>;

export function appState(job: View, app: PlannedApp): AppState {
  if (app.state === 'deferred') return { state: 'Deferred' };
  const steps = forwardSteps(app, job.plan.mode);
  const at = steps.findIndex((name) => !isPast(outcomeOf(job, { app: app.app, name })));
  if (at < 0) return { state: job.plan.mode === 'offline' ? 'DoneWithDebt' : 'Done' };
  if (job.aborted && hasLeft(job, app)) return wayHome(job, app);
  if (job.aborted && !isOwed(job, app)) return wayBack(job, app);
  const step = steps[at] ?? '';
  const hasEnded = outcomeOf(job, { app: app.app, name: step }) !== undefined;
  return hasEnded ? afterFailure(job, app, step) : going(step, at);
}

/** Offline: what is owed stands already, and nothing is missing but the end. */
function isOwed(job: View, { app }: PlannedApp): boolean {
  return Object.hasOwn(job.steps, `${app}:owe`);
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
  // Tried again after a doubt all of it may be there already.
  const isUntouched = backSteps(job, app).every((one) => one === 'back.release');
  if (name === 'preflight' && isUntouched) return { state: 'Refused', failed: step };
  if (name === 'reserve' && isUntouched) return { state: 'Deferred', failed: step };
  // With the source dead there is nothing to go back to; past the drain only a person knows.
  const isPersons =
    ['drain', 'delete', 'owe', 'finish'].includes(name) || hasLeft(job, app) || isOwed(job, app);
  const stays = job.plan.mode === 'offline' || isPersons;
  return stays ? { state: 'Blocked', failed: step } : { ...wayBack(job, app), failed: step };
}

function wayBack(job: View, app: PlannedApp): AppState {
  const steps = backSteps(job, app);
  if (job.plan.mode === 'offline' && steps.length > 0) return { state: 'Blocked' };
  return rolling(job, app, steps);
}

/** The source's objects come again before anything of the destination goes. */
function wayHome(job: View, app: PlannedApp): AppState {
  const state = rolling(job, app, homeSteps(job, app));
  const percent = awayAt(state.step);
  return state.state === 'RollingBack' && percent > 0 ? { ...state, percent } : state;
}

/** How much of the requests is still to go to the destination. */
function awayAt(step = ''): number {
  const [verb, part] = step.split('.');
  if (verb === 'again' || step === 'return.ready') return 100;
  return verb === 'return' && part !== 'drain' ? Number(part) : 0;
}

function rolling(job: View, { app }: PlannedApp, steps: readonly string[]): AppState {
  const next = steps.find((name) => !isPast(outcomeOf(job, { app, name })));
  if (next === undefined) return { state: 'RolledBack' };
  const isStuck = outcomeOf(job, { app, name: next }) !== undefined;
  return isStuck ? { state: 'Blocked', failed: next } : { state: 'RollingBack', step: next };
}
