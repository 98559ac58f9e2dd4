// What the edges counted over the last minute, and whom they leave alone.

import { expect, test } from 'vitest';
import type { EdgeCounts, UnhealthyServer } from '../../src/edges/edge-link.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';

const probe = {
  ...{ path: '/healthz', intervalSeconds: 5, timeoutSeconds: 1, rise: 2, fall: 3 },
};

const told = (...unhealthy: UnhealthyServer[]): EdgeCounts => ({
  ...{ start: 'a', counts: [], unhealthy },
});

test('a server is unhealthy for the apps that ask as the probe did', () => {
  const statistics = collectStatistics();
  const path = '/healthz';
  statistics.add('edge-2', 0, told({ address: '10.0.0.1:80', path, https: false }));
  statistics.add('edge-1', 0, told({ address: '10.0.0.1:80', path, https: false }));
  statistics.add('edge-3', 0, told({ address: '10.0.0.2:80', path, host: 'x.test', https: true }));
  const at = (asked: object | undefined) =>
    Object.fromEntries(statistics.unhealthyAt(asked && { ...probe, ...asked }, 1000));
  expect(at({})).toEqual({ '10.0.0.1:80': ['edge-1', 'edge-2'] });
  expect(at({ https: false })).toEqual({ '10.0.0.1:80': ['edge-1', 'edge-2'] });
  expect(at({ path: '/' })).toEqual({});
  expect(at({ host: 'x.test', https: true })).toEqual({ '10.0.0.2:80': ['edge-3'] });
  expect(at({ host: 'x.test' })).toEqual({});
  expect(at(undefined)).toEqual({});
});

test('what requests found is true of every app; the last word counts, and not for ever', () => {
  const statistics = collectStatistics();
  const address = '10.0.0.1:80';
  statistics.add('edge-1', 0, told({ address }, { address, path: '/healthz', https: false }));
  expect(statistics.unhealthyAt(undefined, 0).get(address)).toEqual(['edge-1']);
  expect(statistics.unhealthyAt(probe, 0).get(address)).toEqual(['edge-1']);
  expect(statistics.unhealthyAt(probe, 60_001).size).toBe(0);
  statistics.add('edge-1', 2000, told());
  expect(statistics.unhealthyAt(probe, 2000).size).toBe(0);
});

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
    statistics.add(edge, at, { start: 's', counts, unhealthy: [] });
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
  statistics.add('edge-1', 40_000, { start: 't', counts: [count(A, 1, 1)], unhealthy: [] });
  expect(statistics.errors('shop', [A], 40_000)).toEqual({ requests: 10, failures: 2 });
});

test('what is under way is known once every edge has told it since', () => {
  const statistics = collectStatistics();
  const counts = (...inFlight: (number | undefined)[]): EdgeCounts => ({
    start: 'a',
    unhealthy: [],
    counts: inFlight.map((count, index) => ({
      app: 'shop',
      address: `10.0.0.${index + 1}:80`,
      requests: 9,
      failures: 0,
      ...(count !== undefined && { inFlight: count }),
    })),
  });
  const all = ['10.0.0.1:80', '10.0.0.2:80'];
  const at = (since: number, servers = all) => statistics.inFlight('shop', servers, since);
  // No edge, no word.
  expect(at(0)).toBeUndefined();
  statistics.add('edge-1', 100, counts(2, 3));
  statistics.add('edge-2', 50, counts(1, 0));
  expect(at(0)).toBe(6);
  expect(at(0, ['10.0.0.2:80'])).toBe(3);
  // One has said nothing since.
  expect(at(80)).toBeUndefined();
  statistics.add('edge-2', 110, counts());
  expect(at(80)).toBe(5);
  statistics.add('edge-2', 120, counts(undefined));
  expect(at(80)).toBeUndefined();
  // Another app's are not asked about.
  expect(statistics.inFlight('news', all, 80)).toBe(0);
});

test('errors since a moment: from the last word before it, if that is not too old', () => {
  const statistics = collectStatistics();
  const add = (at: number, requests: number, failures: number): void =>
    statistics.add('edge-1', at, {
      start: 's',
      counts: [count(A, requests, failures)],
      unhealthy: [],
    });
  add(0, 100, 90);
  add(10_000, 200, 90);
  add(20_000, 300, 95);
  expect(statistics.errors('shop', [A], 20_000)).toEqual({ requests: 200, failures: 5 });
  expect(statistics.errors('shop', [A], 20_000, 15_000)).toEqual({ requests: 100, failures: 5 });
  expect(statistics.errors('shop', [A], 20_000, 20_000)).toEqual({ requests: 0, failures: 0 });
  expect(statistics.errors('shop', [A], 75_000, 5000)).toEqual({ requests: 0, failures: 0 });
});
