// The shortest lease that can be configured, beside a controller that waits for it to be over.

import { expect, onTestFinished, test } from 'vitest';
import type { EdgeLink } from '../../src/edges/edge-link.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { isHeld } from '../../src/edges/store.ts';
import { takeTerm } from '../../src/edges/term.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';
import { fastClock } from '../jobs/fast-clock.ts';

const LEASE_MS = 1000;

test('who leads keeps it, and the other stands by', async () => {
  const clock = fastClock(10);
  const memory = openMemoryStore(clock.now);
  const renewed: number[] = [];
  const store = {
    ...memory,
    async renew(...told: Parameters<typeof memory.renew>) {
      renewed.push(clock.now());
      return memory.renew(...told);
    },
  };
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const start = (holder: string) => {
    const { controller } = controllerInMemory({ store, clock, holder, leaseMs: LEASE_MS });
    running.push(controller.run(stop.signal));
    return controller;
  };
  onTestFinished(async () => {
    stop.abort();
    await Promise.all(running);
  });
  const first = start('one');
  await until('one leads', () => first.leader().leading);
  const { term } = first.leader();
  const second = start('two');
  await until(
    'many leases are over',
    () => (renewed.at(-1) ?? 0) > (renewed[0] ?? 0) + 20 * LEASE_MS,
  );
  expect([first.leader(), second.leader().leading]).toMatchObject([{ leading: true, term }, false]);
  const gaps = renewed.slice(1).map((at, index) => at - (renewed[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(LEASE_MS / 2);
});

test('an edge that takes two seconds to answer costs nobody the lease that gathers', async () => {
  let now = 0;
  const store = openMemoryStore(() => now);
  const stop = new AbortController();
  const heldThen: boolean[] = [];
  const slow = {
    name: 'edge-1',
    async gather() {
      now += 2000;
      heldThen.push(isHeld(await store.take('two', 'two:1', LEASE_MS)));
      if (heldThen.length === 2) stop.abort();
      return { failed: 'no answer in time' };
    },
  } as unknown as EdgeLink;
  const options = {
    store,
    links: [slow],
    edges: ['edge-1'],
    holder: 'one',
    address: 'one:1',
    leaseMs: LEASE_MS,
    clock: { now: () => now, sleep: async (ms: number) => void (now += ms) },
    random: () => 0.5,
    onContents: () => undefined,
    onPhase: () => undefined,
  };
  expect(await takeTerm(options, 0, stop.signal)).toEqual({ failed: 'stopped' });
  expect(heldThen).toEqual([true, true]);
});
