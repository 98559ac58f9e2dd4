// The way back of a whole fan-out, and of one lane of it, from the record alone. Pure.
//
//     (hold, acknowledge, quiet again, where it was released) · undo … in reverse · gate · release
//
// Where the journal was doubted it has not all: everything is looked at.

import type { Next } from '../../jobs/kind.ts';
import { isOpen, resultOf } from '../../jobs/record.ts';
import { lanesOf, type Lane } from './lanes.ts';
import { type FanoutJob, holdsSomething, isTouched } from './on-record.ts';
import { readStep, stepOf, type Verb } from './steps.ts';

/**
 * The last lane first; but those that are still held before all others, which may wait for them, and behind
 * them those that were never held, for nothing else served then. What is under way already goes on: left
 * half-way it would never be taken up again.
 */
export function backAll(job: FanoutJob, why: string): Next {
  const touched = lanesOf(job.plan).filter((lane) => mayBeTouched(job, lane));
  const steps = touched
    .toReversed()
    .toSorted((left, right) => backRank(job, left) - backRank(job, right))
    .flatMap((lane) => backStep(job, lane) ?? []);
  const open = steps.filter(({ step }) => isOpen(job.steps[step]));
  const run = [...open, ...beside(job, open, steps)].map(({ step }) => step);
  const failed = steps.find((one) => one.failed !== undefined)?.failed;
  if (open.every(isTurn) && failed !== undefined) {
    return { state: 'Blocked', why: `the way back failed: ${failed}`, run: [] };
  }
  return run.length > 0 ? { state: 'RollingBack', why, run } : { state: 'RolledBack', why, run };
}

const HELD = 0;
const AGAIN = 1;
const SERVING = 2;

function backRank(job: FanoutJob, lane: Lane): number {
  if (lane.holds.length > 0 && !holdsSomething(job, lane)) return SERVING;
  return comesAgain(job, lane) ? AGAIN : HELD;
}

/**
 * One at a time; but what waits for its turn would wait for ever for lanes that are still held. Where the
 * journal was doubted it cannot tell which those are: then the next one asks for its turn too.
 */
function beside(
  { steps, doubted }: FanoutJob,
  open: readonly BackStep[],
  all: readonly BackStep[],
): readonly BackStep[] {
  if (open.length === 0) return all.slice(0, 1);
  if (!open.every(isTurn)) return [];
  const others = all.filter((one) => !isOpen(steps[one.step]));
  const held = others.filter((one) => one.rank !== SERVING && !isTurn(one));
  return (held.length > 0 || !doubted ? held : others.filter(isTurn)).slice(0, 1);
}

const isTurn = ({ step }: BackStep): boolean => readStep(step).verb === 'hold-again';

interface BackStep {
  readonly step: string;
  readonly rank: number;
  readonly failed?: string;
}

/** Undefined: the lane is as it was. */
export function backStep(job: FanoutJob, lane: Lane): BackStep | undefined {
  const rank = backRank(job, lane);
  const steps = backward(job, lane);
  // Tried again after a doubt it may be behind others: left, it would never be made, and a hold would stay.
  const open = steps.find((step) => isOpen(job.steps[step]));
  if (open !== undefined) return { step: open, rank };
  for (const step of steps) {
    const result = resultOf(job, step);
    if (!result) return { step, rank };
    if (result.kind === 'failed') return { step, rank, failed: `${step}: ${result.text}` };
  }
  return undefined;
}

function backward(job: FanoutJob, lane: Lane): string[] {
  const { id, writes } = lane;
  // Whatever its attempt came to: it is looked at.
  const written = writes.filter((index) => mayBeWritten(job, stepOf('apply', id, index)));
  const drain = lane.holds.length > 0 && mayBeHeld(job, lane);
  const released = comesAgain(job, lane);
  const again: Verb[] = ['hold-again', 'acknowledge-again', 'quiet-again'];
  return [
    ...(drain && released && written.length > 0 ? again.map((verb) => stepOf(verb, id)) : []),
    ...written.toReversed().map((index) => stepOf('undo', id, index)),
    ...(written.length > 0 ? [stepOf('gate-again', id)] : []),
    ...(drain ? [stepOf('release-again', id)] : []),
  ];
}

/** Where the journal was doubted it has not all: everything is looked at. */
const mayBeTouched = (job: FanoutJob, lane: Lane): boolean =>
  job.doubted === true || isTouched(job, lane);

function mayBeHeld({ steps, doubted }: FanoutJob, { id }: Lane): boolean {
  return doubted === true || Object.hasOwn(steps, stepOf('hold', id));
}

/** It serves, and is held once more; where that is not known, it may serve. */
function comesAgain(job: FanoutJob, lane: Lane): boolean {
  const isDone = (verb: Verb): boolean => resultOf(job, stepOf(verb, lane.id))?.kind === 'done';
  if (isDone('release-again')) return false;
  return (
    isDone('release') ||
    (job.doubted === true && isOnRecord(job, lane) && holdsSomething(job, lane))
  );
}

/** Of what is not on record nothing is taken back, so nothing is drained for it. */
function isOnRecord({ steps }: FanoutJob, { id, writes }: Lane): boolean {
  return writes.some((index) => Object.hasOwn(steps, stepOf('apply', id, index)));
}

function mayBeWritten({ steps, doubted }: FanoutJob, id: string): boolean {
  if (doubted === true) return true;
  const step = Object.hasOwn(steps, id) ? steps[id] : undefined;
  return step !== undefined && step.intent.objects.length > 0;
}
