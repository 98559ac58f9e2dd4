// What a person may say to a job. Pure.
//
// Comes in: a job as it stands at that moment. Goes out: the change. On failure: a BallastError
// `job-unfit` that says what the job is at, and what would fit.

import { BallastError } from '../errors.ts';
import type { Change, Facts } from './change.ts';
import { isFinal, type Job, type Said, type StepRecord } from './record.ts';

export const COMMANDS = ['pause', 'resume', 'abort', 'retry', 'skip', 'approve'] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface Command {
  readonly name: CommandName;
  readonly said: Said;
  /** Of retry and skip: one step; absent: every one that failed, or, to be skipped, the only one. */
  readonly step?: string;
  /** Of approve: this and nothing else; absent: whatever it asks for. */
  readonly asks?: string;
  /** Its kind has no way back for it. */
  readonly oneWay?: boolean;
}

export function obey(job: Job, command: Command): Change {
  if (isFinal(job)) throw unfit(job, 'it is at its end');
  if (job.unreadable) throw unfit(job, 'nothing is written to what is not understood');
  return DEEDS[command.name](job, command);
}

const DEEDS: Readonly<Record<CommandName, (job: Job, command: Command) => Change>> = {
  pause(job, { said }) {
    if (job.paused) throw unfit(job, 'it is paused already');
    return { head: { ...job, paused: said } };
  },
  resume(job) {
    const { paused, ...rest } = job;
    if (!paused) throw unfit(job, 'nobody has paused it: retry or skip what failed, or abort');
    return { head: rest };
  },
  /** Also of one that is paused or blocked: the way back is always open. */
  abort(job, { said }) {
    if (job.aborted) throw unfit(job, 'it is on its way back already');
    const { paused: _, blocked: __, asks: ___, ...rest } = job;
    return { head: { ...rest, aborted: said } };
  },
  retry(job, { said, step, oneWay = false }) {
    const { blocked, ...rest } = oneWay ? unaborted(job) : job;
    const steps = toRepeat(job, step).map((one) => ({ ...one, again: said }));
    const isStuck = blocked !== undefined || (oneWay && job.aborted !== undefined);
    if (steps.length === 0 && !isStuck) throw unfit(job, noneFailed(step));
    return { head: rest, steps };
  },
  skip(job, { said, step }) {
    const found = step === undefined ? failedSteps(job, undefined) : named(job, step);
    const [only, ...others] = found;
    if (!only) throw unfit(job, noneFailed(step));
    if (others.length > 0) {
      throw unfit(job, `name one of ${found.map(({ id }) => id).join(', ')}`);
    }
    const { blocked: _, ...rest } = job;
    const result = { kind: 'skipped', text: `skipped by ${said.who}` } as const;
    return { head: rest, steps: [{ ...only, result }] };
  },
  approve(job, { said, asks: wanted }) {
    // It asks for nothing until it was looked at again: the next gate is never approved by the same breath.
    const { asks, ...rest } = job;
    if (asks === undefined) throw unfit(job, 'it waits for no approval');
    if (wanted !== undefined && wanted !== asks) {
      throw unfit(job, `it asks for the approval of “${asks}”, not of “${wanted}”`);
    }
    const facts: Facts = { ...rest, approvals: { ...job.approvals, [asks]: said } };
    return { head: facts };
  },
};

function unaborted(job: Job): Omit<Job, 'aborted'> {
  const { aborted: _, ...rest } = job;
  return rest;
}

/** What is on record may have been taken back since a doubt: every step looks anew whether it is done. */
function toRepeat(job: Job, step: string | undefined): StepRecord[] {
  const isUnsure = job.doubted === true && job.blocked !== undefined;
  return isUnsure ? Object.values(job.steps).filter((one) => one.result) : failedSteps(job, step);
}

function failedSteps({ steps }: Job, step: string | undefined): StepRecord[] {
  return Object.values(steps).filter(
    ({ id, result, again }) =>
      result?.kind === 'failed' && !again && (step === undefined || id === step),
  );
}

function named({ steps }: Job, step: string): StepRecord[] {
  const found = Object.hasOwn(steps, step) ? steps[step] : undefined;
  return found && maySkip(found) ? [found] : [];
}

/** What waits and writes nothing may be skipped as well: a gate that nobody will ever pass. */
export function maySkip({ intent, result, again }: StepRecord): boolean {
  if (again) return false;
  return result ? result.kind === 'failed' : intent.objects.length === 0;
}

function noneFailed(step: string | undefined): string {
  return step === undefined ? 'no step has failed' : `step ${step} has not failed`;
}

function unfit({ id, state, why }: Job, text: string): BallastError {
  return new BallastError(
    'job-unfit',
    `${id} is ${state}${why === '' ? '' : ` (${why})`}: ${text}`,
  );
}
