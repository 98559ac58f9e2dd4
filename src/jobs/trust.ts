// Whether a journal may be gone on with (R12). Pure.
//
// A Redis that was restarted, restored or promoted has other ids, and may have lost the last of what was
// written, or all. Then a job goes on only where its journal is the one that this runner remembers to the
// last entry, and nobody else has led since: another would have gone on in a Redis that is lost, and what
// stands here would be from before that. A runner that remembers nothing, in a Redis that changed, cannot
// know: the job is blocked.

import { counterOf } from '../edges/counter.ts';
import type { Lease } from '../edges/store.ts';
import type { Home, Job, JobHead } from './record.ts';

interface Known {
  readonly job: Job;
  /** Under which it was read or written. */
  readonly term: number;
}

/** What this process knows of a job. */
export interface Remembered extends Known {
  /** Written, and not answered: it stands or it does not. */
  readonly pending?: Known;
}

type Redis = Home & Pick<Lease, 'term'>;

export type Trust =
  | { readonly kind: 'trusted' }
  /** `job`: the further one of the two, for whoever has to clear up. */
  | { readonly kind: 'doubted'; readonly why: string; readonly job: Job }
  /** This process remembers one that was finished and forgotten elsewhere. */
  | { readonly kind: 'gone' };

export function trustIn(
  found: Job | undefined,
  known: Remembered | undefined,
  redis: Redis,
): Trust {
  if (!found) return ofLost(known, redis);
  if (isHere(found, redis)) return { kind: 'trusted' };
  const one = [known, known?.pending].find((each) => each?.job.tip === found.tip);
  if (one && isNext(one, redis)) return { kind: 'trusted' };
  const why = `Redis was restarted or restored, and ${doubtOf(known, one)}`;
  const further = known && known.job.revision > found.revision ? known.job : found;
  return { kind: 'doubted', why, job: further };
}

function ofLost(known: Remembered | undefined, redis: Home): Trust {
  if (!known || isHere(known.job, redis)) return { kind: 'gone' };
  return { kind: 'doubted', why: 'Redis has lost its journal', job: known.job };
}

function doubtOf(known: Known | undefined, one: Known | undefined): string {
  if (one) return 'another has led since this controller wrote its journal';
  return known
    ? 'its journal is not the one that this controller remembers'
    : 'this controller does not remember the journal';
}

/** Whether no other term lies between. */
function isNext({ term }: Known, now: Redis): boolean {
  return counterOf(now.term) - counterOf(term) <= 1;
}

function isHere({ home }: Pick<JobHead, 'home'>, { runId, replId }: Home): boolean {
  return home.runId === runId && home.replId === replId;
}
