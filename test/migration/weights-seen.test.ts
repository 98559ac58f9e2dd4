// What of published weights is a fault, while pins stand.

import { expect, test } from 'vitest';
import { weightFault } from '../../src/migration/run/weights-seen.ts';
import type { Hold, Server } from '../../src/model.ts';
import type { JobHold } from '../../src/words/of-jobs.ts';

const WAYS = { from: 'east', to: 'west' };
const pin = (cluster: string, weight: number): JobHold => ({
  id: `j.shop.pin.${cluster}`,
  app: 'shop',
  cluster,
  kind: 'pin',
  weight,
  who: 'ann',
  why: 'a move',
  job: 'j',
  fence: 1,
});
const PINS = [pin('east', 0), pin('west', 300), pin('north', 100), pin('vm', 100)];

function faultOf(
  weights: Readonly<Record<string, number>>,
  others: readonly Hold[] = [],
  pins: readonly JobHold[] = PINS,
): string | undefined {
  const servers = Object.entries(weights).map(
    ([from, weight], index): Server => ({ address: `10.0.0.${index}:80`, weight, from }),
  );
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  return weightFault({ app: 'shop', servers, policy }, pins, WAYS, others);
}

test('published as pinned is none; the source may have left', () => {
  expect(faultOf({ east: 0, west: 300, north: 100, vm: 100 })).toBeUndefined();
  expect(faultOf({ west: 300, north: 100, vm: 100 })).toBeUndefined();
});

test('others than source and destination may lose all their servers meanwhile', () => {
  expect(faultOf({ west: 300 })).toBeUndefined();
  expect(faultOf({ north: 100, vm: 100 })).toBe('west has no server of it any more');
});

test('a person’s word over any of them is one', () => {
  expect(faultOf({ east: 7, west: 300 })).toBe('east is published with 7, and is to have 0');
  expect(faultOf({ west: 300, north: 0 })).toBe('north is published with 0, and is to have 100');
});

const said = (id: string, own: Partial<Hold>): Hold => {
  return { id, kind: 'pin', who: 'bob', why: 'a look', since: 0, ...own };
};

test('whose word it is, is named: of those that speak of these servers and are no weaker', () => {
  const others = [
    said('h1', { app: 'shop', server: '10.0.0.0:80', weight: 7 }),
    said('h2', { app: 'till', server: '10.0.0.0:80', weight: 7 }),
    said('h3', { app: 'shop', cluster: 'west', weight: 7 }),
    said('h4', { app: 'shop', kind: 'freeze' }),
    said('h5', { cluster: 'east', kind: 'drain' }),
  ];
  expect(faultOf({ east: 7, west: 300 }, others)).toBe(
    'east is published with 7, and is to have 0: pin h1 of bob stands (a look), drain h5 of bob stands (a look)',
  );
});

test('a source that a person has drained is none, as long as it gets nothing', () => {
  const drained = said('h1', { cluster: 'east', kind: 'drain' });
  const half = [pin('east', 200), pin('west', 200)];
  const fault = (weights: Readonly<Record<string, number>>, others: readonly Hold[]) =>
    faultOf(weights, others, half);
  expect(fault({ east: 0, west: 200 }, [drained])).toBeUndefined();
  expect(fault({ east: 0, west: 200 }, [])).toBe('east is published with 0, and is to have 200');
  expect(fault({ east: 90, west: 200 }, [drained])).toContain('drain h1 of bob stands');
  const other = said('h2', { cluster: 'west', kind: 'drain' });
  expect(fault({ east: 200, west: 0 }, [other])).toContain('drain h2 of bob stands');
});
