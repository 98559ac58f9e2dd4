// Ramps in a controller that runs: new clusters, undrained ones, errors, a change of leader.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { systemClock } from '../../src/clock.ts';
import { until } from '../controlplane/until.ts';
import { jumpingClock } from './jumping-clock.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const QUICK = { percent: 25, seconds: 0.05, errorPercent: 5 };
/** Nobody in a test lives that long. */
const NEVER = { ...QUICK, seconds: 3600 };

function clusters() {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 10 });
  return [east, west] as const;
}

async function start(own: Own = {}, [east, west] = clusters()) {
  const opened = await openApi({ clusters: [east, west], ramp: QUICK, ...own });
  await until('it serves', () => opened.weights() !== '');
  /** Weights as they are published, one after the other. */
  const seen = [opened.weights()];
  const stop = new AbortController();
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await opened.controller.nextCommit(1000, stop.signal);
      if (seen.at(-1) !== opened.weights()) seen.push(opened.weights());
    }
  };
  void watch();
  return { east, west, seen, ...opened };
}

const STEPS = ['100, 10 of 40', '100, 20 of 40', '100, 30 of 40', '100, 40'];

test('a cluster that is new to an upstream rises by a quarter of its weight a step', async () => {
  const { west, seen, weights } = await start();
  west.set('shop', { pods: 4 });
  await until('it has arrived', () => weights() === '100, 40');
  expect(seen).toEqual(['100', ...STEPS]);
});

test('an undrained cluster too, and a full recount finds nothing', async () => {
  const [east, west] = clusters();
  west.set('shop', { pods: 4 });
  const { call, hold, seen, weights } = await start({}, [east, west]);
  const { json } = await hold({ kind: 'drain', cluster: 'west' });
  await call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  await until('it has arrived', () => weights() === '100, 40');
  expect(seen).toEqual(['100, 40', '100, 0 of 40', ...STEPS]);
});

test('what scales while it is there is no ramp', async () => {
  const { east, seen, weights } = await start();
  east.set('shop', { pods: 20 });
  await until('all of it', () => weights() === '200');
  expect(seen).toEqual(['100', '200']);
});

test('a cluster that was not seen when its app came is late, not new', async () => {
  const [east, west] = clusters();
  west.setStatus({ state: 'unseen' });
  const { seen, weights } = await start({ ramp: NEVER }, [east, west]);
  west.set('shop', { pods: 4 });
  west.setStatus({ state: 'fresh' });
  await until('all of it', () => weights() === '100, 40');
  expect(seen).toEqual(['100', '100, 40']);
});

test('where the edges count errors it stays, says why, and goes on once they are over', async () => {
  const counts = { requests: 200, failures: 11 };
  const { west, call, seen, weights } = await start({ errors: () => counts });
  west.set('shop', { pods: 4 });
  const reason = async () => (await call('GET', '/api/v1/apps/shop')).json.clusters[1].reason;
  await until('it is stopped', async () => (await reason())?.code === 'ramp-stopped');
  expect(weights()).toBe('100, 10 of 40');
  expect((await reason()).text).toContain('11 of 200 requests failed there');
  expect((await reason()).text).toContain('5.5 %, at most 5 % may');
  counts.failures = 10;
  await until('it has arrived', () => weights() === '100, 40');
  expect(seen).toEqual(['100', ...STEPS]);
});

test('too few requests say nothing', async () => {
  const { west, weights } = await start({ errors: () => ({ requests: 19, failures: 19 }) });
  west.set('shop', { pods: 4 });
  await until('it has arrived', () => weights() === '100, 40');
});

test('silence lets nobody go on who was stopped', async () => {
  const counts = { requests: 200, failures: 11 };
  const { west, call, weights } = await start({ errors: () => counts });
  west.set('shop', { pods: 4 });
  const text = async () => (await call('GET', '/api/v1/apps/shop')).json.clusters[1].reason?.text;
  await until('it is stopped', async () => (await text())?.includes('11 of 200'));
  Object.assign(counts, { requests: 19, failures: 0 });
  await until('nothing tells', async () =>
    (await text())?.includes('19 in the last minute are too'),
  );
  expect(weights()).toBe('100, 10 of 40');
  counts.requests = 20;
  await until('it has arrived', () => weights() === '100, 40');
});

test('stopped for the third time it is abandoned, until a person has drained it', async () => {
  const state = { goodUpTo: 0, weight: () => 0 };
  const errors = () => ({ requests: 100, failures: state.weight() <= state.goodUpTo ? 0 : 50 });
  const { clock, leaseMs, passSeconds } = jumpingClock();
  const { west, call, hold, weights } = await start({ errors, clock, leaseMs });
  const soon = (what: string, probe: () => unknown) =>
    until(what, () => {
      passSeconds(1);
      return probe();
    });
  state.weight = () => Number(/, (\d+)/.exec(weights())?.[1] ?? 0);
  west.set('shop', { pods: 4 });
  const reason = async () => (await call('GET', '/api/v1/apps/shop')).json.clusters[1].reason;
  const stops = (at: string) =>
    soon(`it is stopped at ${at}`, async () => {
      return weights() === `100, ${at} of 40` && (await reason()).code === 'ramp-stopped';
    });
  await stops('10');
  state.goodUpTo = 10;
  await stops('20');
  state.goodUpTo = 20;
  await soon('it is abandoned', async () => (await reason()).code === 'ramp-abandoned');
  expect(weights()).toBe('100, 30 of 40');
  state.goodUpTo = 40;
  await soon('good figures do', async () => (await reason()).text.includes('(0 of 100 failed'));
  expect(await reason()).toMatchObject({ code: 'ramp-abandoned' });
  expect((await reason()).text).toContain('stopped it 3 times');
  const { json } = await hold({ kind: 'drain', cluster: 'west' });
  await soon('it is drained', () => weights() === '100, 0 of 40');
  await call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  await soon('it has arrived', () => weights() === '100, 40');
});

test('a next leader goes on where the last one was, from what is published', async () => {
  const store = openMemoryStore(systemClock.now);
  const first = await start({ store, ramp: NEVER });
  first.west.set('shop', { pods: 4 });
  await until('the first step', () => first.weights() === '100, 10 of 40');
  expect((await first.call('GET', '/api/v1/apps/shop')).json.clusters[1].reason).toEqual({
    code: 'ramping',
    text: 'west is on its way up: 10 of 40',
  });
  await closeAll();
  const all = [first.east, first.west] as const;
  const second = await start({ store, ramp: NEVER, holder: 'two' }, all);
  await until('it leads', () => second.controller.leader().leading);
  first.east.set('shop', { pods: 11 });
  await until('it commits', () => second.weights().startsWith('110'));
  expect(second.weights()).toBe('110, 10 of 40');
  await closeAll();
  const third = await start({ store, holder: 'three' }, all);
  await until('it has arrived', () => third.weights() === '110, 40');
  expect(third.seen.filter((text) => text.startsWith('110'))).toEqual(
    STEPS.map((text) => text.replace('100', '110')),
  );
});

test('without `ramp` nothing is ramped', async () => {
  const { west, seen, weights } = await start({ ramp: { ...QUICK, seconds: 0 } });
  west.set('shop', { pods: 4 });
  await until('all of it', () => weights() === '100, 40');
  expect(seen).toEqual(['100', '100, 40']);
});
