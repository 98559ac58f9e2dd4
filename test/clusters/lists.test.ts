// What lists prove: a list in which something is missing is made again, and one now and then proves the
// watch; big answers come two at a time; who does not list as a watch is asked for pages.

import { expect, type TestContext, test } from 'vitest';
import { LIMITS } from '../../src/clusters/limits.ts';
import { createTurns } from '../../src/clusters/turns.ts';
import type { Fault } from '../simulated/faults.ts';
import { eventually, type WatchedOptions, watchCluster } from './watched-cluster.ts';

async function open(context: TestContext, options: WatchedOptions = {}, fault?: Fault) {
  const watched = await watchCluster(options, (simulated) => {
    // Two slices: one less is not all of it.
    simulated.setApp({ name: 'zoo', pods: 150, podObjects: false });
    return fault && simulated.api.fault(fault);
  });
  context.onTestFinished(() => watched.close());
  await eventually(() => expect(watched.reader.status().state).toBe('fresh'));
  return watched;
}

const SHORT = { kind: 'page-short', resources: ['endpointslices'], times: 1 } as const;
const EMPTY = { kind: 'empty-list', resources: ['endpointslices'], times: 3 } as const;
/** One slice is on the last page. */
const PAGES = { pageSize: 42 };
const never = new AbortController().signal;

test.concurrent.for([true, false])(
  'something is missing in a list: it is made again, streamed: %s',
  async (watchList, context) => {
    const { reader, simulated } = await open(context, {
      watch: { watchList },
      limits: { ...PAGES, checkMs: 500 },
    });
    expect(reader.footprint('zoo').pods).toBe(150);
    const shorts: number[] = [];
    reader.onDirty(() => shorts.push(reader.footprint('zoo').pods));
    await simulated.api.fault(SHORT);
    reader.relist();
    await eventually(() => expect(Math.min(...shorts)).toBeLessThan(150));
    await eventually(() => expect(reader.footprint('zoo').pods).toBe(150));
  },
);

test.concurrent('the first list was a short one: a later list proves it', async (context) => {
  const { reader } = await open(context, { limits: { ...PAGES, proveMs: 1500 } }, SHORT);
  expect(reader.footprint('zoo').pods).toBeLessThan(150);
  await eventually(() => expect(reader.footprint('zoo').pods).toBe(150));
});

test.concurrent.for([true, false])(
  'lists that were empty for long, and agreed: proved again soon after, also the first: %s',
  async (isFirst, context) => {
    const options = { limits: { checkMs: 200 } };
    const watched = isFirst ? await open(context, options, EMPTY) : await open(context, options);
    const { reader, simulated } = watched;
    if (!isFirst) await simulated.api.fault(EMPTY);
    // As a second look does.
    reader.relist();
    await eventually(() => expect(reader.footprint('zoo').pods).toBe(0));
    // Until each list was made twice and has agreed.
    const seen = performance.now();
    await eventually(() => expect(reader.looks().since).toBeGreaterThan(seen));
    await eventually(() => expect(reader.footprint('zoo').pods).toBe(150));
  },
);

test.concurrent('the first list was empty, and nobody doubts it: proved soon', async (context) => {
  const once = { ...EMPTY, times: 1 };
  const { reader } = await open(context, { limits: { checkMs: 1000 } }, once);
  expect(reader.footprint('zoo').pods).toBe(0);
  await eventually(() => expect(reader.footprint('zoo').pods).toBe(150));
});

test.concurrent('what was listed last, and since when all was, is told', async (context) => {
  const { reader, simulated } = await open(context);
  const { changedAt } = reader.looks();
  simulated.scale('zoo', 120);
  await eventually(() => expect(reader.footprint('zoo').pods).toBe(120));
  // By watch: no list has changed anything.
  expect(reader.looks().changedAt).toBe(changedAt);
  const asked = performance.now();
  reader.relist();
  await eventually(() => expect(reader.looks().since).toBeGreaterThanOrEqual(asked));
  expect(reader.looks().changedAt).toBe(changedAt);
  const { clear } = await simulated.api.fault({ kind: 'refuse' });
  await eventually(() => expect(reader.status().state).toBe('stale'));
  simulated.scale('zoo', 100);
  simulated.api.compact();
  await clear();
  await eventually(() => expect(reader.footprint('zoo').pods).toBe(100));
  expect(reader.looks().changedAt).toBeGreaterThan(changedAt);
});

test.concurrent('lists come as watches; a server that refuses them is asked for pages, once for all', async (context) => {
  const streamed = (requests: readonly { readonly query: URLSearchParams }[]) =>
    requests.filter(({ query }) => query.has('sendInitialEvents')).length;
  const served = await open(context);
  expect(streamed(served.simulated.api.requests)).toBeGreaterThan(5);
  const refused = await open(context, { watch: { watchList: false } });
  const { requests } = refused.simulated.api;
  expect(refused.reader.footprint('zoo').pods).toBe(150);
  const before = streamed(requests);
  refused.reader.relist();
  await eventually(() => expect(refused.reader.status().relists).toBeGreaterThan(5));
  expect(streamed(requests)).toBe(before);
  expect(requests.some(({ query }) => query.has('continue'))).toBe(true);
});

test.concurrent('a server that does not know lists as watches, and never ends one, is asked for pages', async (context) => {
  const limits = { pageMs: 300 };
  const watched = await watchCluster({ limits, watch: { ignoresInitialEvents: true } });
  context.onTestFinished(() => watched.close());
  await eventually(() => expect(watched.reader.status().state).toBe('fresh'));
  expect(watched.reader.footprint('shop').pods).toBe(7);
});

test('two take turns at a time, in the order in which they came; who is broken off takes none', async () => {
  const turns = createTurns();
  const got: number[] = [];
  const stop = new AbortController();
  const takers = [never, never, stop.signal, never, never].map(async (signal, index) => {
    const giveBack = await turns.take(signal);
    got.push(index);
    return giveBack;
  });
  const [first, second] = await Promise.all(takers.slice(0, 2));
  expect(got).toEqual([0, 1]);
  stop.abort();
  (await takers[2])?.();
  expect(got).toEqual([0, 1, 2]);
  first?.();
  first?.();
  await takers[3];
  expect(got).toEqual([0, 1, 2, 3]);
  second?.();
  await takers[4];
  expect(got).toEqual([0, 1, 2, 3, 4]);
});

test('a half-open link is found within 30 s', () => {
  // One ping is sent in each interval; the next interval finds that it had no answer.
  expect(2 * LIMITS.pingMs).toBeLessThanOrEqual(30_000);
  expect(LIMITS.http1WatchSeconds * 1000 + LIMITS.http1GraceMs).toBeLessThanOrEqual(30_000);
  expect(LIMITS.headersMs).toBeLessThanOrEqual(30_000);
  expect(LIMITS.silentMs).toBeLessThanOrEqual(180_000);
});
