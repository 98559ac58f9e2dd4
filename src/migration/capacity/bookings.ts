// Room that jobs have booked, on record: a page of those that jobs share for each cluster.
//
// Comes in: how many pods of what kind an app is to bring to a cluster. Goes out: that they are booked, or
// why not; and for every other estimate what is booked. Reading, deciding and writing are one step: a page
// is written only where it is still the one that was read, under the lease of who leads. On failure: a
// BallastError `lost-term` where this controller leads no more; nothing was booked then.

import type { Lease } from '../../edges/store.ts';
import { BallastError } from '../../errors.ts';
import { isFinal, type JobHead } from '../../jobs/record.ts';
import type { SharedPage, SharedPages } from '../../jobs/shared-pages.ts';
import type { ClusterName } from '../../model.ts';
import { book, jobOf, without, type Ledger, type Reservation } from './ledger.ts';

export interface BookingParts {
  readonly pages: SharedPages;
  /** As the journal has them. */
  readonly heads: () => Promise<readonly JobHead[]>;
  /** Under which jobs are done here; undefined: another leads. */
  readonly lease: () => Lease | undefined;
}

export interface RoomAsk extends Reservation {
  readonly destination: ClusterName;
}

/** Why there is no room, as others have booked; undefined: there is. */
export type Fits = (others: Ledger) => string | undefined | Promise<string | undefined>;

export interface Bookings {
  /** By cluster, of jobs that are not at their end. */
  all(): Promise<ReadonlyMap<ClusterName, Ledger>>;
  booked(destination: ClusterName): Promise<Ledger>;
  /**
   * Answers what `fits` said; where that is nothing, the booking stands. `fits` is asked again where somebody
   * else booked meanwhile. What it reads of the cluster it reads anew each time: who gave his room back
   * before has his pods there by then.
   */
  book(ask: RoomAsk, fits: Fits): Promise<string | undefined>;
  /** Whether it is booked still: Redis may have been lost since. It lasts as long as its job. */
  renew(key: string, fence: number): Promise<boolean>;
  release(key: string, fence: number): Promise<void>;
}

/** Each is lost to another's booking: fewer apps book at once. */
const TRIES = 100;

export function openBookings({ pages, heads, lease }: BookingParts): Bookings {
  const read = async (): Promise<ReadonlyMap<ClusterName, Entry>> => {
    const found = await pages.read();
    // Read later: a job that the journal lacks now is over, for it stood there before it booked.
    const open = new Set((await heads()).filter((head) => !isFinal(head)).map(({ id }) => id));
    return new Map(
      [...found].map(([name, page]) => [
        name,
        { page, ledger: (page.content as Ledger).filter((one) => open.has(jobOf(one))) },
      ]),
    );
  };
  /** False: another page stands by now. */
  const write = async (
    destination: ClusterName,
    page: SharedPage,
    fence: number,
  ): Promise<boolean> => {
    const mine = lease();
    if (mine?.term !== fence) throw new BallastError('lost-term', `term ${fence} is over`);
    const refused = await pages.write(mine, destination, page);
    if (refused?.refused === 'job-moved') return false;
    if (!refused) return true;
    throw new BallastError('lost-term', `${refused.refused} ${refused.detail}`);
  };

  return {
    async all() {
      return new Map([...(await read())].map(([name, { ledger }]) => [name, ledger]));
    },
    async booked(destination) {
      return (await read()).get(destination)?.ledger ?? [];
    },
    async book({ destination, ...entry }, fits) {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const { page, ledger } = (await read()).get(destination) ?? NONE;
        const why = await fits(without(ledger, entry.key));
        if (why !== undefined) return why;
        const { revision } = page;
        const next = { revision, content: book(ledger, entry) };
        if (await write(destination, next, entry.fence)) return undefined;
      }
      throw new BallastError('lost-term', `others book in ${destination} all the time`);
    },
    async renew(key) {
      return [...(await read()).values()].some(({ ledger }) => has(ledger, key));
    },
    async release(key, fence) {
      for (const [name, first] of await read()) {
        let entry: Entry | undefined = first;
        while (entry && has(entry.ledger, key)) {
          const { revision } = entry.page;
          const next = { revision, content: without(entry.ledger, key) };
          if (await write(name, next, fence)) break;
          entry = (await read()).get(name);
        }
      }
    },
  };
}

interface Entry {
  readonly page: SharedPage;
  /** What counts of it. */
  readonly ledger: Ledger;
}

const NONE: Entry = { page: { revision: 0, content: [] }, ledger: [] };

const has = (ledger: Ledger, key: string): boolean => ledger.some((one) => one.key === key);
