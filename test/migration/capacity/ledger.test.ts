// The ledger: who has booked what, and that two never book the same room.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  book,
  bookingsOfOthers,
  release,
  renew,
  type Ledger,
  type Reservation,
  type Written,
} from '../../../src/migration/capacity/ledger.ts';
import { needOf, type Need } from '../../../src/migration/capacity/need.ts';
import {
  fitOf,
  place,
  roomOf,
  type DestinationView,
} from '../../../src/migration/capacity/room.ts';

const need = (cpu: string): Need =>
  needOf({
    namespace: 'prod',
    labels: {},
    spec: { containers: [{ name: 'app', resources: { requests: { cpu } } }] },
  });

function reservation(key: string, more: Partial<Reservation> = {}): Reservation {
  return { key, destination: 'west', fence: 5, until: 1000, pods: 3, need: need('1'), ...more };
}

function ledgerOf(...entries: Reservation[]): Ledger {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function done(written: Written): Ledger {
  if (!written.ok) throw new Error(written.code);
  return written.ledger;
}

const NONE = new Map<string, number>();
const asker = { destination: 'west', key: 'mine/shop', now: 0 };
const pods = (ledger: Ledger, more: Partial<typeof asker> = {}, bound = NONE) =>
  bookingsOfOthers(ledger, { ...asker, ...more }, bound).map((booking) => booking.pods);

test('booking again replaces', () => {
  const first = done(book(new Map(), reservation('a/shop')));
  const second = done(book(first, reservation('a/shop', { pods: 7 })));
  expect([...second.values()].map((entry) => entry.pods)).toEqual([7]);
  expect([...first.values()].map((entry) => entry.pods)).toEqual([3]);
});

test('a lower fence writes nothing', () => {
  const ledger = ledgerOf(reservation('a/shop'));
  const refused = { ok: false, code: 'lost-term' };
  expect(book(ledger, reservation('a/shop', { fence: 4 }))).toEqual(refused);
  expect(renew(ledger, 'a/shop', 4, 9000)).toEqual(refused);
  expect(release(ledger, 'a/shop', 4)).toEqual(refused);
  expect(done(release(ledger, 'a/shop', 6)).size).toBe(0);
});

test('renewing never shortens, and books nothing that is gone', () => {
  const ledger = ledgerOf(reservation('a/shop'));
  expect(done(renew(ledger, 'a/shop', 5, 500)).get('a/shop')?.until).toBe(1000);
  expect(done(renew(ledger, 'a/shop', 6, 2000)).get('a/shop')).toMatchObject({
    until: 2000,
    fence: 6,
  });
  expect(done(renew(ledger, 'b/shop', 5, 2000)).size).toBe(1);
});

test('what others booked at this destination counts until it is bound or expires', () => {
  const ledger = ledgerOf(
    reservation('z/late', { pods: 1 }),
    reservation('mine/shop', { pods: 9 }),
    reservation('a/elsewhere', { destination: 'east' }),
    reservation('b/bound', { pods: 4 }),
    reservation('c/expired', { until: 0 }),
  );
  expect(pods(ledger)).toEqual([4, 1]);
  expect(pods(ledger, {}, new Map([['b/bound', 3]]))).toEqual([1, 1]);
  expect(pods(ledger, {}, new Map([['b/bound', 4]]))).toEqual([1]);
  expect(pods(ledger, { destination: 'east' })).toEqual([3]);
  expect(pods(ledger, { now: 1000 })).toEqual([]);
});

const milli = fc.integer({ min: 1, max: 2500 });
const nodes = fc.array(fc.record({ cpu: milli, pods: fc.nat({ max: 12 }) }), {
  minLength: 1,
  maxLength: 6,
});

function view(sizes: readonly { cpu: number; pods: number }[]): DestinationView {
  const list = sizes.map(({ cpu, pods: slots }, at) => ({
    metadata: { name: `node-${at}` },
    status: { allocatable: { cpu: `${cpu}m`, pods: `${slots}` } },
  }));
  return { nodes: list, pods: [], quotas: [], limitRanges: [], headroomPercent: 0 };
}

test('many at once fit as one by one would, and no node is over its room', () => {
  fc.assert(
    fc.property(nodes, milli, (sizes, cpu) => {
      const wanted = need(`${cpu}m`);
      const room = roomOf(view(sizes), []);
      const all = fitOf(room, wanted).pods;
      let one = 0;
      while (place(room, wanted, 1).pods === 1) one++;
      expect(all).toBe(one);
      for (const node of room.nodes) {
        expect(node.slots).toBeGreaterThanOrEqual(0);
        expect(node.free['cpu']).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('two that book one after the other never have more than there is', () => {
  fc.assert(
    fc.property(nodes, milli, milli, (sizes, first, second) => {
      const one = need(`${first}m`);
      const other = need(`${second}m`);
      const half = Math.ceil(fitOf(roomOf(view(sizes), []), one).pods / 2);
      const ledger = ledgerOf(reservation('a/one', { pods: half, need: one }));
      const seen = roomOf(view(sizes), bookingsOfOthers(ledger, asker, NONE));
      const rest = fitOf(seen, other).pods;
      const whole = roomOf(view(sizes), []);
      expect(place(whole, one, half).pods).toBe(half);
      expect(place(whole, other, rest).pods).toBe(rest);
      expect(place(whole, other, 1).pods).toBe(0);
    }),
  );
});
