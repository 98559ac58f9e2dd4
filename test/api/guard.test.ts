// The guard in a controller that runs: what rises too far goes on minute by minute, and says why.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { until } from '../controlplane/until.ts';
import { metricsText } from '../telemetry/metrics-text.ts';
import { jumpingClock } from './jumping-clock.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const LIMITS = { clusterPoints: 40, upstreamPoints: 50 };

/** Shop has 99 pods in east and one in west since more than a minute ago. */
async function start(own: Own = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 99 });
  west.set('shop', { pods: 1 });
  const { clock, leaseMs, passSeconds } = jumpingClock();
  const metrics = createMetrics();
  const parts = { clusters: [east, west], clock, leaseMs, metrics, share: LIMITS };
  const opened = await openApi({ ...parts, ...own });
  await until('it serves', () => opened.weights() === '990, 10');
  passSeconds(61);
  const differences = async () =>
    (await metrics.registry.getSingleMetric('ballast_recount_differences_total')?.get())?.values;
  const explained = async () => (await opened.call('GET', '/api/v1/apps/shop')).json;
  const shown = async () => {
    const { controller, book } = opened;
    return metricsText(metrics, { controller, book, now: clock.now() });
  };
  return { east, west, clock, passSeconds, differences, explained, shown, ...opened };
}

test('a small cluster that explodes gains 40 points a minute, with the numbers, to the end', async () => {
  const { west, weights, passSeconds, explained, differences } = await start();
  west.set('shop', { pods: 1000 });
  await until('it is held back', () => weights() === '990, 688');
  const { clusters, servers } = await explained();
  expect(clusters[1].reason.code).toBe('share-limited');
  expect(clusters[1].reason.text).toContain(
    '1 % of the requests a minute ago and has 41 % for now',
  );
  expect(servers[1].formula).toContain('held back by the guard: 688 of 10000');
  passSeconds(61);
  await until('it goes on', () => weights() === '990, 4511');
  passSeconds(61);
  await until('it has arrived', () => weights() === '990, 10000');
  expect((await explained()).clusters[1].reason).toBeUndefined();
  expect(await differences()).toEqual([{ value: 0, labels: {} }]);
});

test('metrics say what is held back and why weights changed', async () => {
  const { east, west, clock, weights, passSeconds, shown } = await start();
  const delayed = (code: string, count: number) =>
    expect.stringContaining(`ballast_guard_delayed{code="${code}"} ${count}\n`);
  const changed = (cause: string, count: number) =>
    expect.stringContaining(`ballast_weight_changes_total{cause="${cause}"} ${count}\n`);
  expect(await shown()).toEqual(changed('first-look', 1));
  west.set('shop', { pods: 1000 });
  await until('it is held back', () => weights() === '990, 688');
  expect(await shown()).toEqual(delayed('share-limited', 1));
  expect(await shown()).toEqual(changed('pods', 1));
  passSeconds(61);
  await until('it goes on', () => weights() === '990, 4511');
  expect(await shown()).toEqual(changed('guard', 1));
  passSeconds(61);
  await until('it has arrived', () => weights() === '990, 10000');
  expect(await shown()).toEqual(delayed('share-limited', 0));
  east.setLooks({ changedAt: clock.now(), since: clock.now() - 1 });
  east.set('shop', { pods: 0 });
  await until('it is doubted', async () => (await shown()).includes('{code="second-look"} 1\n'));
});

test('a doubling passes at once, and so does what falls and what a hold explains', async () => {
  const { east, west, weights, hold } = await start();
  east.set('shop', { pods: 198 });
  west.set('shop', { pods: 2 });
  await until('both have doubled', () => weights() === '1980, 20');
  east.set('shop', { pods: 0 });
  await until('west has it all', () => weights() === '20');
  expect((await hold({ kind: 'pin', app: 'shop', cluster: 'west', weight: 999 })).status).toBe(201);
  expect(weights()).toBe('999 of 20');
});

test('capacity that is lost while another is held back falls at once', async () => {
  const { east, west, weights } = await start();
  west.set('shop', { pods: 1000 });
  await until('it is held back', () => weights() === '990, 688');
  east.set('shop', { pods: 50 });
  await until('east has fallen', () => weights() === '500, 688');
  east.set('shop', { pods: 0 });
  await until('nobody else is left, and nobody is held back', () => weights() === '10000');
});

test('a next leader takes what is published for a minute old', async () => {
  const { east, west, store, weights } = await start();
  west.set('shop', { pods: 1000 });
  await until('it is held back', () => weights() === '990, 688');
  await closeAll();
  const second = await openApi({
    clusters: [east, west],
    store,
    leaseMs: 3_600_000,
    share: LIMITS,
    holder: 'two',
  });
  await until('it goes on', () => second.weights() === '990, 4511');
});

const SLOWLY = { percent: 25, seconds: 3600, errorPercent: 5 };

test('an app is not held back in its first minute', async () => {
  const { east, west, weights } = await start();
  east.set('news', { pods: 50 });
  west.set('news', { pods: 1 });
  await until('it serves', () => weights('news') === '500, 10');
  west.set('news', { pods: 5000 });
  await until('all of it', () => weights('news') === '500, 50000');
});

test('a cluster that was merely seen late comes whole, as if it had been there all along', async () => {
  const { east, west, weights, passSeconds } = await start({ ramp: SLOWLY });
  west.setStatus({ state: 'unseen' });
  east.set('news', { pods: 10 });
  await until('it serves', () => weights('news') === '100');
  passSeconds(61);
  west.set('news', { pods: 20 });
  west.setStatus({ state: 'fresh' });
  await until('all of it', () => weights('news') === '100, 200');
  west.set('news', { pods: 80 });
  await until('and of that', () => weights('news') === '100, 800');
});

test.each([
  ['a new cluster comes whole where nothing is ramped', undefined, '10, 5000'],
  ['a new cluster’s step gains no more than others may', SLOWLY, '10, 7 of 5000'],
])('%s', async (_, ramp, expected) => {
  const { east, west, weights, passSeconds } = await start(ramp && { ramp });
  east.set('news', { pods: 1 });
  await until('it serves', () => weights('news') === '10');
  passSeconds(61);
  // So that the minute has passed for the controller too.
  east.set('blog', { pods: 1 });
  await until('it ticks', () => weights('blog') === '10');
  west.set('news', { pods: 500 });
  await until('so much of it', () => weights('news') === expected);
});

test('the minimum refuses what would leave fewer clusters, by count and by hold', async () => {
  const { west, weights, hold, explained } = await start({
    minimum: (app) => ({ clusters: app === 'shop' ? 2 : 1, servers: 1 }),
  });
  west.set('shop', { pods: 0 });
  await until('it is refused', async () => (await explained()).refused !== undefined);
  const { refused } = await explained();
  expect(refused.code).toBe('too-few-clusters');
  expect(refused.text).toContain('by 1 cluster, where 2 serve now and at least 2 must');
  expect(weights()).toBe('990, 10');
  west.set('shop', { pods: 2 });
  await until('it serves on', () => weights() === '990, 20');
  const drain = { kind: 'drain', cluster: 'west' };
  const { status, json } = await hold(drain);
  expect([status, json.code]).toEqual([409, 'too-few-clusters']);
  expect(json.detail).toContain('at least 2 must');
  expect((await hold({ ...drain, allowEmpty: true })).status).toBe(201);
  expect(weights()).toBe('990, 0 of 20');
});

test('a hold that allows it explains the loss of its own servers, and of no others', async () => {
  const { east, weights, hold, explained } = await start();
  expect((await hold({ kind: 'drain', cluster: 'west', allowEmpty: true })).status).toBe(201);
  const drain = { kind: 'drain', cluster: 'east' };
  const { status, json } = await hold(drain);
  expect([status, json.code]).toEqual([409, 'would-empty']);
  east.set('shop', { pods: 0 });
  await until('it is refused', async () => (await explained()).refused?.code === 'would-empty');
  expect(weights()).toBe('990, 0 of 10');
  expect((await hold({ ...drain, allowEmpty: true })).status).toBe(201);
  await until('it is empty', () => weights() === '0 of 10');
});

test('a freeze where one server is drained keeps what the others have', async () => {
  const { east, weights, hold, call } = await start();
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  await until('there are two', () => weights() === '495, 495, 10');
  await hold({ id: 'node', kind: 'drain', server: '10.1.0.1:80' });
  await hold({ kind: 'freeze', app: 'shop' });
  expect(weights()).toBe('0 of 495, 495, 10');
  await call('DELETE', '/api/v1/holds/node');
  expect((await call('GET', '/api/v1/holds')).json.items).toHaveLength(1);
});
