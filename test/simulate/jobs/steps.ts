// What the steps of each kind of job mean for its holds. A kind that joins adds its own here.

import type { Job } from '../../../src/jobs/record.ts';
import { readStep } from '../../../src/fanout/run/steps.ts';

/** With which the ids of holds begin that the step, once begun, may give back. */
export function lettingGo({ id, kind }: Job, step: string): string | undefined {
  if (kind === 'found') return `${id}.`;
  const { verb, lane } = readStep(step);
  return verb === 'release' || verb === 'release-again' ? `${id}.${lane}.` : undefined;
}

/** Likewise, that it takes. */
export function taking({ id }: Job, step: string): string | undefined {
  const { verb, lane } = readStep(step);
  return verb === 'hold' || verb === 'hold-again' ? `${id}.${lane}.` : undefined;
}
