// What a migration does next, from its record alone. Pure.
//
// Comes in: the job. Goes out: the steps that are to be under way, in the order of the plan, within the
// limits; the state of the whole. On failure: a step that failed takes its app back while there is a way
// back, and blocks it where there is none; others go on, unless too many failed.

import type { Next } from '../../jobs/kind.ts';
import { behind, CLEAR, CLEAR_AGAIN, isClearing } from '../../jobs/last-step.ts';
import { isFinal, resultOf, type Job } from '../../jobs/record.ts';
import type { MigrationPlan, PlanRequest } from '../plan/model.ts';
import type { Gates } from './gates.ts';
import { appState, isResting, type AppState, type AppStateName } from './app-state.ts';
import { idOf, stepOf } from './steps.ts';

export interface MigrationLimits {
  /** Apps that are on their way. */
  readonly atOnce: number;
  /** So many whose weights move, of all migrations to one destination. */
  readonly shifting: number;
  /** No further app begins once a greater part of them failed. */
  readonly failedPart: number;
}

export interface JobPlan extends MigrationPlan {
  readonly limits: MigrationLimits;
  readonly gates: Gates;
  /** What was asked for: it is looked at once more before anything is done. */
  readonly request: PlanRequest;
}

export const LIMITS: MigrationLimits = { atOnce: 10, shifting: 5, failedPart: 0 };

const FAILED: ReadonlySet<AppStateName> = new Set([
  'RollingBack',
  'RolledBack',
  'Refused',
  'Blocked',
]);
const MOVES: ReadonlySet<AppStateName> = new Set(['Shifting', 'Baking', 'Draining']);

export function next(job: Job<JobPlan>): Next {
  const { aborted: _, ...unaborted } = job;
  const isTooLate = isClearing(job) && isFinal(ofApps(unaborted));
  const now = isTooLate ? ofApps(unaborted) : ofApps(job);
  if (!isFinal(now) || !mayBeMarked(job)) return now;
  return behind(job, job.aborted && !isTooLate ? CLEAR_AGAIN : CLEAR, now);
}

/** In a cluster. */
function mayBeMarked({ steps, doubted }: Job): boolean {
  return doubted === true || Object.keys(steps).some((id) => stepOf(id).name.startsWith('apply.'));
}

function ofApps(job: Job<JobPlan>): Next {
  const states = job.plan.apps.map((app) => ({ app: app.app, ...appState(job, app) }));
  const run = runnable(job, states).flatMap(({ app, step }) =>
    step === undefined ? [] : idOf({ app, name: step }),
  );
  return run.length > 0 ? { state: whole(job, states), run } : rest(job, states);
}

type Named = AppState & { readonly app: string };

/** Who is on the way goes on; others begin in the plan's order while there is room for them. */
function runnable(job: Job<JobPlan>, states: readonly Named[]): Named[] {
  const { atOnce, shifting } = job.plan.limits;
  const isGoing = (one: Named): boolean => one.state !== 'Pending' && !isResting(one);
  const mayBegin = !job.aborted && !tooManyFailed(job, states);
  let free = atOnce - states.filter(isGoing).length;
  // Who shifts already keeps its place: two that wait for each other's would wait for ever.
  let begun = states.filter((one) => isMoving(job, one)).length;
  return states.filter((one) => {
    if (one.state === 'Pending') return mayBegin && free-- > 0;
    if (isResting(one)) return false;
    if (!MOVES.has(one.state) || hasBegun(job, one)) return true;
    return begun++ < shifting;
  });
}

function tooManyFailed({ plan }: Job<JobPlan>, states: readonly Named[]): boolean {
  const failed = states.filter(({ state }) => FAILED.has(state)).length;
  return failed > plan.limits.failedPart * states.length;
}

function isMoving(job: Job<JobPlan>, one: Named): boolean {
  return MOVES.has(one.state) && hasBegun(job, one);
}

/** Apps whose weights have moved, and are not at their end. */
export function moving(job: Job<JobPlan>): string[] {
  const apps = job.plan.apps.filter(({ weights }) => weights !== undefined);
  const named = apps.map((app) => ({ app: app.app, ...appState(job, app) }));
  return named.filter((one) => isMoving(job, one)).map(({ app }) => app);
}

/** Whether its weights have moved. */
export function hasBegun({ steps }: Job<JobPlan>, { app }: Pick<Named, 'app'>): boolean {
  return Object.keys(steps).some((id) => id.startsWith(`${app}:shift.`));
}

function whole({ aborted }: Job<JobPlan>, states: readonly Named[]): Next['state'] {
  return aborted && states.some(({ state }) => state === 'RollingBack') ? 'RollingBack' : 'Running';
}

/** In the words of the step that failed. */
function stuckText(job: Job<JobPlan>, { app, failed = '' }: Named): string {
  const text = resultOf(job, idOf({ app, name: failed }))?.text;
  return text === undefined ? app : `${app}: ${failed}: ${text}`;
}

function rest(job: Job<JobPlan>, states: readonly Named[]): Next {
  const { aborted } = job;
  const named = (wanted: AppStateName): string[] =>
    states.filter(({ state }) => state === wanted).map(({ app }) => app);
  const blocked = states.filter(({ state }) => state === 'Blocked');
  if (blocked.length > 0) {
    const words = blocked.map((one) => stuckText(job, one));
    return { state: 'Blocked', why: `a person must act: ${words.join('; ')}`, run: [] };
  }
  const open = named('Pending');
  if (open.length > 0 && !aborted)
    return { state: 'Failed', why: `too many failed: ${open.join(', ')} did not begin`, run: [] };
  const back = [...named('RolledBack'), ...named('Refused'), ...open];
  const done = [...named('Done'), ...named('DoneWithDebt')];
  const left = named('Deferred');
  const words = [
    ...(back.length > 0 ? [`${back.join(', ')}: as before`] : []),
    ...(left.length > 0 ? [`${left.join(', ')}: no room`] : []),
    ...(named('DoneWithDebt').length > 0 ? ['the source still has what was moved'] : []),
  ];
  const state = endOf(job, { moved: done.length, isEnough: !tooManyFailed(job, states) });
  return { state, why: words.join('; '), run: [] };
}

/** Whoever waits for its end must not take a part for the whole, unless he has called it off. */
function endOf(
  { aborted }: Job<JobPlan>,
  { moved, isEnough }: { readonly moved: number; readonly isEnough: boolean },
): Next['state'] {
  if (aborted) return moved > 0 ? 'Done' : 'RolledBack';
  return moved > 0 && isEnough ? 'Done' : 'Failed';
}
