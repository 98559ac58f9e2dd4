// What of published weights is a fault, while pins stand.

import { expect, test } from 'vitest';
import { weightFault } from '../../src/migration/run/weights-seen.ts';
import type { Server } from '../../src/model.ts';
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

function faultOf(weights: Readonly<Record<string, number>>): string | undefined {
  const servers = Object.entries(weights).map(
    ([from, weight], index): Server => ({ address: `10.0.0.${index}:80`, weight, from }),
  );
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  return weightFault({ app: 'shop', servers, policy }, PINS, WAYS);
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
