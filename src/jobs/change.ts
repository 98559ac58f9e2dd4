// One change of a job on its way into the journal. Pure.

import { digestOf } from '../edges/digest.ts';
import { isFinal, type Home, type Job, type JobHead, type StepRecord } from './record.ts';

/** What is absent stays. */
export interface Change {
  readonly head?: Facts;
  readonly steps?: readonly StepRecord[];
}

/** All of a head but what the journal keeps its own books by. */
export type Facts = Omit<JobHead, 'revision' | 'tip' | 'home'>;

export function changed(job: Job, { head, steps = [] }: Change, home: Home): Job {
  const { plan, steps: before, revision, tip, home: _, ...facts } = job;
  const now = head ? factsOf(head) : facts;
  const text = JSON.stringify([tip, revision + 1, now, steps]);
  return {
    ...now,
    revision: revision + 1,
    tip: digestOf(text),
    home: { runId: home.runId, replId: home.replId },
    plan,
    steps: { ...before, ...Object.fromEntries(steps.map((step) => [step.id, step])) },
  };
}

/** A head may be a whole job: only what is a head's goes on. */
function factsOf(head: Facts & Partial<Job>): Facts {
  const { plan: _, steps: __, revision: ___, tip: ____, home: _____, ...facts } = head;
  return facts;
}

export function headOf(job: Job): JobHead {
  const { plan: _, steps: __, ...head } = job;
  return head;
}

/** An app is locked as long as its job may still write. */
export function lockOf(before: Pick<JobHead, 'state'>, now: JobHead): 'keep' | 'free' {
  return isFinal(now) && !isFinal(before) ? 'free' : 'keep';
}
