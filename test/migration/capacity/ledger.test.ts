// The ledger: who has booked what, and that two never book the same room.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  book,
  bookedText,
  jobOf,
  roomKey,
  without,
  type Ledger,
  type Reservation,
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
  return { key, fence: 5, pods: 3, need: need('1'), ...more };
}

test('booking again replaces, and goes to the end', () => {
  const first: Ledger = [reservation('a/shop'), reservation('b/shop')];
  const second = book(first, reservation('a/shop', { pods: 7, fence: 6 }));
  expect(second.map(({ key, pods, fence }) => [key, pods, fence])).toEqual([
    ['b/shop', 3, 5],
    ['a/shop', 7, 6],
  ]);
  expect(without(second, 'b/shop').map(({ key }) => key)).toEqual(['a/shop']);
  expect(first.length).toBe(2);
});

test('whose it is, and how it is told', () => {
  const one = reservation(roomKey('move-1', 'shop'));
  expect([one.key, jobOf(one)]).toEqual(['move-1/shop', 'move-1']);
  expect(bookedText([one, { pods: 2, need: need('1') }])).toBe('3 by move-1/shop, 2 by others');
  expect(bookedText([])).toBe('');
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
      const ledger = book([], reservation('a/one', { pods: half, need: one }));
      const seen = roomOf(view(sizes), ledger);
      const rest = fitOf(seen, other).pods;
      const whole = roomOf(view(sizes), []);
      expect(place(whole, one, half).pods).toBe(half);
      expect(place(whole, other, rest).pods).toBe(rest);
      expect(place(whole, other, 1).pods).toBe(0);
    }),
  );
});
