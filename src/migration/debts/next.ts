// What a debt's job does next, from its record alone. Pure.
//
//     prove       nobody asks the app at its source, and it is served elsewhere
//     delete.N    object N of the debt, by its UID, with the same proof again
//     settle      what is gone is owed no more; with the last of it the drain ends
//
// On failure: it ends there, and what is left stays owed. There is no way back: nothing was given up but what
// a person consented to.

import type { Next } from '../../jobs/kind.ts';
import { resultOf, type Job } from '../../jobs/record.ts';
import type { Debt } from '../../model.ts';

export interface DebtPlan {
  readonly debt: Debt;
}

export type DebtJob = Job<DebtPlan>;

const PAST: readonly unknown[] = ['done', 'skipped'];

export function nextOfDebt(job: DebtJob): Next {
  const { objects } = job.plan.debt;
  const steps = ['prove', ...objects.map((_, index) => `delete.${index}`), 'settle'];
  if (job.aborted) return { state: 'Failed', why: `aborted by ${job.aborted.who}`, run: [] };
  const step = steps.find((one) => !PAST.includes(resultOf(job, one)?.kind));
  if (step === undefined) return { state: 'Done', run: [] };
  const result = resultOf(job, step);
  if (!result) return { state: 'Running', run: [step] };
  return { state: 'Failed', why: `${step}: ${result.text}`, run: [] };
}

/** What was skipped may be there. */
export function goneOf(job: DebtJob): string[] {
  return job.plan.debt.objects.flatMap(({ uid }, index) =>
    resultOf(job, `delete.${index}`)?.kind === 'done' ? uid : [],
  );
}
