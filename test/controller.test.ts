import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { MemoryCluster } from '../src/clusters/memory.ts';
import { digestOf } from '../src/edges/digest.ts';
import { encodeUpstream } from '../src/edges/document.ts';
import { openMemoryStore } from '../src/edges/memory.ts';
import { isHeld, isRefusal } from '../src/edges/store.ts';
import { controllerInMemory, POLICY } from './api/memory-controller.ts';
import { until } from './controlplane/until.ts';

const stop = new AbortController();
afterEach(() => stop.abort());

async function publish(store: ReturnType<typeof openMemoryStore>): Promise<void> {
  const servers = [{ address: '10.0.0.1:80', weight: 80, from: 'east' }];
  const body = encodeUpstream({ app: 'shop', servers, policy: POLICY });
  const taken = await store.take('earlier', 'earlier:1', 60_000);
  if (isHeld(taken)) throw new Error('held');
  const lease = await store.takeTerm(taken, 'earlier:1', 60_000, 70_000);
  if (isRefusal(lease)) throw new Error(lease.refused);
  const stamp = { term: 1, version: 1 };
  const shop = { app: 'shop', stamp, owner: 'controller', digest: digestOf(body), body } as const;
  await store.seed(lease, [shop]);
  await store.release(lease);
}

test('a short list that came before it was known what is published is doubted all the same', async () => {
  const store = openMemoryStore(systemClock.now);
  await publish(store);
  store.setUp(false);
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'n1', address: '10.0.0.1:80' }]);
  east.set('shop', { pods: 0 });
  const listed = systemClock.now();
  east.setLooks({ changedAt: listed, since: listed });
  const { controller } = controllerInMemory({ clusters: [east], store, secondLookMs: 60_000 });
  void controller.run(stop.signal);
  await until('it has looked, and knows nothing of Redis', () => controller.facts('shop'));
  store.setUp(true);
  await until('it leads', () => controller.leader().leading);
  const word = () => controller.facts('shop')?.weighed?.reasons.get('east')?.code;
  await until('it has looked again', () => word() === 'second-look');
  expect(controller.published()?.app('shop')?.upstream.servers).toHaveLength(1);
});
