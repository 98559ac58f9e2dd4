// Series of servers are bounded; edges are as old as what they lack; a commit counts from its first event.

import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Controller } from '../../src/controller.ts';
import { openEdgeBook } from '../../src/edges/edge-book.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import { keepEdgeAges } from '../../src/telemetry/edge-ages.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createReporter } from '../../src/telemetry/reporter.ts';
import { metricsText } from './metrics-text.ts';

const SERVERS: Readonly<Record<string, number>> = { a: 2, b: 3, c: 1 };

/** Apps with so many servers, of weights 1, 2 ... */
function fleet(): Controller {
  const servers = (app: string) =>
    Array.from({ length: SERVERS[app] ?? 0 }, (_, at) => {
      return { address: `10.0.0.${at}:80`, from: 'east', weight: at + 1 };
    });
  const facts = (app: string) => ({
    inventory: { app, clusters: [{ cluster: 'east', pods: 4 }] },
    weighed: { reasons: new Map(), sums: new Map(), ramps: new Map() },
  });
  return {
    leader: () => ({ leading: true, term: 7, phase: 'leading' }),
    published: () => ({
      mark: { term: 7, version: 3 },
      held: { holds: [] },
      unreadable: new Map(),
      app: (app: string) => ({ upstream: { servers: servers(app) } }),
    }),
    facts,
    apps: () => Object.keys(SERVERS),
    clusters: () => [],
  } as unknown as Controller;
}

async function shown(bounds: { servers: boolean; most: number }): Promise<string> {
  const requests = [
    ['10.0.0.0:80', 30],
    ['10.0.0.1:80', 10],
  ] as const;
  const measured = (app: string) => new Map<string, number>(app === 'a' ? requests : []);
  const own = { controller: fleet(), book: openEdgeBook(new Map()), now: 0, bounds, measured };
  return metricsText(createMetrics(), own);
}

const lines = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`ballast_${name}{`));

test('series of servers: as many as were allowed, whole apps, the rest counted', async () => {
  const all = await shown({ servers: true, most: 100 });
  expect(lines(all, 'server_weight')).toHaveLength(6);
  expect(lines(all, 'share_ratio')[0]).toMatch(/app="a",from="east",server="10.0.0.0:80"} 0.333/);
  expect(lines(all, 'share_measured_ratio').map((line) => line.split(' ')[1])).toEqual([
    '0.75',
    '0.25',
  ]);
  expect(lines(all, 'series_omitted').map((line) => line.split(' ')[1])).toEqual(['0', '0']);
  const some = await shown({ servers: true, most: 3 });
  expect(lines(some, 'server_weight').map((line) => /app="(.)"/.exec(line)?.[1])).toEqual([
    'a',
    'a',
    'c',
  ]);
  expect(some).toContain('ballast_series_omitted{of="server"} 3');
  expect(lines(await shown({ servers: true, most: 2 }), 'app_pods')).toHaveLength(2);
  expect(await shown({ servers: true, most: 2 })).toContain('series_omitted{of="count"} 1');
  const none = await shown({ servers: false, most: 100 });
  expect(lines(none, 'server_weight')).toEqual([]);
  expect(lines(none, 'app_pods')).toHaveLength(3);
  expect(none).toContain('ballast_series_omitted{of="server"} 6');
});

test('an edge is as old as the first commit that it lacks, over terms and refusals', () => {
  const ages = keepEdgeAges();
  const at = (term: number, version: number, refused: readonly number[] = []) => {
    const documents = refused.map((one) => ({ stamp: { term, version: one } }));
    const state = { mark: { term, version }, refused: documents } as unknown as EdgeState;
    return { name: `at-${version}-${refused.length}`, state };
  };
  const unheard = { name: 'unheard' };
  expect(ages.seconds(unheard, 5000)).toBe(0);
  for (const version of [1, 2, 3]) ages.noted({ term: 7, version }, version * 1000);
  ages.noted({ term: 7, version: 3 }, 9000);
  expect(ages.seconds(at(7, 3), 10_000)).toBe(0);
  expect(ages.seconds(at(7, 1), 10_000)).toBe(8);
  expect(ages.seconds(unheard, 10_000)).toBe(9);
  expect(ages.seconds(at(7, 3, [2]), 10_000)).toBe(8);
  ages.noted({ term: 8, version: 4 }, 11_000);
  expect(ages.seconds(at(7, 3), 12_000)).toBe(1);
  for (let version = 5; version < 5000; version += 1) ages.noted({ term: 8, version }, 20_000);
  // Those that were asked for before are as old as they are, whatever was committed since.
  expect(ages.seconds(at(7, 1), 30_000)).toBe(28);
  expect(ages.seconds({ ...at(8, 4), name: 'at-1-0' }, 30_000)).toBe(10);
  expect(ages.seconds(at(8, 4999), 30_000)).toBe(0);
});

test('propagation counts from the first event to the last edge, not for words or unheard edges', async () => {
  const metrics = createMetrics();
  let now = 1000;
  const reporter = createReporter({
    log: pino({ level: 'silent' }),
    metrics,
    now: () => now,
  });
  const change = { app: 'shop', body: '', after: { servers: [] } } as never;
  const commit = (version: number, marked?: ReadonlyMap<string, number>): void => {
    const times = { began: now, looked: now, ...(marked && { marked }) };
    reporter.committed({
      stamp: { term: 7, version },
      changes: [change],
      causes: new Map(),
      actor: 'controller',
      times,
    });
  };
  const had = new Map([
    ['edge-1', 50],
    ['edge-2', 250],
  ]);
  const values = async () =>
    (await metrics.propagationSeconds.get()).values
      .filter(({ metricName = '' }) => /_(sum|count)$/.test(metricName))
      .map(({ value }) => value);
  commit(
    1,
    new Map([
      ['shop', 400],
      ['news', 0],
    ]),
  );
  now = 5000;
  reporter.settled({ version: 1, had, missing: ['edge-3'], all: true });
  // 600 ms until the commit, 250 ms to the last edge.
  expect(await values()).toEqual([0.85, 1]);
  commit(2);
  reporter.settled({ version: 2, had, missing: [], all: true });
  commit(3, new Map([['shop', 4000]]));
  reporter.settled({ version: 3, had, missing: ['edge-3'], all: false });
  expect(await values()).toEqual([0.85, 1]);
});

test('drift: where requests are spread by weight, and enough of them; no weight says anything at the minimum', async () => {
  const upstreams: Record<string, { weights: number[]; balance?: string; exact?: number[] }> = {
    even: { weights: [10, 10] },
    few: { weights: [10, 10] },
    hashed: { weights: [10, 10], balance: 'hash' },
    least: { weights: [1, 1], exact: [0.25, 0.75] },
    same: { weights: [1, 1], exact: [0.5, 0.5] },
    drained: { weights: [0, 1, 1], exact: [0.5, 0.25, 0.25] },
    one: { weights: [1], exact: [1] },
    vms: { weights: [1, 10], exact: [0.05, 0.95] },
  };
  const addressOf = (at: number): string => `10.0.0.${at}:80`;
  const controller = {
    ...fleet(),
    apps: () => Object.keys(upstreams),
    published: () => ({
      ...fleet().published(),
      app: (app: string) => ({
        upstream: {
          servers: upstreams[app]?.weights.map((weight, at) => {
            return { address: addressOf(at), from: 'east', weight };
          }),
          policy: { balance: upstreams[app]?.balance ?? 'smooth', whenUnhealthy: 'spread' },
        },
      }),
    }),
    facts: (app: string) => ({
      ...fleet().facts(app),
      weighed: {
        reasons: new Map(),
        ramps: new Map(),
        sums: new Map(
          upstreams[app]?.exact?.map((exactShare, at) => [addressOf(at), { exactShare }]),
        ),
      },
    }),
  } as unknown as Controller;
  const measured = (app: string) =>
    new Map<string, number>(
      app === 'few'
        ? [[addressOf(0), 299]]
        : [
            [addressOf(0), 400],
            [addressOf(1), 100],
          ],
    );
  const own = { controller, book: openEdgeBook(new Map()), now: 0, measured };
  const text = await metricsText(createMetrics(), own);
  const drifts = Object.fromEntries(
    lines(text, 'share_drift_ratio').map((line) => [
      /app="(\w+)"/.exec(line)?.[1],
      line.split(' ')[1],
    ]),
  );
  expect(Object.keys(drifts)).not.toContain('few');
  expect(Object.keys(drifts)).not.toContain('hashed');
  expect(Number(drifts['even'])).toBeCloseTo(0.3);
  expect(lines(text, 'app_at_minimum')).toEqual(['ballast_app_at_minimum{app="least"} 1']);
});

test('the next end of a hold, by kind', async () => {
  const hold = { app: 'a', who: 'ann', why: '', since: 0 };
  const holds = [
    { ...hold, id: '1', kind: 'drain', until: 90_000 },
    { ...hold, id: '2', kind: 'drain', until: 70_000 },
    { ...hold, id: '3', kind: 'pin' },
  ];
  let held: readonly object[] = holds;
  const controller = {
    ...fleet(),
    published: () => ({ ...fleet().published(), held: { holds: held } }),
  } as unknown as Controller;
  const metrics = createMetrics();
  const own = { controller, book: openEdgeBook(new Map()), now: 0, wall: 10_000 };
  expect(lines(await metricsText(metrics, own), 'hold_next_end_seconds')).toEqual([
    'ballast_hold_next_end_seconds{kind="drain"} 60',
  ]);
  held = [];
  expect(lines(await metricsText(metrics, own), 'hold_next_end_seconds')).toEqual([]);
});
