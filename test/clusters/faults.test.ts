// Each fault alone, between reader and API server: while it lasts nobody reads a wrong count as
// fresh, and after it the counts equal the truth.

import { describe, expect, type TestContext, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Fault } from '../simulated/faults.ts';
import {
  eventually,
  UNHURRIED,
  type WatchedCluster,
  type WatchedOptions,
  watchCluster,
} from './watched-cluster.ts';

// With the test's own context: the global hook does not know which of concurrent tests it is in.
async function open(context: TestContext, options?: WatchedOptions): Promise<WatchedCluster> {
  const watched = await watchCluster(options);
  context.onTestFinished(() => watched.close());
  return watched;
}

async function openFresh(context: TestContext, options?: WatchedOptions): Promise<WatchedCluster> {
  const watched = await open(context, options);
  await eventually(() => expect(watched.reader.status().state).toBe('fresh'));
  expect(watched.reader.footprint('shop').pods).toBe(7);
  return watched;
}

/** Truth was 7, then 9: no round may have seen anything else as fresh. */
function expectOnlyTruths({ seen }: WatchedCluster): void {
  const fresh = seen.filter(({ status }) => status.state === 'fresh');
  for (const { footprint, status } of fresh) {
    expect([7, 9]).toContain(footprint.pods);
    expect(footprint.routed).toBe(true);
    expect(status.ingressNodes).toHaveLength(2);
  }
}

interface FaultCase {
  readonly title: string;
  readonly fault: Fault;
  /** Lists are made while it lasts. */
  readonly relist?: boolean;
  /** Absent: the reader notices nothing, or mends it before anybody could. */
  readonly stale?: boolean;
}

const faults: readonly FaultCase[] = [
  { title: 'connections refused', fault: { kind: 'refuse' }, stale: true },
  { title: 'connections reset', fault: { kind: 'reset' }, stale: true },
  { title: 'one reset', fault: { kind: 'reset', times: 1 } },
  { title: 'requests that hang', fault: { kind: 'hang' }, relist: true, stale: true },
  { title: 'a half-open link', fault: { kind: 'half-open' } },
  {
    title: 'half-open to new connections too',
    fault: { kind: 'half-open', connections: 'all' },
    stale: true,
  },
  { title: '500 on all', fault: { kind: 'status', code: 500 }, relist: true, stale: true },
  {
    title: '429 with Retry-After',
    fault: { kind: 'status', code: 429, retryAfterSeconds: 1 },
    relist: true,
    stale: true,
  },
  { title: '401 on all', fault: { kind: 'status', code: 401 }, relist: true, stale: true },
  {
    title: '403 on endpointslices',
    fault: { kind: 'status', code: 403, resources: ['endpointslices'] },
    relist: true,
    stale: true,
  },
  {
    title: 'a web page for a list',
    fault: { kind: 'html', verbs: ['list'] },
    relist: true,
    stale: true,
  },
  {
    title: 'lists cut in the middle',
    fault: { kind: 'broken-json', verbs: ['list'] },
    relist: true,
    stale: true,
  },
  { title: 'broken lines in watches', fault: { kind: 'broken-json', verbs: ['watch'], times: 2 } },
  { title: 'ERROR event 410', fault: { kind: 'expired', verbs: ['watch'], times: 3 } },
  {
    title: 'HTTP 410 for lists',
    fault: { kind: 'expired', verbs: ['list'], times: 2 },
    relist: true,
  },
  { title: 'ERROR event 500', fault: { kind: 'error-event', code: 500, times: 2 } },
  { title: 'ERROR event 403', fault: { kind: 'error-event', code: 403, times: 2 } },
  { title: 'older events after newer ones', fault: { kind: 'disorder' } },
  { title: 'events twice', fault: { kind: 'duplicate' } },
  { title: 'a slow drip', fault: { kind: 'drip', bytes: 2000, everyMs: 2 }, relist: true },
];

const ways = [
  { way: 'over HTTP/2, lists as watches', http2: true, watchList: true },
  { way: 'over HTTP/2, lists in pages', http2: true, watchList: false },
  { way: 'over HTTP/1.1', http2: false, watchList: true },
] as const;

describe.concurrent.each(ways)('$way', ({ http2, watchList }) => {
  const pages = !http2 || !watchList;
  const met = faults.filter(({ fault }) => pages || !fault.verbs?.includes('list'));
  test.for(met)('$title', async ({ fault, relist, stale }, context) => {
    const watched = await openFresh(context, { http2, watch: { watchList } });
    const { reader, simulated } = watched;
    const { clear } = await simulated.api.fault(fault);
    if (relist) reader.relist();
    simulated.scale('shop', 9);
    if (stale) {
      await eventually(() => expect(reader.status().state).toBe('stale'));
      expect(reader.status().reason).toMatch(/ on .* since \d+ s/);
      expect(reader.footprint('shop').pods).toBeGreaterThanOrEqual(7);
    }
    await clear();
    await eventually(() => {
      expect(reader.status()).toMatchObject({ state: 'fresh' });
      expect(reader.footprint('shop').pods).toBe(9);
    });
    expectOnlyTruths(watched);
    simulated.scale('shop', 2);
    await eventually(() => expect(reader.footprint('shop').pods).toBe(2));
  });
});

test.concurrent('a cluster that answers nothing gets one request a second at most', async (context) => {
  const { reader, simulated } = await openFresh(context);
  await simulated.api.fault({ kind: 'status', code: 503 });
  reader.relist();
  // Those that were under way together when it began are not counted.
  await eventually(() => expect(reader.status().reason).toMatch(/and 7 more/));
  const start = simulated.api.requests.length;
  const from = performance.now();
  await eventually(() => expect(simulated.api.requests.length).toBeGreaterThan(start + 1));
  const seconds = (performance.now() - from) / 1000;
  expect(simulated.api.requests.length - start).toBeLessThanOrEqual(seconds + 2);
});

test.concurrent('all lists and watches of a cluster share one connection over HTTP/2', async (context) => {
  const { reader, simulated } = await openFresh(context, {
    enable: ['gateway.networking.k8s.io'],
    limits: UNHURRIED,
  });
  reader.relist();
  await eventually(() => expect(reader.status().relists).toBeGreaterThan(5));
  await eventually(() => expect(simulated.api.openWatches()).toBe(8));
  expect(simulated.api.connections().accepted).toBeLessThanOrEqual(2);
});

/** A back-off of a second takes two minutes. */
const slow: Clock = {
  now: () => systemClock.now() / 120,
  sleep: (ms, signal) => systemClock.sleep(ms * 120, signal),
};

test.concurrent('a watch that ends is opened again at once, without a list and without a stale moment', async (context) => {
  const { reader, simulated, seen } = await openFresh(context, { limits: UNHURRIED, clock: slow });
  const { length } = seen;
  simulated.api.endWatches();
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  expect(reader.status().relists).toBe(0);
  expect(seen.slice(length).map(({ status }) => status.state)).not.toContain('stale');
});

test.concurrent('a quiet resource keeps up by bookmarks, and its version never expires', async (context) => {
  const { reader, simulated } = await openFresh(context, { limits: UNHURRIED });
  await eventually(() => expect(simulated.api.openWatches()).toBe(6));
  // Of one kind only.
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  simulated.api.bookmark();
  simulated.api.compact();
  simulated.api.endWatches();
  // By watches that are open again.
  simulated.setIngressNode({ name: 'edge-3', address: '10.1.0.3' });
  await eventually(() => expect(reader.status().ingressNodes).toHaveLength(3));
  expect(reader.status().relists).toBe(0);
});

test.concurrent('a mark that throws stops nobody', async (context) => {
  const { reader, simulated } = await openFresh(context);
  reader.onDirty(() => {
    throw new Error('a mark');
  });
  let marks = 0;
  reader.onDirty(() => marks++);
  for (const pods of [9, 3]) {
    marks = 0;
    simulated.scale('shop', pods);
    await eventually(() => expect(reader.footprint('shop').pods).toBe(pods));
    await eventually(() => expect(marks).toBeGreaterThan(0));
  }
});

test.concurrent('versions that expired while nobody could watch are listed anew', async (context) => {
  const watched = await openFresh(context);
  const { reader, simulated } = watched;
  const { clear } = await simulated.api.fault({ kind: 'refuse' });
  await eventually(() => expect(reader.status().state).toBe('stale'));
  simulated.scale('shop', 9);
  simulated.api.compact();
  await clear();
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  expect(reader.status().relists).toBeGreaterThan(0);
  expectOnlyTruths(watched);
});

test.concurrent('a watch without a word is found by its silence, and listed', async (context) => {
  const { reader, simulated } = await openFresh(context, { limits: { silentMs: 1500 } });
  await simulated.api.fault({ kind: 'hang', verbs: ['watch'], resources: ['endpointslices'] });
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
});

test.concurrent('an etcd restored to an older version is listed anew', async (context) => {
  const { reader, simulated } = await openFresh(context);
  const toVersion = simulated.api.store.version;
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  await simulated.api.fault({ kind: 'restored', toVersion });
  await eventually(() => expect(reader.footprint('shop').pods).toBe(7));
});

test.concurrent('one list of an older version makes all be listed', async (context) => {
  const { reader, simulated } = await openFresh(context);
  const toVersion = simulated.api.store.version;
  simulated.scale('shop', 9);
  simulated.setNode({ name: 'late', address: '192.0.2.99' });
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  // Nodes are listed after failed calls, and are the first to see the older version.
  await simulated.api.stop();
  await eventually(() => expect(reader.status().state).toBe('stale'));
  await simulated.api.start();
  await simulated.api.fault({ kind: 'restored', toVersion });
  await eventually(() => expect(reader.footprint('shop').pods).toBe(7));
});

test.concurrent('versions that were set back and have passed ours before we look again', async (context) => {
  const { reader, simulated } = await openFresh(context);
  const toVersion = simulated.api.store.version;
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  const seen = simulated.api.store.version;
  const restored = simulated.api.fault({ kind: 'restored', toVersion });
  for (let index = 0; simulated.api.store.version <= seen; index++) {
    simulated.setNode({ name: `later-${index}`, address: `192.0.2.${100 + index}` });
  }
  await restored;
  await eventually(() => expect(reader.footprint('shop').pods).toBe(7));
});

test.concurrent('a broken line makes a list', async (context) => {
  const { reader, simulated } = await openFresh(context);
  await simulated.api.fault({ kind: 'broken-json', verbs: ['watch'], times: 1 });
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  await eventually(() => expect(reader.status().relists).toBeGreaterThan(0));
});

test.concurrent('an old event of a deleted object brings nothing back', async (context) => {
  const { reader, simulated } = await openFresh(context);
  await simulated.api.fault({ kind: 'disorder', resources: ['services'] });
  simulated.removeApp('app-1');
  await eventually(() => expect(reader.status().relists).toBeGreaterThan(0));
  expect(reader.apps().has('app-1')).toBe(false);
});

test.concurrent('a half-open link over which nobody calls is found by pings', async (context) => {
  // Kinds that are not served would be asked for again now and then.
  const enable = ['gateway.networking.k8s.io', 'argoproj.io'];
  const { reader, simulated } = await openFresh(context, { enable });
  await eventually(() => expect(simulated.api.openWatches()).toBe(9));
  await simulated.api.fault({ kind: 'half-open' });
  simulated.scale('shop', 9);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
});

test.concurrent('without pings, a call that comes to nothing makes a new link', async (context) => {
  const { reader, simulated } = await openFresh(context, { limits: { pingMs: 60_000 } });
  await simulated.api.fault({ kind: 'half-open' });
  simulated.scale('shop', 9);
  reader.relist();
  await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
});

test.concurrent('an unreachable cluster is unseen, says why, and is no error', async (context) => {
  const { reader, simulated } = await open(context);
  await simulated.api.fault({ kind: 'refuse' });
  reader.relist();
  await eventually(() => expect(reader.status().reason).toMatch(/connection refused/));
  expect(['unseen', 'stale']).toContain(reader.status().state);
});

test.concurrent('close() ends every wait', async (context) => {
  const { reader, simulated } = await openFresh(context);
  await simulated.api.fault({ kind: 'status', code: 503, retryAfterSeconds: 60 });
  reader.relist();
  await eventually(() => expect(reader.status().state).toBe('stale'));
  const from = performance.now();
  await reader.close();
  expect(performance.now() - from).toBeLessThan(20_000);
  const { length } = simulated.api.requests;
  await eventually(() => expect(simulated.api.openWatches()).toBe(0));
  expect(simulated.api.requests).toHaveLength(length);
});
