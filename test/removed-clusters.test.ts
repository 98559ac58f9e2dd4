// A whole controller from whose sources a cluster goes, and to which it comes back.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../src/clusters/memory.ts';
import { followRemoved } from '../src/removed-clusters.ts';
import { controllerInMemory } from './api/memory-controller.ts';
import { jumpingClock } from './api/jumping-clock.ts';
import { until } from './controlplane/until.ts';

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

function cluster(name: string, subnet: number, pods: Readonly<Record<string, number>>) {
  const made = new MemoryCluster(name);
  made.setNodes([{ name: `${name}-1`, address: `10.${subnet}.0.1:80` }]);
  for (const [app, count] of Object.entries(pods)) made.set(app, { pods: count });
  return made;
}

/** `shop` in both, `only` in west alone. */
function start() {
  const east = cluster('east', 1, { shop: 4 });
  const west = cluster('west', 2, { shop: 4, only: 2 });
  const readers = [east, west];
  const { clock, leaseMs, passSeconds } = jumpingClock();
  const begun = clock.now();
  const wall = () => new Date(clock.now() - begun);
  const { controller } = controllerInMemory({ clusters: readers, clock, leaseMs, wall });
  const trouble: string[] = [];
  let looks = 0;
  const stop = new AbortController();
  const parts = {
    controller,
    clock,
    rule: () => ({ afterSeconds: 600, rampSeconds: 100 }),
    sources: () => {
      looks += 1;
      return [{ source: 'clusters', clusters: [], trouble }];
    },
    answered: () => true,
  };
  const running = [controller.run(stop.signal), followRemoved(parts, stop.signal)];
  ending.push(async () => {
    stop.abort();
    await Promise.all(running);
  });
  const weights = (app: string) => {
    const { servers = [] } = controller.published()?.app(app)?.upstream ?? {};
    return servers.map(({ from, weight }) => `${from}=${weight}`).join(' ');
  };
  const holds = () => controller.published()?.held.holds.map(({ id }) => id) ?? [];
  const become = (app: string, wanted: string) =>
    until(`${app} has ${wanted}`, () => {
      if (weights(app) !== wanted) throw new Error(weights(app));
      return true;
    });
  const leave = () => void readers.splice(1, 1);
  const missed = () => controller.clusters().some(({ state }) => state === 'stale');
  const look = async (): Promise<void> => {
    const before = looks;
    await until('it looks again', () => looks > before + 1);
  };
  return { look, west, readers, passSeconds, weights, holds, become, leave, missed, trouble };
}

test('drained step by step where the guard lets it, and back when it is named again', async () => {
  const { west, readers, passSeconds, weights, holds, become, leave, missed } = start();
  await become('shop', 'east=40 west=40');
  await become('only', 'west=20');
  leave();
  await until('it is missed', () => missed());
  passSeconds(700);
  await until('it is held', () => holds().includes('removed-west'));
  expect(weights('shop')).toBe('east=40 west=40');
  passSeconds(50);
  await become('shop', 'east=40 west=20');
  passSeconds(60);
  await become('shop', 'east=40 west=0');
  // Its last server: the guard’s word on this app alone.
  expect(weights('only')).toBe('west=10');
  readers.push(west);
  await until('the drain is lifted', () => holds().length === 0);
  await become('shop', 'east=40 west=40');
  await become('only', 'west=20');
});

test('nothing moves while a source is in trouble', async () => {
  const { look, passSeconds, holds, become, leave, trouble, weights } = start();
  await become('shop', 'east=40 west=40');
  trouble.push('the home cluster does not answer');
  leave();
  for (let pass = 0; pass < 3; pass += 1) {
    passSeconds(700);
    await look();
  }
  expect([holds(), weights('shop')]).toEqual([[], 'east=40 west=40']);
  trouble.length = 0;
  await until('it is drained after all', () => holds().includes('removed-west'));
});
