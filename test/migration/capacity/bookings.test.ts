// Room on record: two never book the same, and it lasts as long as its job.

import { beforeEach, expect, test } from 'vitest';
import { openMemoryStore } from '../../../src/edges/memory.ts';
import type { Lease } from '../../../src/edges/store.ts';
import { openMemoryPages, type MemoryPages } from '../../../src/jobs/memory-pages.ts';
import { newJob, type JobHead, type JobState } from '../../../src/jobs/record.ts';
import { openBookings, type Bookings } from '../../../src/migration/capacity/bookings.ts';
import type { Ledger } from '../../../src/migration/capacity/ledger.ts';
import { needOf } from '../../../src/migration/capacity/need.ts';
import { place, roomOf, type DestinationView } from '../../../src/migration/capacity/room.ts';
import { nextTerm } from '../../jobs/next-term.ts';

const need = needOf({
  namespace: 'prod',
  labels: {},
  spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] },
});
/** Room for four pods. */
const view: DestinationView = {
  nodes: [{ metadata: { name: 'n1' }, status: { allocatable: { cpu: '4', pods: '99' } } }],
  pods: [],
  quotas: [],
  limitRanges: [],
  headroomPercent: 0,
};

let pages: MemoryPages;
let lease: Lease | undefined;
let heads: JobHead[];
let bookings: Bookings;
let terms = 1;
const store = openMemoryStore(() => 0);

beforeEach(async () => {
  terms += 1;
  pages = openMemoryPages(store);
  lease = await nextTerm(store, terms);
  heads = ['m-1', 'm-2'].map((id) => headOf(id, 'Running'));
  bookings = openBookings({ pages, heads: async () => heads, lease: () => lease });
});

function headOf(id: string, state: JobState): JobHead {
  const draft = { kind: 'migration', name: id, apps: [], clusters: [], planDigest: '', who: 'ann' };
  return { ...newJob({ ...draft, plan: {} }, { id, at: 0 }), state };
}

const ask = (job: string, pods: number, fence = terms) => ({
  key: `${job}/shop`,
  destination: 'west',
  pods,
  need,
  fence,
});
const fits =
  (pods: number) =>
  (others: Ledger): string | undefined => {
    const fit = place(roomOf(view, others), need, pods);
    return fit.pods < pods ? `${fit.pods} of ${pods}` : undefined;
  };
const stands = async (): Promise<unknown> =>
  (await bookings.booked('west')).map(({ key, pods }) => [key, pods]);

test('of two that want the last room at once one gets it, and the other is told what is left', async () => {
  const both = await Promise.all([
    bookings.book(ask('m-1', 3), fits(3)),
    bookings.book(ask('m-2', 3), fits(3)),
  ]);
  expect(both).toEqual([undefined, '1 of 3']);
  expect(await stands()).toEqual([['m-1/shop', 3]]);
  await bookings.release('m-1/shop', terms);
  expect(await bookings.book(ask('m-2', 3), fits(3))).toBeUndefined();
  expect(await stands()).toEqual([['m-2/shop', 3]]);
});

test('who is told no is asked again where somebody booked between his look and his word', async () => {
  const seen: number[] = [];
  await bookings.book(ask('m-1', 1), async (others) => {
    seen.push(others.length);
    if (seen.length === 1) await bookings.book(ask('m-2', 2), fits(2));
    return undefined;
  });
  expect(seen).toEqual([0, 1]);
  expect(await stands()).toEqual([
    ['m-2/shop', 2],
    ['m-1/shop', 1],
  ]);
});

test('its own booking stands in nobody’s way, and the last one counts', async () => {
  await bookings.book(ask('m-1', 3), fits(3));
  expect(await bookings.book(ask('m-1', 4), fits(4))).toBeUndefined();
  expect(await stands()).toEqual([['m-1/shop', 4]]);
  expect(await bookings.booked('east')).toEqual([]);
});

test('a paused job keeps its room; one at its end, or that the journal lacks, has none', async () => {
  await bookings.book(ask('m-1', 3), fits(3));
  for (const state of ['Paused', 'Blocked', 'WaitingApproval'] as const) {
    heads = [headOf('m-1', state)];
    expect(await bookings.renew('m-1/shop', terms)).toBe(true);
  }
  heads = [headOf('m-1', 'RolledBack')];
  expect(await bookings.renew('m-1/shop', terms)).toBe(false);
  expect([...(await bookings.all()).values()]).toEqual([[]]);
  heads = [headOf('m-2', 'Running')];
  expect(await bookings.book(ask('m-2', 4), fits(4))).toBeUndefined();
  heads = [headOf('m-1', 'Running'), headOf('m-2', 'Running')];
  // What was over is not there again.
  expect(await stands()).toEqual([['m-2/shop', 4]]);
});

test('after Redis was lost nothing is booked', async () => {
  await bookings.book(ask('m-1', 3), fits(3));
  pages.load(undefined);
  expect(await bookings.renew('m-1/shop', terms)).toBe(false);
});

test('another term writes nothing', async () => {
  await bookings.book(ask('m-1', 3), fits(3));
  const lost = { code: 'lost-term' };
  await expect(bookings.book(ask('m-2', 1, terms - 1), fits(1))).rejects.toMatchObject(lost);
  const before = lease;
  lease = await nextTerm(store, terms + 1);
  lease = before;
  await expect(bookings.book(ask('m-2', 1), fits(1))).rejects.toMatchObject(lost);
  await expect(bookings.release('m-1/shop', terms)).rejects.toMatchObject(lost);
  lease = undefined;
  await expect(bookings.book(ask('m-2', 1), fits(1))).rejects.toMatchObject(lost);
  expect(await stands()).toEqual([['m-1/shop', 3]]);
  terms += 1;
});
