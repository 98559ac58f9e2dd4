// What a kind of job brings along: which steps are next, and how each is done. All else is the engine's.

import type { Intent, Job, JobState, StepRecord } from './record.ts';

export interface JobKind<Plan = never> {
  readonly kind: string;
  /**
   * Pure: from the record alone. Not asked while the job is paused or blocked, nor at its end. A state
   * without steps under way is where it rests.
   */
  next(job: Job<Plan>): Next;
  /** Reads what has to be known before, and says what is going to be done. Writes nothing. */
  prepare(job: Job<Plan>, step: string, scene: Scene): Promise<Intent | Outcome>;
  /**
   * Does it. Called again with the same intent after a `wait`, and after a crash: so it looks first
   * whether it is done already. What it throws is a failure of the step.
   */
  act(job: Job<Plan>, step: StepRecord, scene: Scene): Promise<Outcome>;
  /** Pure: an abort takes nothing back and only stops it, so that a retry goes on. Absent: none is such. */
  isOneWay?(job: Job<Plan>): boolean;
}

export interface Next {
  readonly state: JobState;
  readonly why?: string;
  /** Steps that are to be under way now. Open ones that are not among them are given up. */
  readonly run: readonly string[];
  /** Of `WaitingApproval`: what is to be approved. */
  readonly asks?: string;
}

export interface Failure {
  readonly kind: 'failed' | 'blocked';
  readonly text: string;
  /** A call got no answer: what it asked for may be done yet. */
  readonly unheard?: true;
}

export type Outcome =
  | { readonly kind: 'done'; readonly text: string; readonly data?: unknown }
  /** Not yet: it is asked again, with the same intent. Nothing of it is under way, unless it is unheard. */
  | Waiting
  | Failure;

export interface Waiting {
  readonly kind: 'wait';
  readonly text: string;
  readonly seconds: number;
  /** What a person is to approve for it: as `asks` of a Next, while other steps go on. */
  readonly asks?: string;
  readonly unheard?: true;
}

export interface Scene {
  /** The fence of whatever is written. */
  readonly term: number;
  /** Since this runner first did this attempt: a wait begins anew after a crash. */
  readonly waitedMs: number;
  /** Call it before each write. Throws where the term is over. */
  readonly check: () => Promise<void>;
  /** Ask it before each deletion, and `check` after it: why nothing may be deleted yet. */
  readonly unconfirmed: () => Promise<string | undefined>;
  /** All of them as they stand, the own one too, with what was stored before this was called. */
  readonly jobs: () => readonly Job[];
  /** For the audit: who had what written. */
  readonly note: (text: string) => void;
}
