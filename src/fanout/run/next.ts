// What a fan-out does next, from its record alone. Pure.
//
//     forward   hold, acknowledge, quiet · apply … · gate · release, watch
//     back      (hold, acknowledge, quiet again, where it was released) · undo … in reverse · gate · release
//     at last   clear
//
// A hold is given back only behind a passed gate, forward or back: a pause, a failure and a block keep it.

import type { Next } from '../../jobs/kind.ts';
import { isFinal, isOpen, resultOf, type Job } from '../../jobs/record.ts';
import { isSecret } from '../plan/seal.ts';
import { lanesOf, type Lane, type RunPlan, type RunWave } from './lanes.ts';
import { CLEAR, CLEAR_AGAIN, readStep, stepOf, type Verb } from './steps.ts';

export type FanoutJob = Job<RunPlan>;

export function nextOfFanout(job: FanoutJob): Next {
  // What a way back would need is going: that comes too late.
  const last = job.steps[CLEAR];
  const isOver = last !== undefined && !last.again;
  const next = job.aborted && !isOver ? backAll(job, `aborted by ${job.aborted.who}`) : ahead(job);
  if (!isFinal(next) || !mayHaveTraces(job)) return next;
  const clear = next.state === 'RolledBack' ? CLEAR_AGAIN : CLEAR;
  if (resultOf(job, clear)) return next;
  return { ...next, state: next.state === 'Done' ? 'Running' : 'RollingBack', run: [clear] };
}

/** In clusters, for its own sake. */
function mayHaveTraces({ plan, steps, doubted }: FanoutJob): boolean {
  const isBegun = Object.keys(steps).some((step) => readStep(step).verb === 'apply');
  if (isBegun || doubted === true) return true;
  // Copies wait from before it is on record.
  return plan.entries.some(({ object, ref }) => {
    const written = object ?? ref;
    return written !== undefined && isSecret(written);
  });
}

function ahead(job: FanoutJob): Next {
  const all = lanesOf(job.plan);
  const failed = all.filter((lane) => failureOf(job, lane) !== undefined);
  const over = job.plan.waves.find((wave) => isOverLimit(job, wave));
  const { onFailure } = job.plan.strategy;
  const [first] = failed;
  const why = first ? `${first.cluster}: ${failureOf(job, first)}` : '';
  if (over && onFailure === 'rollback-all') return backAll(job, why);
  if (over && onFailure === 'pause') return { state: 'Paused', why, run: [] };
  const { approval } = job.plan.strategy;
  if (approval === 'before' && !job.approvals['before']) {
    return { state: 'WaitingApproval', why: 'before it begins', asks: 'before', run: [] };
  }
  return onFailure === 'rollback-cluster'
    ? withBack(job, failed, over !== undefined)
    : onward(job, why);
}

/** By a failure: nothing of it goes on until somebody speaks, or it goes back. */
export const isStopped = (job: FanoutJob, lane: Lane): boolean =>
  failureOf(job, lane) !== undefined;

/** The step whose failure stopped a lane, in its own words. */
function failureOf(job: FanoutJob, lane: Lane): string | undefined {
  // What was taken back is not tried again: its writes would be believed to stand.
  const isBack = BACK.some((verb) => isNamed(job, verb, lane));
  for (const step of forward(job, lane)) {
    const result = isBack ? job.steps[step]?.result : resultOf(job, step);
    if (result?.kind === 'failed') return `${step}: ${result.text}`;
  }
  return undefined;
}

const BACK: readonly Verb[] = ['undo', 'gate-again', 'release-again'];

function isNamed({ steps }: FanoutJob, verb: Verb, { id }: Lane): boolean {
  return Object.keys(steps).some((name) => {
    const step = readStep(name);
    return step.verb === verb && step.lane === id;
  });
}

function isOverLimit(job: FanoutJob, { lanes, maxFailures }: RunWave): boolean {
  return lanes.filter((lane) => failureOf(job, lane) !== undefined).length > maxFailures;
}

/** Waves in order, until one is not at its end. */
function onward(job: FanoutJob, why: string): Next {
  for (const [place, wave] of job.plan.waves.entries()) {
    const next = ofWave(job, wave, place);
    if (next) return next;
  }
  if (why === '') return atEnd(job);
  // What it holds is still held: only a retry, a skip or an abort can end it.
  return { state: 'Paused', why: `all others are done; ${why}`, run: [] };
}

function atEnd({ plan, approvals }: FanoutJob): Next {
  if (plan.strategy.approval !== 'after' || approvals['after']) return { state: 'Done', run: [] };
  return { state: 'WaitingApproval', why: 'before it is done', asks: 'after', run: [] };
}

/** Undefined: it is at its end. */
function ofWave(job: FanoutJob, wave: RunWave, place: number): Next | undefined {
  const asking = (when: 'before' | 'after'): Next | undefined => {
    const asks = `${when} ${place}`;
    if (wave.approval !== when || job.approvals[asks]) return undefined;
    return { state: 'WaitingApproval', why: `${when} wave ${wave.name}`, asks, run: [] };
  };
  const before = asking('before');
  if (before) return before;
  const steps = wave.lanes
    .flatMap((lane) => forwardStep(job, lane) ?? [])
    .toSorted((left, right) => rankOf(job, right) - rankOf(job, left))
    .slice(0, wave.concurrency);
  const run = holdOneByOne(steps);
  if (run.length > 0) return { state: 'Running', run: run.map(({ step }) => step) };
  const soak = stepOf('soak', `${place}`);
  const soaks = job.plan.strategy.soakSeconds > 0;
  if (soaks && !resultOf(job, soak)) return { state: 'Running', run: [soak] };
  return asking('after');
}

interface LaneStep {
  readonly lane: Lane;
  readonly step: string;
}

/** Each is judged by what serves at that moment: two at once would not see each other. */
function holdOneByOne(steps: readonly LaneStep[]): LaneStep[] {
  const asked = new Set<string>();
  return steps.filter(({ lane, step }) => {
    if (readStep(step).verb !== 'hold') return true;
    const isFree = !lane.holds.some((app) => asked.has(app));
    for (const app of lane.holds) asked.add(app);
    return isFree;
  });
}

/** Undefined: the lane is done, or came to a stop by a failure. */
function forwardStep(job: FanoutJob, lane: Lane): LaneStep | undefined {
  for (const step of forward(job, lane)) {
    const result = resultOf(job, step);
    if (!result) return failureOf(job, lane) === undefined ? { lane, step } : undefined;
    if (result.kind === 'failed') return undefined;
  }
  return undefined;
}

/** Those that are under way go on before others begin, and first of all those that may be held. */
function rankOf(job: FanoutJob, { lane }: LaneStep): number {
  if (!isTouched(job, lane)) return 0;
  const isOn = (verb: Verb): boolean => Object.hasOwn(job.steps, stepOf(verb, lane.id));
  return isOn('hold') && !isOn('release') ? 2 : 1;
}

function isTouched({ steps }: FanoutJob, { id, writes }: Lane): boolean {
  const names = [stepOf('hold', id), ...writes.map((index) => stepOf('apply', id, index))];
  return names.some((name) => Object.hasOwn(steps, name));
}

function forward(job: FanoutJob, lane: Lane): string[] {
  const { id, writes } = lane;
  const drain = lane.holds.length > 0;
  const held = drain && holdsSomething(job, lane);
  return [
    ...(drain ? [stepOf('hold', id)] : []),
    ...(held ? [stepOf('acknowledge', id), stepOf('quiet', id)] : []),
    ...writes.map((index) => stepOf('apply', id, index)),
    stepOf('gate', id),
    ...(held ? [stepOf('release', id)] : []),
    ...(isWatched(job, lane) ? [stepOf('watch', id)] : []),
  ];
}

const isWatched = ({ plan }: FanoutJob, { watches = [] }: Lane): boolean =>
  plan.strategy.errors !== undefined && watches.length > 0;

/** As long as it is not known, it may. */
function holdsSomething(job: FanoutJob, { id }: Lane): boolean {
  const result = resultOf(job, stepOf('hold', id));
  const { held } = (result?.data ?? {}) as { readonly held?: readonly string[] };
  return held === undefined || held.length > 0;
}

/** Failed clusters go back while the others come to their end. */
function withBack(job: FanoutJob, failed: readonly Lane[], isOver: boolean): Next {
  const back = failed.map((lane) => backStep(job, lane));
  const stuck = back.find((one) => one?.failed !== undefined);
  if (stuck) return { state: 'Blocked', why: `the way back failed: ${stuck.failed}`, run: [] };
  const steps = back.flatMap((one) => one?.step ?? []);
  const touched = lanesOf(job.plan).filter((lane) => isTouched(job, lane));
  const begun = holdOneByOne(touched.flatMap((lane) => forwardStep(job, lane) ?? [])).map(
    ({ step }) => step,
  );
  if (steps.length > 0) return { state: 'RollingBack', run: [...steps, ...begun] };
  const [first] = failed;
  const why = first ? `${first.cluster} was rolled back: ${failureOf(job, first)}` : '';
  if (isOver && begun.length > 0) return { state: 'Running', why, run: begun };
  if (isOver) return { state: 'Failed', why, run: [] };
  const next = onward(job, '');
  return next.state === 'Done' && first ? { state: 'Failed', why, run: [] } : next;
}

/**
 * The last lane first; but those that are still held before all others, which may wait for them. What is
 * under way already goes on: left half-way it would never be taken up again.
 */
function backAll(job: FanoutJob, why: string): Next {
  const touched = lanesOf(job.plan).filter((lane) => mayBeTouched(job, lane));
  const steps = touched
    .toReversed()
    .toSorted((left, right) => Number(comesAgain(job, left)) - Number(comesAgain(job, right)))
    .flatMap((lane) => backStep(job, lane) ?? []);
  const open = steps.filter(({ step }) => isOpen(job.steps[step]));
  const run = [...open, ...beside(job, open, steps)].map(({ step }) => step);
  const failed = steps.find((one) => one.failed !== undefined)?.failed;
  if (open.every(isTurn) && failed !== undefined) {
    return { state: 'Blocked', why: `the way back failed: ${failed}`, run: [] };
  }
  return run.length > 0 ? { state: 'RollingBack', why, run } : { state: 'RolledBack', why, run };
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
  const held = others.filter((one) => !isTurn(one));
  return (held.length === 0 && doubted ? others : held).slice(0, 1);
}

const isTurn = ({ step }: BackStep): boolean => readStep(step).verb === 'hold-again';

interface BackStep {
  readonly step: string;
  readonly failed?: string;
}

/** Undefined: the lane is as it was. */
function backStep(job: FanoutJob, lane: Lane): BackStep | undefined {
  for (const step of backward(job, lane)) {
    const result = resultOf(job, step);
    if (!result) return { step };
    if (result.kind === 'failed') return { step, failed: `${step}: ${result.text}` };
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
