// What the steps of a migration call, and what others bring along: the ledger of booked room, hooks, debts
// and marks. Pure types.
//
// On failure: what is not known is never taken for a yes. Whoever writes here writes under a fence, and
// throws a BallastError `lost-term` where a higher one has written.

import type { ObjectRef } from '../../clusters/cluster-writer.ts';
import type { AppName, ClusterName } from '../../model.ts';
import type { Need } from '../capacity/need.ts';
import type { Booking } from '../capacity/room.ts';

/** The reservation ledger: two moves never book the same room. */
export interface RoomLedger {
  /** What stands booked there, by whomever: every estimate deducts it. */
  booked(destination: ClusterName): Promise<readonly Booking[]>;
  /**
   * In one atomic step: `fits` is told what others have booked there, and says why there is no room;
   * where it says nothing, the booking stands. Of one key there is one booking: the last replaces.
   * Answers what `fits` said. `fits` is pure, and may be asked several times.
   */
  book(
    ask: RoomAsk,
    fits: (others: readonly Booking[]) => string | undefined,
  ): Promise<string | undefined>;
  /** False: it is booked no more, and the room may be another's. */
  renew(key: string, fence: number): Promise<boolean>;
  /** Of what is not booked nothing is said. */
  release(key: string, fence: number): Promise<void>;
}

export interface RoomAsk extends Booking {
  readonly key: string;
  readonly destination: ClusterName;
  readonly need: Need;
  readonly fence: number;
}

/** `JOB/APP`. */
export const roomKey = (job: string, app: AppName): string => `${job}/${app}`;

/**
 *     before       may this app be moved now (Preflight)
 *     confirm      may its weights begin to move (the first shift)
 *     gate         is it well with so much gone over (every shift, and the bake)
 *     no-callers   nobody asks the source any more but by the edges (before a deletion)
 *     metadata     take on record where the app is now; passes when it was read back (Finishing)
 *     rollback     the app is back where it was (the end of the way back)
 */
export const HOOK_NAMES = [
  'before',
  'confirm',
  'gate',
  'no-callers',
  'metadata',
  'rollback',
] as const;
export type HookName = (typeof HOOK_NAMES)[number];

export interface Asked {
  readonly job: string;
  readonly app: AppName;
  readonly namespace: string;
  readonly from: ClusterName;
  readonly to: ClusterName;
  /** `shop:shift.25`; with the attempt it is the same question however often it is asked. */
  readonly step: string;
  readonly attempt: number;
  readonly fence: number;
  /** Numbers that were seen, for whoever decides by them. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

export interface HookAnswer {
  /** `none`: no hook of that name is configured. `unknown`: no answer, or none that can be read. */
  readonly verdict: 'pass' | 'fail' | 'unknown' | 'none';
  readonly text: string;
}

export interface Hooks {
  /** With its own time-out and retries; throws nothing. */
  ask(name: HookName, asked: Asked): Promise<HookAnswer>;
}

/** An object that a source still has, and that is to go when the source is back. */
export interface Debt {
  readonly app: AppName;
  readonly cluster: ClusterName;
  readonly object: ObjectRef;
  /** Another of that name is none of it. */
  readonly uid: string;
  readonly why: string;
}

/** Of one job: who speaks, and by which fence. */
export interface Speaker {
  readonly job: string;
  readonly who: string;
  readonly fence: number;
}

export interface Debts {
  /**
   * In one commit: the debts of an app, and the drain hold on its source that lasts as long as they do
   * and is not the job's. Said twice it is the same.
   */
  owe(speaker: Speaker, debts: readonly Debt[]): Promise<void>;
  /** What was owed of an app in a cluster is no more, and its hold goes. Of none nothing is said. */
  settle(speaker: Speaker, app: AppName, cluster: ClusterName): Promise<void>;
}

/** That an app was moved away: no fan-out makes it there again without an explicit word. */
export interface MovedMark {
  readonly app: AppName;
  readonly namespace: string;
  readonly from: ClusterName;
  readonly to: ClusterName;
}

export interface Marks {
  /** Said twice it is the same. A mark that says the app left `to` goes with it. */
  moved(speaker: Speaker, mark: MovedMark): Promise<void>;
}

/** Kept outside of the clusters: in Redis, at the edges, at whoever is asked. */
export interface Ledgers {
  readonly room: RoomLedger;
  readonly hooks: Hooks;
  readonly debts: Debts;
  readonly marks: Marks;
}
