// What the record of a fan-out says of a lane. Pure.

import { resultOf, type Job, type StepResult } from '../../jobs/record.ts';
import type { Lane, RunPlan } from './lanes.ts';
import { stepOf } from './steps.ts';

export type FanoutJob = Job<RunPlan>;

export function isTouched({ steps }: FanoutJob, { id, writes }: Lane): boolean {
  const names = [stepOf('hold', id), ...writes.map((index) => stepOf('apply', id, index))];
  return names.some((name) => Object.hasOwn(steps, name));
}

/** As long as it is not known, it may. */
export function holdsSomething(job: FanoutJob, { id }: Lane): boolean {
  return hasHeld(resultOf(job, stepOf('hold', id)));
}

export function hasHeld(result: StepResult | undefined): boolean {
  const { held } = (result?.data ?? {}) as { readonly held?: readonly string[] };
  return held === undefined || held.length > 0;
}
