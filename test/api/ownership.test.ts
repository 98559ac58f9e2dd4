// Apps and clusters that nobody names any more, and those of an edge's endpoint: a person's words.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { encodeUpstream } from '../../src/edges/document.ts';
import { openMemoryStore, type MemoryStore } from '../../src/edges/memory.ts';
import { isHeld, isRefusal } from '../../src/edges/store.ts';
import type { Server } from '../../src/model.ts';
import { until } from '../controlplane/until.ts';
import { POLICY } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const SERVERS = [{ address: '10.9.9.9:80', from: 'old', weight: 30 }];

/** A store in which a leader before this one, or an endpoint, has left something. */
async function left(
  owner: 'controller' | 'endpoint',
  app: string,
  servers: readonly Server[] = SERVERS,
  hosts: readonly string[] = [],
): Promise<MemoryStore> {
  const store = openMemoryStore(() => 0);
  const taken = await store.take('before', 'nowhere', 1);
  if (isHeld(taken)) throw new Error('held');
  const lease = await store.takeTerm(taken, 'nowhere', 1, 65536);
  if (isRefusal(lease)) throw new Error(lease.refused);
  await store.seed(lease, []);
  const body = encodeUpstream({ app, policy: POLICY, servers, ...(hosts.length > 0 && { hosts }) });
  await store.commit(lease, { puts: [{ app, owner, body }], history: [] });
  await store.release(lease);
  return store;
}

async function leads(own: Parameters<typeof openApi>[0]) {
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  const opened = await openApi({ clusters: [east], ...own });
  await until('it leads', () => opened.controller.leader().leading);
  return { east, ...opened };
}

test('an app that a host was renamed from gives it up, in the commit that deletes it', async () => {
  const store = await left('controller', 'shop', SERVERS, ['shop.example.com']);
  const { east, call, controller } = await leads({ store });
  east.set('store', { pods: 1, hosts: ['shop.example.com'] });
  await until('the new one waits for the host', async () => {
    return (await call('GET', '/api/v1/apps/store')).json.refused?.code === 'host-conflict';
  });
  expect((await call('GET', '/api/v1/apps/shop')).json.refused.code).toBe('orphaned');
  const unsure = await call('DELETE', '/api/v1/apps/shop?confirm=store');
  expect([unsure.status, unsure.json.code]).toEqual([400, 'confirm-missing']);
  const { status, json } = await call('DELETE', '/api/v1/apps/shop?confirm=shop');
  expect(status).toBe(200);
  const published = controller.published();
  expect(published?.hostOwner('shop.example.com')).toBe('store');
  expect(published?.app('store')?.stamp.version).toBe(json.version);
  expect(published?.app('shop')).toBeUndefined();
  expect((await call('GET', '/api/v1/apps/shop')).status).toBe(404);
});

test('an app that is named is not deleted', async () => {
  const { east, call } = await leads({});
  east.set('shop', { pods: 1 });
  await until(
    'it is there',
    async () => (await call('GET', '/api/v1/upstreams/shop')).status === 200,
  );
  const { status, json } = await call('DELETE', '/api/v1/apps/shop?confirm=shop');
  expect([status, json.code]).toEqual([409, 'still-named']);
  expect((await call('DELETE', '/api/v1/apps/gone?confirm=gone')).status).toBe(404);
});

test('while a cluster is not seen, nothing is known to be an orphan', async () => {
  const store = await left('controller', 'shop');
  const west = new MemoryCluster('west', { state: 'unseen' });
  const { call } = await leads({ store, clusters: [west] });
  const { json } = await call('DELETE', '/api/v1/apps/shop?confirm=shop');
  expect([json.code, json.detail]).toEqual([
    'still-named',
    expect.stringContaining('not seen yet'),
  ]);
});

test('an endpoint’s app is adopted with the weights of the rule, or deleted where nobody names it', async () => {
  const store = await left('endpoint', 'shop');
  const { east, call, controller } = await leads({ store });
  const owner = () => controller.published()?.app('shop')?.owner;
  expect(owner()).toBe('endpoint');
  east.set('shop', { pods: 4 });
  await until('it waits for a person', async () => {
    return (await call('GET', '/api/v1/apps/shop')).json.refused?.code === 'owned-by-endpoint';
  });
  expect((await call('POST', '/api/v1/apps/shop/adopt')).status).toBe(201);
  expect(owner()).toBe('controller');
  const servers = controller.published()?.app('shop')?.upstream.servers;
  expect(servers).toContainEqual({ address: '10.1.0.1:80', from: 'east', weight: 40 });
  const again = await call('POST', '/api/v1/apps/shop/adopt');
  expect([again.status, again.json.code]).toEqual([409, 'not-adoptable']);

  const other = await leads({ store: await left('endpoint', 'news') });
  expect((await other.call('DELETE', '/api/v1/apps/news?confirm=news')).status).toBe(200);
  expect(other.controller.published()?.app('news')).toBeUndefined();
});

test('a hold says which apps it cannot hold: an endpoint’s go on', async () => {
  const { call, controller } = await leads({ store: await left('endpoint', 'legacy') });
  const drain = { kind: 'drain', cluster: 'old', why: 'x' };
  const dry = await call('POST', '/api/v1/holds?dryRun=true', drain);
  expect(dry.json).toMatchObject({ items: [], unheld: ['legacy'] });
  expect((await call('POST', '/api/v1/holds', drain)).json.unheld).toEqual(['legacy']);
  expect(controller.published()?.app('legacy')?.upstream.servers).toEqual(SERVERS);
});

test('a removed cluster is drained, also of orphans, and then deleted', async () => {
  const servers = [...SERVERS, { address: '10.1.0.1:80', from: 'east', weight: 10 }];
  const store = await left('controller', 'shop', servers);
  const { call, controller } = await leads({ store });
  const weights = () =>
    controller
      .published()
      ?.app('shop')
      ?.upstream.servers.map(({ weight }) => weight);
  const busy = await call('DELETE', '/api/v1/clusters/old?confirm=old');
  expect([busy.status, busy.json.code]).toEqual([409, 'still-serving']);
  expect((await call('DELETE', '/api/v1/clusters/east?confirm=east')).json.code).toBe(
    'still-named',
  );
  const drain = { kind: 'drain', cluster: 'old', why: 'given up' };
  expect((await call('POST', '/api/v1/holds', drain)).status).toBe(201);
  expect(weights()).toEqual([10, 0]);
  const { status } = await call('DELETE', '/api/v1/clusters/old?confirm=old');
  expect([status, weights()]).toEqual([200, [10]]);
  const gone = await call('DELETE', '/api/v1/clusters/old?confirm=old');
  expect([gone.status, gone.json.code]).toEqual([404, 'cluster-unknown']);
});
