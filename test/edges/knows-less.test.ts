// A controller that starts and knows less than what is published changes nothing of it.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Controller } from '../../src/controller.ts';
import { encodeUpstream } from '../../src/edges/document.ts';
import { openMemoryStore, type MemoryStore } from '../../src/edges/memory.ts';
import { isHeld, isRefusal } from '../../src/edges/store.ts';
import { openVmFile } from '../../src/inventory/vms-file.ts';
import { tellVms } from '../../src/inventory/vms-told.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { controllerInMemory, POLICY } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';

let store: MemoryStore;
let metrics: Metrics;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  store = openMemoryStore(systemClock.now);
  metrics = createMetrics();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
});

async function publish(bodies: Readonly<Record<string, string>>): Promise<void> {
  const taken = await store.take('before', 'b:1', 60_000);
  if (isHeld(taken)) throw new Error('held');
  const lease = await store.takeTerm(taken, 'b:1', 60_000, 70_000);
  if (isRefusal(lease)) throw new Error(lease.refused);
  await store.seed(lease, []);
  const puts = Object.entries(bodies).map(
    ([app, body]) => ({ app, body, owner: 'controller' }) as const,
  );
  const done = await store.commit(lease, { puts, history: [] });
  if (isRefusal(done)) throw new Error(done.refused);
  await store.release(lease);
}

/** Reads a file of VMs that is not there. */
function start(): Controller {
  const told = [{ name: 'told', vms: [{ address: '10.9.0.9:80' }] }];
  const { controller } = controllerInMemory({
    store,
    metrics,
    vms: joinVms([tellVms(told), openVmFile('/nowhere/vms.yaml', systemClock)]),
    told: new Map([['told', { app: 'told', policy: POLICY }]]),
  });
  running = controller.run(stop.signal);
  return controller;
}

test('VMs whose file was never read, and a body that cannot be read, stay as published', async () => {
  const vm = { address: '10.9.0.1:80', from: 'vm', weight: 7 } as const;
  const before = {
    shop: encodeUpstream({ app: 'shop', policy: POLICY, servers: [vm] }),
    later: '{"app":"later","later":1}',
    constructor: encodeUpstream({ app: 'constructor', policy: POLICY, servers: [vm] }),
  };
  await publish(before);
  const controller = start();
  // What it does know is published, so it has looked at all of them.
  await until('told is published', async () => controller.published()?.app('told'));
  const { documents } = await store.read();
  for (const [app, body] of Object.entries(before)) expect(documents.get(app)?.body).toBe(body);
  expect(controller.facts('shop')?.reason?.code).toBe('unseen');
  expect(controller.facts('shop')?.inventory.vmsReason?.code).toBe('vms-unread');
  expect(controller.facts('later')?.reason?.code).toBe('unreadable');
  expect(controller.apps()).toContain('later');
  const gauge = await metrics.unreadableDocuments.get();
  expect(gauge.values[0]?.value).toBe(1);
});
