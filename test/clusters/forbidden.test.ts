// A right that is missing in one namespace: what that namespace says is unknown, so its apps keep their
// last counts with a reason that names the right; other namespaces go on.

import { expect, type TestContext, test } from 'vitest';
import { openMemoryStore, type MemoryStore } from '../../src/edges/memory.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import type { Fault } from '../simulated/faults.ts';
import { eventually, type WatchedOptions, watchCluster } from './watched-cluster.ts';

const SETTINGS = { namespaces: ['prod', 'side'] };

function forbidden(resource: string, ...namespaces: string[]): Fault {
  return { kind: 'status', code: 403, resources: [resource], namespaces };
}

/** `shop` has 7 pods in `prod`, `desk` has 4 in `side`; a controller publishes both. */
async function open(
  context: TestContext,
  { fault, store, ...options }: WatchedOptions & { fault?: Fault; store?: MemoryStore } = {},
) {
  const watched = await watchCluster({ settings: SETTINGS, ...options }, (simulated) => {
    simulated.setApp({ name: 'desk', namespace: 'side', pods: 4, hosts: ['desk.example.com'] });
    simulated.setApp({ name: 'lost', namespace: 'prod', pods: 2 });
    return fault && simulated.api.fault(fault);
  });
  const { controller, store: used } = controllerInMemory({
    clusters: [watched.reader],
    store: store ?? openMemoryStore(() => performance.now()),
  });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  context.onTestFinished(async () => {
    await end();
    await watched.close();
  });
  const weights = (app: string) =>
    controller
      .published()
      ?.app(app)
      ?.upstream.servers.map(({ weight }) => weight);
  const reason = (app: string) => controller.facts(app)?.inventory.clusters[0]?.reason;
  const publishes = (app: string, weight: number) =>
    eventually(() => expect(weights(app)).toEqual([weight, weight]));
  return { ...watched, controller, store: used, end, weights, reason, publishes };
}

test.for(['services', 'endpointslices'])('%s of one namespace', async (resource, context) => {
  const { simulated, reader, ...seen } = await open(context);
  await seen.publishes('shop', 35);
  await seen.publishes('desk', 20);
  const { clear } = await simulated.api.fault(forbidden(resource, 'side'));
  reader.relist();
  await eventually(() => expect(reader.status().unread).toEqual(['side']));
  expect(reader.status()).toMatchObject({ state: 'fresh' });
  expect(reader.status().reason).toMatch(
    new RegExp(`^not read: HTTP 403 on ${resource} of side since`),
  );
  simulated.scale('desk', 2, 'side');
  simulated.scale('shop', 9);
  await seen.publishes('shop', 45);
  expect(seen.weights('desk')).toEqual([20, 20]);
  await eventually(() =>
    expect(seen.reason('desk')).toEqual({
      code: 'namespace-unread',
      text: `${resource} of side cannot be read: HTTP 403, the right to list and watch them is missing`,
    }),
  );
  simulated.removeApp('lost');
  await eventually(() => expect(reader.footprint('lost').pods).toBe(0));
  expect(seen.reason('shop')).toBeUndefined();
  await clear();
  await seen.publishes('desk', 10);
  expect(reader.status().unread).toBeUndefined();
  await eventually(() => expect(seen.reason('desk')).toBeUndefined());
});

test('of every namespace: the cluster is stale, not empty', async (context) => {
  const { simulated, reader, ...seen } = await open(context);
  await seen.publishes('desk', 20);
  const { clear } = await simulated.api.fault(forbidden('services', 'prod', 'side'));
  reader.relist();
  await eventually(() => expect(reader.status().state).toBe('stale'));
  expect(reader.status().reason).toMatch(/^HTTP 403 on services of prod, services of side since/);
  expect(seen.weights('shop')).toEqual([35, 35]);
  await clear();
  await eventually(() => expect(reader.status().state).toBe('fresh'));
});

test('from the start: what is published from there stays, and is no orphan', async (context) => {
  const first = await open(context);
  for (const [app, weight] of [
    ['shop', 35],
    ['desk', 20],
  ] as const)
    await first.publishes(app, weight);
  await first.end();
  const { store } = first;
  const { simulated, reader, ...seen } = await open(context, {
    store,
    fault: forbidden('services', 'side'),
  });
  await eventually(() => expect(reader.status().unread).toEqual(['side']));
  simulated.scale('shop', 9);
  await seen.publishes('shop', 45);
  await eventually(() => expect(seen.reason('desk')?.code).toBe('namespace-unread'));
  expect(seen.reason('desk')?.text).toMatch(/^desk may be in side of east/);
  expect([seen.weights('desk'), seen.controller.standing('desk')]).toEqual([[20, 20], 'unseen']);
});

test('of one ingresses: elsewhere a missing route still proves that there is none', async (context) => {
  const fault = forbidden('ingresses', 'side');
  const { simulated, reader } = await open(context, { fault });
  simulated.setApp({ name: 'bare', namespace: 'prod', pods: 3, hosts: [] });
  simulated.setApp({ name: 'bare-too', namespace: 'side', pods: 3, hosts: [] });
  await eventually(() => {
    expect(reader.footprint('bare')).toMatchObject({ pods: 3, routed: false });
    expect(reader.footprint('bare-too')).toMatchObject({ pods: 3, routed: 'unchecked' });
  });
});
