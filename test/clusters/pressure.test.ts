// Redis and edges that say nothing hold up no watch: what they missed comes as one, the latest state.

import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { startCourier } from '../../src/edges/courier.ts';
import type { EdgeLink, Push } from '../../src/edges/edge-link.ts';
import { type MemoryStore, openMemoryStore } from '../../src/edges/memory.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';
import { eventually, watchCluster } from './watched-cluster.ts';

/** Calls of one kind are answered once the gate is open. */
function hangingStore(call: 'commit' | 'renew') {
  const store = openMemoryStore(systemClock.now);
  const gate = Promise.withResolvers<void>();
  const state = { hangs: false, waiting: 0, commits: 0 };
  const wait = async (): Promise<void> => {
    if (!state.hangs) return;
    state.waiting += 1;
    await gate.promise;
  };
  const hanging: MemoryStore = {
    ...store,
    async commit(...told) {
      state.commits += 1;
      if (call === 'commit') await wait();
      return store.commit(...told);
    },
    async renew(...told) {
      if (call === 'renew') await wait();
      return store.renew(...told);
    },
  };
  const open = (): void => {
    state.hangs = false;
    gate.resolve();
  };
  return { store: hanging, state, open };
}

/** An edge that takes a push and says nothing. */
function silentEdge() {
  const got: Push[] = [];
  const push = (one: Push): Promise<never> => {
    got.push(one);
    return new Promise(() => undefined);
  };
  const link = { name: 'edge-1', push } as unknown as EdgeLink;
  const nothing = (): void => undefined;
  const events = {
    onTermOver: nothing,
    onState: nothing,
    onRefused: nothing,
    onReach: nothing,
    onPushed: nothing,
  };
  return { link, got, events };
}

test.each(['commit', 'renew'] as const)(
  'while a %s and an edge hang, the counts are those of the cluster',
  async (call) => {
    const { simulated, reader, close } = await watchCluster();
    onTestFinished(close);
    const { store, state, open } = hangingStore(call);
    const edge = silentEdge();
    const stop = new AbortController();
    const courier = startCourier(edge.link, systemClock, edge.events, stop.signal);
    const { controller } = controllerInMemory({
      clusters: [reader],
      store,
      leaseMs: 600_000,
      push: (push) => courier.send(push),
    });
    const ended = controller.run(stop.signal);
    onTestFinished(async () => {
      open();
      stop.abort();
      await ended;
    });
    const weight = () => controller.published()?.app('shop')?.upstream.servers[0]?.weight;
    await until('it serves', () => weight() === 35);

    state.hangs = true;
    simulated.scale('shop', 8);
    await until('it hangs', () => state.waiting > 0);
    const before = state.commits;
    for (const pods of [9, 14, 20, 12]) {
      simulated.scale('shop', pods);
      await eventually(() => expect(reader.footprint('shop').pods).toBe(pods));
    }
    expect(reader.status().state).toBe('fresh');
    open();
    await until('the latest is published', () => weight() === 60);
    // What came between was never written.
    expect(state.commits - before).toBeLessThanOrEqual(1);
    expect(edge.got).toHaveLength(1);
  },
);
