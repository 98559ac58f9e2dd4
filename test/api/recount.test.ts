// The full recomputation in the background finds what nothing marked, and nothing else.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecount } from '../../src/recount.ts';
import { until } from '../controlplane/until.ts';
import { jumpingClock } from './jumping-clock.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);

/** Of `differing` rounds say that they would change. */
function recountOf(apps: readonly string[], differing: Set<string>) {
  const told: string[] = [];
  const { clock, passSeconds } = jumpingClock();
  const recount = createRecount({
    clock,
    reporter: { recountDiffers: (app) => void told.push(app) },
    rounds: {
      everyName: () => apps,
      differing: (part, marked) => part.filter((app) => differing.has(app) && !marked.has(app)),
    },
  });
  const pass = (marked: ReadonlySet<string> = new Set()): string[] => {
    passSeconds(31);
    const seen: string[] = [];
    while (recount.isDue()) seen.push(...recount.step(marked));
    return seen.toSorted();
  };
  return { told, recount, pass };
}

test('each app is looked at once a pass, in parts', () => {
  const { recount, pass, told } = recountOf(names(120), new Set());
  expect(recount.isDue()).toBe(false);
  expect(pass()).toEqual(names(120).toSorted());
  expect(recount.isDue()).toBe(false);
  expect(told).toEqual([]);
});

test('what differs at two passes is told of, and looked at', () => {
  const { pass, told } = recountOf(names(3), new Set(['app-1']));
  expect(pass()).toEqual(['app-0', 'app-2']);
  expect(told).toEqual([]);
  expect(pass()).toEqual(names(3));
  expect(told).toEqual(['app-1']);
});

test.each(['app-1', 'all'])('what was looked at in between (%s) was only early', (looked) => {
  const { recount, pass, told } = recountOf(names(3), new Set(['app-1']));
  pass();
  recount.looked(looked === 'all' ? 'all' : new Set([looked]));
  expect(pass()).toEqual(['app-0', 'app-2']);
  expect(told).toEqual([]);
});

test('what no longer differs, or is marked, is forgotten', () => {
  const differing = new Set(['app-0', 'app-1']);
  const { pass, told } = recountOf(names(3), differing);
  pass();
  differing.delete('app-0');
  expect(pass(new Set(['app-1']))).toEqual(names(3));
  differing.add('app-0');
  pass();
  expect(told).toEqual([]);
});

/** Its changes are marked by nobody. */
class SilentCluster extends MemoryCluster {
  override onDirty(): () => void {
    return () => undefined;
  }
}

test('a change that nothing marked is published after two passes, and counted', async () => {
  const east = new SilentCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  east.set('shop', { pods: 1 });
  const { clock, leaseMs, passSeconds } = jumpingClock();
  const metrics = createMetrics();
  const { weights } = await openApi({ clusters: [east], clock, leaseMs, metrics });
  const differences = async () =>
    (await metrics.registry.getSingleMetric('ballast_recount_differences_total')?.get())?.values[0]
      ?.value;
  await until('it serves', () => weights() === '10');
  east.set('shop', { pods: 2 });
  await until('it is found', () => {
    passSeconds(31);
    return weights() === '20';
  });
  expect(await differences()).toBe(1);
});
