// The full recomputation in the background finds what nothing marked, and nothing else.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { Footprint } from '../../src/model.ts';
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

test('what was looked at in between was only early', () => {
  const { recount, pass, told } = recountOf(names(3), new Set(['app-1']));
  pass();
  recount.looked(['app-1']);
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
  asked = 0;
  override onDirty(): () => void {
    return () => undefined;
  }
  override footprint(app: string): Footprint {
    this.asked += 1;
    return super.footprint(app);
  }
}

async function startSilent() {
  const east = new SilentCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  east.set('shop', { pods: 1 });
  const { clock, leaseMs, passSeconds } = jumpingClock();
  const metrics = createMetrics();
  const opened = await openApi({ clusters: [east], clock, leaseMs, metrics });
  const differences = async () =>
    (await metrics.registry.getSingleMetric('ballast_recount_differences_total')?.get())?.values[0]
      ?.value;
  await until('it serves', () => opened.weights() === '10');
  const pass = async () => {
    const asked = east.asked;
    passSeconds(31);
    await until('it is computed anew', () => east.asked > asked);
  };
  return { east, pass, differences, ...opened };
}

test('a change that nothing marked is published after two passes, and counted', async () => {
  const { east, pass, differences, weights } = await startSilent();
  east.set('shop', { pods: 2 });
  await pass();
  await pass();
  await until('it is published', () => weights() === '20');
  expect(await differences()).toBe(1);
});

test('a change that is marked after the first pass is no difference', async () => {
  const { east, pass, differences, weights, controller } = await startSilent();
  for (const pods of [2, 3]) {
    east.set('shop', { pods });
    await pass();
    controller.mark(new Set(['shop']));
    await until('it is published', () => weights() === `${pods}0`);
  }
  // The second one stood at one pass only.
  expect(await differences()).toBe(0);
});
