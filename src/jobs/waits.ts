// What the steps of a job wait for. Pure.

import { isFinal, isOpen, type Job } from './record.ts';

export const keyOf = ({ id }: Pick<Job, 'id'>, step: string): string => `${id} ${step}`;

/** Of one that goes on, each with its step; what waited before somebody spoke waits no more. */
export function waitsOf(job: Job, waits: ReadonlyMap<string, string>): string[] {
  if (isFinal(job) || job.paused || job.blocked !== undefined) return [];
  const mine = keyOf(job, '');
  return [...waits].flatMap(([key, text]) => {
    const step = key.slice(mine.length);
    return key.startsWith(mine) && isWaiting(job, step) ? `${step}: ${text}` : [];
  });
}

/** One that was not begun may wait too; but no more once the way leads back. */
function isWaiting({ steps, aborted }: Job, name: string): boolean {
  const step = steps[name];
  return isOpen(step) || (step === undefined && !aborted);
}
