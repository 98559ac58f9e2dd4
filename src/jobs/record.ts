// What is on record of a job: its head, its frozen plan, and the journal of its steps. Plain data: it is
// written as JSON, and what is read back is the same.

import type { AppName, ClusterName } from '../model.ts';

export const JOB_STATES = [
  'Pending',
  'Planned',
  'Running',
  'Paused',
  'WaitingApproval',
  'RollingBack',
  'Done',
  'RolledBack',
  'Failed',
  'Blocked',
] as const;

/**
 * `Blocked`: a person must act, for nobody knows enough to go on. `Failed` is the end of one that holds
 * nothing any more.
 */
export type JobState = (typeof JOB_STATES)[number];

const FINAL: ReadonlySet<JobState> = new Set(['Done', 'RolledBack', 'Failed']);

export function isFinal({ state }: Pick<JobHead, 'state'>): boolean {
  return FINAL.has(state);
}

/** Who said something, and when by the leader's time of day, in milliseconds. */
export interface Said {
  readonly who: string;
  readonly at: number;
}

export interface JobHead {
  readonly id: string;
  /** Which kind of job it is: `fanout`. */
  readonly kind: string;
  /** As people call it. */
  readonly name: string;
  /** Locked while it is not at its end. */
  readonly apps: readonly AppName[];
  /** Where it writes. */
  readonly clusters: readonly ClusterName[];
  readonly begun: Said;
  readonly planDigest: string;
  readonly state: JobState;
  /** In words, for a person; empty where the state says it all. */
  readonly why: string;
  readonly paused?: Said;
  readonly aborted?: Said;
  /** Why it may not go on until a person says so. */
  readonly blocked?: string;
  /** Its journal was doubted once: it may have written what is not on record. */
  readonly doubted?: true;
  /** What it waits to be approved. */
  readonly asks?: string;
  readonly approvals: Readonly<Record<string, Said>>;
  /** One above the last at each write. */
  readonly revision: number;
  /** Of all that was ever written of it, in order: two journals that differ anywhere differ here. */
  readonly tip: string;
  /** The Redis it was last written to. */
  readonly home: Home;
  /** What stands of it in the journal is not understood here: nothing is written to it. */
  readonly unreadable?: true;
}

export interface Home {
  readonly runId: string;
  readonly replId: string;
}

export interface Job<Plan = unknown> extends JobHead {
  readonly plan: Plan;
  /** By step. */
  readonly steps: Readonly<Record<string, StepRecord>>;
}

/** An object of a cluster that a step is about to write. */
export interface PlacedObject {
  readonly cluster: ClusterName;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** What is about to be done: stored before it is. */
export interface Intent {
  /** A sentence. */
  readonly text: string;
  readonly objects: readonly PlacedObject[];
  /** What the kind of job needs to know of how it was before. No data of a Secret. */
  readonly data?: unknown;
}

/** Text of an intent that was never stored before its act: there was none. */
export const NOT_BEGUN = 'not begun';

/** What came of it: stored when it is proved. */
export interface StepResult {
  /** `left`: given up half-way, and what it named is fenced: it may have been written or not. */
  readonly kind: 'done' | 'failed' | 'skipped' | 'left';
  readonly text: string;
  readonly data?: unknown;
}

export interface StepRecord {
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** The job's revision as its first attempt began: the order in which steps are shown. */
  readonly since?: number;
  /** The term under which it is done. */
  readonly fence: number;
  readonly intent: Intent;
  /** Absent: it is under way, or was when its runner ended. */
  readonly result?: StepResult;
  /**
   * A successor took it over, or it ended without an answer to a call: what creates an object may still be
   * under way, for nothing fences that.
   */
  readonly taken?: true;
  /** A person asked for another attempt. */
  readonly again?: Said;
}

/** Of a step's next attempt. */
export function placeOf(
  { steps, revision }: Pick<Job, 'steps' | 'revision'>,
  id: string,
): Pick<StepRecord, 'attempt' | 'since'> {
  const before = steps[id];
  return { attempt: (before?.attempt ?? 0) + 1, since: before?.since ?? revision };
}

/** Whether it is under way. */
export function isOpen(step: StepRecord | undefined): step is StepRecord {
  return step !== undefined && step.result === undefined;
}

/** The result that counts: not of an attempt that is to be made again. */
export function resultOf({ steps }: Pick<Job, 'steps'>, id: string): StepResult | undefined {
  const step = Object.hasOwn(steps, id) ? steps[id] : undefined;
  return step?.again ? undefined : step?.result;
}

/** A job before it is one. */
export interface Draft {
  readonly kind: string;
  readonly name: string;
  readonly apps: readonly AppName[];
  readonly clusters: readonly ClusterName[];
  readonly plan: unknown;
  readonly planDigest: string;
  readonly who: string;
}

/** Nothing is done of it, and nothing on record. */
export function newJob(
  { who, ...draft }: Draft,
  { id, at }: { readonly id: string; readonly at: number },
): Job {
  return {
    ...draft,
    id,
    begun: { who, at },
    state: 'Planned',
    why: '',
    approvals: {},
    revision: 0,
    tip: '',
    home: { runId: '', replId: '' },
    steps: {},
  };
}
