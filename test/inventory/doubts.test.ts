// The second look, through the control loop: asked for when it is time, counted, and believed then.

import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';

const SECOND_LOOK_MS = 300;

async function run() {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  const metrics = createMetrics();
  for (const [index, cluster] of [east, west].entries()) {
    cluster.setNodes([{ name: 'n', address: `10.0.${index}.1:80` }]);
    cluster.set('shop', { pods: 10, hosts: ['shop.example.com'] });
  }
  const own = { clusters: [east, west], metrics, secondLookMs: SECOND_LOOK_MS };
  const { controller } = controllerInMemory(own);
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  const weights = () =>
    controller
      .published()
      ?.app('shop')
      ?.upstream.servers.map(({ weight }) => weight)
      .join();
  await until('both are published', () => weights() === '100,100');
  const asked = async () =>
    (await metrics.secondLooks.get()).values.map(({ labels, value }) => [labels.cluster, value]);
  return { east, west, controller, weights, asked };
}

test('a list that shows nothing: others go on, a second list is asked for once, and believed', async () => {
  const { east, west, controller, weights, asked } = await run();
  const at = systemClock.now();
  east.setLooks({ changedAt: at, since: at - 1 });
  east.set('shop', { pods: 0 });
  const countOf = () => controller.facts('shop')?.inventory.clusters[0];
  await until('it is doubted', () => countOf()?.doubt);
  west.set('shop', { pods: 20 });
  await until('the other is published', () => weights() === '100,200');
  expect(countOf()).toMatchObject({ pods: 10, reason: { code: 'second-look' } });
  await until('a second list is asked for', () => east.status().relists === 1);
  expect(systemClock.now()).toBeGreaterThanOrEqual(at + SECOND_LOOK_MS);
  expect(await asked()).toEqual([['east', 1]]);
  expect(weights()).toBe('100,200');
  east.setLooks({ changedAt: at, since: at + SECOND_LOOK_MS });
  await until('it is believed', () => weights() === '200');
  expect(east.status().relists).toBe(1);
});

test('a second list that shows the pods again ends the doubt', async () => {
  const { east, controller, weights } = await run();
  const at = systemClock.now();
  east.setLooks({ changedAt: at, since: at - 1 });
  east.set('shop', { pods: 0 });
  const countOf = () => controller.facts('shop')?.inventory.clusters[0];
  await until('it is doubted', () => countOf()?.doubt);
  await until('a second list is asked for', () => east.status().relists === 1);
  east.set('shop', { pods: 8 });
  await until('it is published', () => weights() === '80,100');
  expect(countOf()?.doubt).toBeUndefined();
});
