// What a fan-out does next, from its record alone. Pure.
//
//     forward   hold, acknowledge, quiet · apply … · gate · release, watch
//     back      back.ts
//     at last   clear
//
// A hold is given back only behind a passed gate, forward or back: a pause, a failure and a block keep it.

import type { Next } from '../../jobs/kind.ts';
import { behind, CLEAR, CLEAR_AGAIN, isClearing } from '../../jobs/last-step.ts';
import { isFinal, isOpen, resultOf } from '../../jobs/record.ts';
import { isSecret } from '../plan/seal.ts';
import { backAll, backStep } from './back.ts';
import { lanesOf, type Lane, type RunWave } from './lanes.ts';
import { type FanoutJob, hasHeld, holdsSomething, isTouched } from './on-record.ts';
import { readStep, stepOf, type Verb } from './steps.ts';

export function nextOfFanout(job: FanoutJob): Next {
  const onward = ahead(job);
  const isBack = job.aborted && !(isFinal(onward) && isClearing(job));
  const next = isBack ? backAll(job, `aborted by ${job.aborted?.who}`) : onward;
  if (!isFinal(next) || !mayHaveTraces(job)) return next;
  return behind(job, next.state === 'RolledBack' ? CLEAR_AGAIN : CLEAR, next);
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
    const asks = `${when} wave ${wave.name}`;
    // Versions before called it by its place.
    const said = job.approvals[asks] ?? job.approvals[`${when} ${place}`];
    if (wave.approval !== when || said) return undefined;
    const clusters = [...new Set(wave.lanes.map(({ cluster }) => cluster))].join(', ');
    return { state: 'WaitingApproval', why: `${asks} (${clusters})`, asks, run: [] };
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

/**
 * Those that are under way go on before others begin, first who asks to be held, then what is begun: a step
 * that lost its place to another lane would stay open, and its hold with it; then who may be held.
 */
function rankOf(job: FanoutJob, { lane, step }: LaneStep): number {
  if (!isTouched(job, lane)) return 0;
  const { [stepOf('hold', lane.id)]: hold, [stepOf('release', lane.id)]: release } = job.steps;
  if (hold && !hold.result) return 4;
  if (isOpen(job.steps[step])) return 3;
  return hold && !release && hasHeld(hold.result) ? 2 : 1;
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
