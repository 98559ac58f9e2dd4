// What a job has in clusters for its own sake: put before it writes, taken away at its end.

import { refOf, shownRef } from '../../../src/clusters/cluster-writer.ts';
import { readStep } from '../../../src/fanout/run/steps.ts';
import { stepOf } from '../../../src/migration/flow/steps.ts';
import { isFinal, type Job } from '../../../src/jobs/record.ts';
import { jobOf } from '../../../src/jobs/traces.ts';
import type { SimulatedObjects, Written } from './objects.ts';

export interface TraceWatchParts {
  readonly tell: (text: string) => void;
  readonly job: (id: string) => Job | undefined;
}

/** Steps that end what a job has in clusters; the last is of one that was found. */
const ENDS: readonly string[] = ['clear', 'clear-again', 'lift'];
/** Of a migration, that write. */
const WRITES = /^(apply|late|delete|again|back)\.[0-9]+$/;

/** `id`: of the job whose trace it is. */
export function watchTrace(
  { acting, cluster, ref, after, by }: Written,
  id: string,
  parts: TraceWatchParts,
): void {
  const job = parts.job(id);
  const step = acting?.step ?? '';
  const mayPut = job?.kind === 'migration' ? WRITES.test(stepOf(step).name) : isApply(step);
  const isOwn = acting?.job === id && (after ? mayPut : ENDS.includes(step));
  const isLeft = !acting && !after && job !== undefined && isFinal(job);
  if (isOwn || isLeft) return;
  const what = after ? 'put' : 'removed';
  const shown = acting ? `${acting.job}, ${acting.step}` : 'no job';
  parts.tell(`${by.name} ${what} ${shownRef(ref)} in ${cluster}, of ${id}, for ${shown}`);
}

const isApply = (step: string): boolean => readStep(step).verb === 'apply';

/** Of a job, as `ConfigMap prod/ballast-job-1 in east`. */
export function tracesOf(id: string, all: readonly SimulatedObjects[]): string[] {
  return all.flatMap(({ name, objects }) =>
    objects
      .all()
      .filter((one) => jobOf(one) === id)
      .map((one) => `${shownRef(refOf(one))} in ${name}`),
  );
}
