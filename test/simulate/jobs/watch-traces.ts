// What a job has in clusters for its own sake: put before it writes, taken away at its end.

import { shownRef } from '../../../src/clusters/cluster-writer.ts';
import { readStep } from '../../../src/fanout/run/steps.ts';
import { isFinal, type Job } from '../../../src/jobs/record.ts';
import type { Written } from './objects.ts';

export interface TraceWatchParts {
  readonly tell: (text: string) => void;
  readonly job: (id: string) => Job | undefined;
}

/** Steps that end what a job has in clusters; the last is of one that was found. */
const ENDS: readonly string[] = ['clear', 'clear-again', 'lift'];

/** `id`: of the job whose trace it is. */
export function watchTrace(
  { acting, cluster, ref, after, by }: Written,
  id: string,
  parts: TraceWatchParts,
): void {
  const job = parts.job(id);
  const { verb } = readStep(acting?.step ?? '');
  const isOwn = acting?.job === id && (after ? ['apply'] : ENDS).includes(verb);
  const isLeft = !acting && !after && job !== undefined && isFinal(job);
  if (isOwn || isLeft) return;
  const what = after ? 'put' : 'removed';
  const step = acting ? `${acting.job}, ${acting.step}` : 'no job';
  parts.tell(`${by.name} ${what} ${shownRef(ref)} in ${cluster}, of ${id}, for ${step}`);
}
