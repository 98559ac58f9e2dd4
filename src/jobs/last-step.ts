// When a job's last step is next (clear.ts). Pure.

import type { Next } from './kind.ts';
import { type Job, resultOf } from './record.ts';

/** `clear-again` behind a way back. */
export const CLEAR = 'clear';
export const CLEAR_AGAIN = 'clear-again';

/** Of one that is done but for this: what a way back would need is going, and an abort comes too late. */
export function isClearing({ steps }: Pick<Job, 'steps'>): boolean {
  const last = steps[CLEAR];
  return last !== undefined && !last.again;
}

/** `end`, once this step is done. */
export function behind(job: Job, step: string, end: Next): Next {
  if (resultOf(job, step)) return end;
  return { ...end, state: end.state === 'Done' ? 'Running' : 'RollingBack', run: [step] };
}
