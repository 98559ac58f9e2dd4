// Other apps are looked for in a cluster that is followed already: what is new is opened, what is not wanted
// any more is closed, and all else goes on.

import { expect, type TestContext, test } from 'vitest';
import type { AppSource } from '../../src/clusters/cluster.ts';
import { eventually, watchCluster } from './watched-cluster.ts';

const serviceLabel = 'ballast.io/app';

function labelled(app: string, service: string): AppSource {
  return { app, services: [], pods: [{ namespace: 'prod', selector: `app=${service}` }] };
}

async function open(context: TestContext, told: readonly AppSource[] = []) {
  const watched = await watchCluster({ sources: { told, serviceLabel } }, (simulated) =>
    simulated.setApp({ name: 'cart', pods: 3 }),
  );
  context.onTestFinished(() => watched.close());
  const { reader, simulated } = watched;
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  await eventually(() => expect(simulated.api.openWatches('pods')).toBe(1 + told.length));
  const asked = simulated.api.requests.length;
  const states = new Set<string>();
  reader.onDirty(() => states.add(reader.status().state));
  const since = () => simulated.api.requests.slice(asked);
  const lookFor = (now: readonly AppSource[]) => reader.lookFor({ told: now, serviceLabel });
  return { ...watched, since, states, lookFor };
}

test.concurrent('pods by label come and go, and nothing else is asked for', async (context) => {
  const stays = labelled('stays', 'shop');
  const watched = await open(context, [stays]);
  const { reader, simulated, lookFor, states, since } = watched;
  const relists = reader.status().relists;
  expect(lookFor([stays, labelled('comes', 'cart')])).toBe(true);
  await eventually(() => expect(reader.footprint('comes').pods).toBe(3));
  expect(reader.footprint('stays').pods).toBe(7);
  simulated.scale('cart', 5);
  await eventually(() => expect(reader.footprint('comes').pods).toBe(5));
  expect(lookFor([labelled('comes', 'cart')])).toBe(true);
  await eventually(() => expect(simulated.api.openWatches('pods')).toBe(2));
  expect(reader.apps().has('stays')).toBe(false);
  expect(reader.footprint('comes').pods).toBe(5);
  // And again: nothing of before is left.
  simulated.scale('shop', 2);
  expect(lookFor([stays])).toBe(true);
  await eventually(() => expect(reader.footprint('stays').pods).toBe(2));
  expect([...states]).toEqual(['fresh']);
  expect(reader.status().relists).toBe(relists);
  expect([...new Set(since().map(({ query }) => query.get('labelSelector')))]).toEqual([
    'app=cart',
    'app=shop',
  ]);
});

test.concurrent('until its pods are listed an app is not known, and all others are', async (context) => {
  const { reader, simulated, lookFor } = await open(context);
  const fault = { kind: 'hang', resources: ['pods'] } as const;
  const { clear } = await simulated.api.fault(fault);
  lookFor([labelled('comes', 'cart')]);
  expect(reader.status().state).toBe('fresh');
  expect(reader.footprint('comes').reason).toEqual({
    code: 'pods-unread',
    text: 'pods of prod (app=cart) are not listed yet',
  });
  expect(reader.footprint('shop')).toMatchObject({ pods: 7 });
  expect(reader.footprint('shop').reason).toBeUndefined();
  await clear();
  await eventually(() => expect(reader.footprint('comes')).toMatchObject({ pods: 3 }));
  await eventually(() => expect(reader.footprint('comes').reason?.code).toBe('not-routed'));
});

test.concurrent('by Service: discovered, told and discovered again, without a call', async (context) => {
  const { reader, since, lookFor } = await open(context);
  const prod = (name: string) => ({ namespace: 'prod', name });
  lookFor([{ app: 'shop', services: [prod('shop'), prod('cart')] }]);
  expect(reader.footprint('shop').pods).toBe(10);
  expect([...reader.apps()].filter((app) => app === 'shop')).toHaveLength(1);
  lookFor([{ app: 'both', services: [prod('shop'), prod('cart')] }]);
  expect(reader.footprint('both').pods).toBe(10);
  expect(reader.footprint('shop').pods).toBe(7);
  lookFor([]);
  expect(reader.apps().has('both')).toBe(false);
  expect(since()).toEqual([]);
});

test.concurrent('another label: it has to be opened anew', async (context) => {
  const { reader } = await open(context);
  expect(reader.lookFor({ told: [], serviceLabel: 'example.com/app' })).toBe(false);
  expect(reader.footprint('shop').pods).toBe(7);
});
