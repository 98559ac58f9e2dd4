// A request on its way to a job. Pure.
//
// Comes in: the plan that was made of it, and how careful it is to be. Goes out: the draft of a job. On
// failure: `plan-moved` where it is another plan than the one that was looked at, `plan-invalid` with
// everything that refuses it; nothing is begun then.

import { BallastError } from '../../errors.ts';
import type { Draft } from '../../jobs/record.ts';
import type { Gates } from '../flow/gates.ts';
import type { JobPlan, MigrationLimits } from '../flow/next.ts';
import type { MigrationPlan, PlanRequest } from '../plan/model.ts';

export const MIGRATION = 'migration';

export interface MoveSubmission {
  readonly request: PlanRequest;
  /** Of the plan that was looked at. */
  readonly digest?: string | undefined;
  readonly gates: Gates;
  readonly limits: MigrationLimits;
  readonly who: string;
}

export function draftMove(submission: MoveSubmission, plan: MigrationPlan): Draft {
  const { request, digest, gates, limits, who } = submission;
  if (digest !== undefined && digest !== plan.digest)
    throw new BallastError('plan-moved', `the plan would now have the digest ${plan.digest}`);
  if (!plan.ok) throw new BallastError('plan-invalid', refusals(plan));
  const job: JobPlan = { ...plan, request, gates, limits };
  return {
    kind: MIGRATION,
    name: nameOf(plan),
    apps: plan.apps.map(({ app }) => app),
    clusters: [plan.from, plan.to],
    plan: job,
    planDigest: plan.digest,
    who,
  };
}

function refusals({ findings }: MigrationPlan): string {
  const refused = findings.filter(({ severity }) => severity === 'refuse');
  return refused.map(({ object, text }) => `${object}: ${text}`).join('; ');
}

/** It stands in labels of objects, with a part behind it that makes it unique. */
const LONGEST = 50;

function nameOf({ apps, from, to }: MigrationPlan): string {
  const [only] = apps;
  const what = apps.length === 1 && only ? only.app : `${from}-${to}`;
  return `move-${what}`.slice(0, LONGEST).replace(/[^A-Za-z0-9]+$/, '');
}
