// Whether a journal may be gone on with (R12). Pure.
//
// A Redis that was restarted, restored or promoted has other ids, and may have lost the last of what was
// written, or all. Then a job goes on only where its journal is the one that this runner remembers to the
// last entry. A runner that remembers nothing, in a Redis that changed, cannot know: the job is blocked.

import type { Home, Job, JobHead } from './record.ts';

/** What this process knows of a job. */
export interface Remembered {
  readonly job: Job;
  /** Written, and not answered: it stands or it does not. */
  readonly pending?: Job;
}

export type Trust =
  | { readonly kind: 'trusted' }
  /** `job`: the further one of the two, for whoever has to clear up. */
  | { readonly kind: 'doubted'; readonly why: string; readonly job: Job }
  /** This process remembers one that was finished and forgotten elsewhere. */
  | { readonly kind: 'gone' };

export function trustIn(found: Job | undefined, known: Remembered | undefined, redis: Home): Trust {
  if (!found) return ofLost(known, redis);
  if (isHere(found, redis)) return { kind: 'trusted' };
  const tips = [known?.job.tip, known?.pending?.tip];
  if (tips.includes(found.tip)) return { kind: 'trusted' };
  const why = known
    ? 'Redis was restarted or restored, and its journal is not the one that this controller remembers'
    : 'Redis was restarted or restored, and this controller does not remember the journal';
  const further = known && known.job.revision > found.revision ? known.job : found;
  return { kind: 'doubted', why, job: further };
}

function ofLost(known: Remembered | undefined, redis: Home): Trust {
  if (!known || isHere(known.job, redis)) return { kind: 'gone' };
  return { kind: 'doubted', why: 'Redis has lost its journal', job: known.job };
}

function isHere({ home }: Pick<JobHead, 'home'>, { runId, replId }: Home): boolean {
  return home.runId === runId && home.replId === replId;
}
