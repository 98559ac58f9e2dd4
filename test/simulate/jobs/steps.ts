// What the steps of each kind of job mean for its holds. A kind that joins adds its own here.

import type { Job } from '../../../src/jobs/record.ts';
import { readStep } from '../../../src/fanout/run/steps.ts';
import type { JobPlan } from '../../../src/migration/flow/next.ts';
import { stepOf } from '../../../src/migration/flow/steps.ts';

/** With which the ids of holds begin that the step, once begun, may give back. */
export function lettingGo(job: Job, step: string): string | undefined {
  const { id, kind } = job;
  if (kind === 'found') return `${id}.`;
  if (kind === 'migration') return moveLetsGo(job as Job<JobPlan>, step);
  const { verb, lane } = readStep(step);
  return verb === 'release' || verb === 'release-again' ? `${id}.${lane}.` : undefined;
}

/** Likewise, that it takes. */
export function taking({ id, kind }: Job, step: string): string | undefined {
  if (kind === 'migration') return moveTakes(id, step);
  const { verb, lane } = readStep(step);
  return verb === 'hold' || verb === 'hold-again' ? `${id}.${lane}.` : undefined;
}

/** The drain of the destination ends with the first part that goes over, its pins with the way back. */
function moveLetsGo({ id, plan, doubted }: Job<JobPlan>, step: string): string | undefined {
  const { app, name } = stepOf(step);
  if (name.startsWith('shift.')) return `${id}.${app}.drain.${plan.to}`;
  // Tried again from the beginning, it begins with its holds too.
  const isAgain = doubted === true && /^(apply|ready|late)\b/.test(name);
  if (isAgain) return `${id}.${app}.`;
  if (name === 'back.weights') return `${id}.${app}.pin.`;
  return name === 'finish' || name === 'back.release' ? `${id}.${app}.` : undefined;
}

function moveTakes(id: string, step: string): string | undefined {
  const { app, name } = stepOf(step);
  if (name === 'reserve') return `${id}.${app}.`;
  return name.startsWith('shift.') ? `${id}.${app}.pin.` : undefined;
}
