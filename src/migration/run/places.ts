// Places at a destination: so many apps at once whose weights go over to it, of all migrations that lead there.
//
// Comes in: an app whose weights are to move. Goes out: nothing, and it may; else for whom it waits. A place is
// had by a step on record; from the word that there is one until then a claim stands for it. On failure: the
// claim ends with its term, and with the job. Who is paused or blocked half-way keeps its place, as it does its
// room.

import type { Waiting } from '../../jobs/kind.ts';
import { isFinal } from '../../jobs/record.ts';
import { hasBegun, moving } from '../flow/next.ts';
import { wait, type Doing, type MigrationJob } from './doing.ts';
import { isMove } from './others.ts';

export interface Places {
  /** Undefined: there is one. */
  full(doing: Doing): Waiting | undefined;
  /** Undefined: it is its own now. */
  take(doing: Doing): Waiting | undefined;
}

interface Claim {
  readonly term: number;
  readonly job: string;
  readonly app: string;
}

const AGAIN_SECONDS = 2;
/** Of those that are waited for. */
const NAMED = 3;

export function createPlaces(): Places {
  let claims: readonly Claim[] = [];

  const full = ({ job, app, scene }: Doing): Waiting | undefined => {
    const { to, limits } = job.plan;
    const jobs = scene.jobs().filter(isMove);
    claims = claims.filter((one) => one.term === scene.term && stands(one, jobs));
    const there = jobs.filter((one) => one.plan.to === to && !isFinal(one));
    const taken = there.flatMap((one) => [
      ...moving(one).map((name) => `${name} of ${one.id}`),
      ...claims.flatMap((claim) => (claim.job === one.id ? [`${claim.app} of ${one.id}`] : [])),
    ]);
    const others = taken.filter((name) => name !== `${app.app} of ${job.id}`);
    if (others.length < limits.shifting) return undefined;
    const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
    const names = `${others.slice(0, NAMED).join(', ')}${more}`;
    return wait(`${limits.shifting} at once shift to ${to}: ${names} first`, AGAIN_SECONDS);
  };

  return {
    full,
    take(doing) {
      const { job, app, scene } = doing;
      const waiting = full(doing);
      if (!waiting) claims = [...claims, { term: scene.term, job: job.id, app: app.app }];
      return waiting;
    },
  };
}

/** What has begun is counted by its record. */
function stands({ job: id, app }: Claim, jobs: readonly MigrationJob[]): boolean {
  const job = jobs.find((one) => one.id === id);
  return job !== undefined && !isFinal(job) && !job.aborted && !hasBegun(job, { app });
}
