// What the edges counted over the last minute.

import { expect, test } from 'vitest';
import { collectStatistics } from '../../src/edges/statistics.ts';

const A = '10.0.0.1:80';
const B = '10.0.0.2:80';
const count = (address: string, requests: number, failures: number, app = 'shop') => ({
  app,
  address,
  requests,
  failures,
});

test('errors are those of the asked servers, summed over the edges, since the window began', () => {
  const statistics = collectStatistics();
  const add = (edge: string, at: number, ...counts: ReturnType<typeof count>[]): void =>
    statistics.add(edge, at, { start: 's', counts });
  add('edge-1', 0, count(A, 100, 50), count(B, 100, 0));
  expect(statistics.errors('shop', [A], 0)).toEqual({ requests: 0, failures: 0 });
  add('edge-1', 20_000, count(A, 130, 53), count(B, 190, 1), count(A, 9, 9, 'news'));
  add('edge-2', 20_000, count(A, 0, 0));
  add('edge-2', 30_000, count(A, 10, 2));
  expect(statistics.errors('shop', [A], 30_000)).toEqual({ requests: 40, failures: 5 });
  expect(statistics.errors('shop', [A, B], 30_000)).toEqual({ requests: 130, failures: 6 });
  expect(statistics.measured('shop', 30_000)).toEqual(
    new Map([
      [A, 40],
      [B, 90],
    ]),
  );
  // An edge that restarted counts from 0.
  statistics.add('edge-1', 40_000, { start: 't', counts: [count(A, 1, 1)] });
  expect(statistics.errors('shop', [A], 40_000)).toEqual({ requests: 10, failures: 2 });
});
