// What the steps of a migration call beside clusters and weights: the ledger of booked room, hooks, debts
// and marks. Pure types.
//
// On failure: what is not known is never taken for a yes. Whoever writes here writes under a fence, and
// throws a BallastError `lost-term` where a higher one has written.

import type { AppName, ClusterName } from '../../model.ts';
import type { Fits, RoomAsk } from '../capacity/bookings.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { OwedObject } from '../../model.ts';

/** The reservation ledger: two moves never book the same room. */
export interface RoomLedger {
  book(ask: RoomAsk, fits: Fits): Promise<string | undefined>;
  renew(key: string, fence: number): Promise<boolean>;
  release(key: string, fence: number): Promise<void>;
}

/** Of one job: who speaks, and by which fence. */
export interface Speaker {
  readonly job: string;
  readonly who: string;
  readonly fence: number;
}

/** Objects that a source still has, and that are to go when it is back. */
export interface Owing {
  readonly app: AppName;
  readonly cluster: ClusterName;
  /** In the order in which they are to go. */
  readonly objects: readonly OwedObject[];
  readonly why: string;
}

/** That an app was moved away: no fan-out makes it there again without an explicit word. */
export interface Moving {
  readonly app: AppName;
  readonly namespace: string;
  readonly from: ClusterName;
  readonly to: ClusterName;
}

/** Kept outside of the clusters: in Redis, at the edges, at whoever is asked. Said twice it is the same. */
export interface Ledgers {
  readonly room: RoomLedger;
  readonly hooks: Hooks;
  /** In one commit with the drain of the source that lasts as long, and is not the job's. */
  owe(speaker: Speaker, owing: Owing): Promise<void>;
  /** A mark that says the app left `to` ends with it. */
  mark(speaker: Speaker, moving: Moving): Promise<void>;
  /** The mark of this job ends, where there is one. */
  unmark(speaker: Speaker, app: AppName): Promise<void>;
}
