// The reservation ledger, its pure part: who has booked how much room where. Whoever stores it makes
// reading, deciding and writing one atomic step, so that two jobs never book the same room.
//
// A booking is deducted from every estimate until its pods are bound to nodes, or its job renews it no
// more. On failure: a lower fence is refused and changes nothing.

import type { Booking } from './room.ts';

export interface Reservation extends Booking {
  /** `MIGRATION/APP`; booking again replaces. */
  readonly key: string;
  readonly destination: string;
  /** The term of whoever wrote it. */
  readonly fence: number;
  /** In milliseconds of the clock that is handed in; a paused job renews it too. */
  readonly until: number;
}

export type Ledger = ReadonlyMap<string, Reservation>;

export type Written =
  | { readonly ok: true; readonly ledger: Ledger }
  | { readonly ok: false; readonly code: 'lost-term' };

export function book(ledger: Ledger, entry: Reservation): Written {
  if (isStale(ledger, entry.key, entry.fence)) return { ok: false, code: 'lost-term' };
  return { ok: true, ledger: new Map(ledger).set(entry.key, entry) };
}

/** What is not booked is not renewed: it expired, and the room may be another's. */
export function renew(ledger: Ledger, key: string, fence: number, until: number): Written {
  const entry = ledger.get(key);
  if (entry === undefined) return { ok: true, ledger };
  return book(ledger, { ...entry, fence, until: Math.max(until, entry.until) });
}

export function release(ledger: Ledger, key: string, fence: number): Written {
  if (isStale(ledger, key, fence)) return { ok: false, code: 'lost-term' };
  const rest = new Map(ledger);
  rest.delete(key);
  return { ok: true, ledger: rest };
}

function isStale(ledger: Ledger, key: string, fence: number): boolean {
  return (ledger.get(key)?.fence ?? fence) > fence;
}

export interface Asker {
  readonly destination: string;
  /** Whose own booking does not stand in its way. */
  readonly key: string;
  readonly now: number;
}

/** What others have booked and not yet bound, in the order of their keys. `bound`: pods on nodes, by key. */
export function bookingsOfOthers(
  ledger: Ledger,
  { destination, key, now }: Asker,
  bound: ReadonlyMap<string, number>,
): Booking[] {
  const others = [...ledger.values()].filter(
    (entry) => entry.destination === destination && entry.key !== key && entry.until > now,
  );
  others.sort((a, b) => (a.key < b.key ? -1 : 1));
  return others.flatMap(({ key: other, need, pods }) => {
    const open = pods - (bound.get(other) ?? 0);
    return open > 0 ? [{ pods: open, need }] : [];
  });
}
