// The reservation ledger, its pure part: who has booked how much room in a cluster. `bookings.ts` keeps it
// on record, so that two jobs never book the same room.
//
// A booking is deducted from every estimate until its job gives it back, when its pods are there, or is at
// its end: one that is paused or blocked keeps its room. It is counted beside its pods as long as both are
// there, for too much: nobody gets room that is another's.

import type { AppName } from '../../model.ts';
import type { Booking } from './room.ts';

export interface Reservation extends Booking {
  /** `JOB/APP`; booking again replaces. */
  readonly key: string;
  /** The term under which it was booked. */
  readonly fence: number;
}

/** Of one cluster, in the order in which it was booked. */
export type Ledger = readonly Reservation[];

export const roomKey = (job: string, app: AppName): string => `${job}/${app}`;

/** Neither jobs nor apps have a slash. */
export const jobOf = ({ key }: Reservation): string => key.slice(0, key.indexOf('/'));

export function book(ledger: Ledger, entry: Reservation): Ledger {
  return [...without(ledger, entry.key), entry];
}

export function without(ledger: Ledger, key: string): Ledger {
  return ledger.filter((one) => one.key !== key);
}

/** As estimates take it. */
export type Booked = Booking & Partial<Pick<Reservation, 'key'>>;

/** Who has booked pods there, for a person; empty: nobody. */
export function bookedText(booked: readonly Booked[]): string {
  return booked.map(({ key = 'others', pods }) => `${pods} by ${key}`).join(', ');
}
