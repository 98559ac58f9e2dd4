// Where documents live between the controller and the edges. `redis-store.ts` is the real one,
// `memory.ts` the one of tests and the simulation; both pass test/conformance/store.ts.
//
// Comes in: a leader's commits and seedings. Goes out: whole documents, heartbeats. On failure:
// a refusal is an answer (the caller acts on its code); no answer is a BallastError
// `redis-unavailable`, after which nobody knows whether the commit was written: the term ends (R2).

import type { CallNotes } from './call-notes.ts';
import type { AppName, Owner, Stamp } from '../model.ts';
import type { Document } from './document.ts';
import type { Beats, EdgeState } from './edge-state.ts';
import type { HistoryLine, HistoryStore } from './history-store.ts';

/** A lease and the Redis it was taken from (R1). The term is the record's until one is taken. */
export interface Lease {
  readonly holder: string;
  readonly term: number;
  readonly runId: string;
  readonly replId: string;
}

export interface Held {
  readonly heldBy: string;
  /** Where the holder takes writes. */
  readonly address: string;
  readonly leftMs: number;
}

export type RefusalCode =
  | 'not-leader'
  | 'redis-changed'
  | 'term-too-low'
  | 'no-leader'
  | 'holds-moved'
  | 'owned-by-controller'
  | 'owned-by-endpoint'
  | 'nothing-to-delete'
  | 'host-taken';

export interface StoreRefusal {
  readonly refused: RefusalCode;
  readonly detail: string;
}

/** One document of a round: it takes the commit's stamp. */
export interface Put {
  readonly app: AppName;
  readonly owner: Owner | 'adopted';
  /** Absent: delete, which leaves a tombstone (R11). */
  readonly body?: string;
}

export interface Round {
  readonly puts: readonly Put[];
  /** Stamp of the `_holds` that the round was computed from (R7); absent: there is none yet. */
  readonly holds?: Stamp;
  readonly history: readonly HistoryLine[];
  /** JSON text. */
  readonly audit?: string;
}

export interface Committed {
  readonly version: number;
  /** The version before: the base of the push (R4). */
  readonly previous: number;
  /** In the order of the puts. */
  readonly digests: readonly string[];
}

export interface Contents {
  readonly term: number;
  readonly version: number;
  readonly documents: ReadonlyMap<AppName, Document>;
  /** Apps whose manifest line is none, or whose body its digest does not fit, and why. */
  readonly unreadable: ReadonlyMap<AppName, string>;
}

export type LastWord = Pick<EdgeState, 'start' | 'beat'>;

export interface Store {
  readonly history: HistoryStore;
  take(holder: string, address: string, ttlMs: number): Promise<Lease | Held>;
  renew(lease: Lease, address: string, ttlMs: number): Promise<StoreRefusal | undefined>;
  /** Puts `term` on record; the lease with it, or why not. */
  takeTerm(
    lease: Lease,
    address: string,
    ttlMs: number,
    term: number,
  ): Promise<Lease | StoreRefusal>;
  release(lease: Lease): Promise<void>;
  commit(lease: Lease, round: Round): Promise<Committed | StoreRefusal>;
  /** Documents keep their own stamps; those not above what is there are left (R3, R4). */
  seed(lease: Lease, documents: readonly Document[]): Promise<Committed | StoreRefusal>;
  read(): Promise<Contents>;
  /** Cheap: to notice commits of others. */
  version(): Promise<{ readonly term: number; readonly version: number }>;
  heartbeats(): Promise<Beats>;
  /** The heartbeat of an edge that does not reach Redis itself, in its own words. */
  beat(edge: string, text: string): Promise<void>;
  /**
   * Leaves a mark in place of the edge's heartbeat, and a line in the audit. False, and nothing is
   * written: it has given word after the one that was the last.
   */
  retire(edge: string, last: LastWord | undefined, audit: string): Promise<boolean>;
  readonly notes: CallNotes;
  close(): Promise<void>;
}

export function isRefusal(answer: object | undefined): answer is StoreRefusal {
  return answer !== undefined && 'refused' in answer;
}

export function isHeld(answer: Lease | Held): answer is Held {
  return 'heldBy' in answer;
}
