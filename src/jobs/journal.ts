// Where jobs are on record. `redis-journal.ts` is the real one, `memory-journal.ts` the one of tests and
// the simulation; both pass test/conformance/journal.ts.
//
// Comes in: whole steps of a journal, each under the lease of who leads. Goes out: jobs as they stand. On
// failure: a refusal is an answer, and nothing was written; no answer is a BallastError
// `redis-unavailable`, after which nobody knows whether it was.

import type { Lease } from '../edges/store.ts';
import type { AppName } from '../model.ts';
import type { Home, Job, JobHead, Said, StepRecord } from './record.ts';

export interface Entry {
  readonly head: JobHead;
  /** The revision on record that it builds on; 0: there is none, also where Redis has lost it. */
  readonly basis: number;
  readonly steps: readonly StepRecord[];
  /** The first time, and where Redis has lost it. */
  readonly plan?: unknown;
  /** The lock on its apps. */
  readonly lock: 'take' | 'keep' | 'free';
}

export interface JournalRefusal {
  readonly refused: 'not-leader' | 'redis-changed' | 'job-moved' | 'app-locked';
  /** Of `app-locked`: the app, and the job that has it. */
  readonly detail: string;
}

/** A person has looked at the list of edges: it is whole, as this Redis has it. */
export interface EdgesSaid extends Said {
  readonly edges: readonly string[];
  readonly home: Home;
}

export interface JobJournal {
  /** Whole, or refused. */
  put(lease: Lease, entry: Entry): Promise<JournalRefusal | undefined>;
  /** Whether the lease still holds. */
  check(lease: Lease): Promise<JournalRefusal | undefined>;
  /** Forgets one that is at its end. */
  drop(lease: Lease, head: JobHead): Promise<JournalRefusal | undefined>;
  heads(): Promise<readonly JobHead[]>;
  /** With plan and steps; undefined: nothing is known of it. */
  read(id: string): Promise<Job | undefined>;
  locks(): Promise<ReadonlyMap<AppName, string>>;
  confirm(lease: Lease, said: EdgesSaid): Promise<JournalRefusal | undefined>;
  /** The last of them. */
  confirmed(): Promise<EdgesSaid | undefined>;
  close(): Promise<void>;
}
