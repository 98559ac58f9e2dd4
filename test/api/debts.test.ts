// Debts through the API, over a whole controller in memory: what a migration left in east is drained there
// until it is settled.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { markMoved, oweForJob } from '../../src/words/of-debts.ts';
import { until } from '../controlplane/until.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { accessBy, listText, tokenOf, writeList } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };
const ID = 'move-1.shop';
const PATH = `/api/v1/migrations/debts/${ID}`;

/** East is back, with what was moved to west while it was away. */
async function start(more: Parameters<typeof openApi>[1] = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const cluster of [east, west]) cluster.set('shop', { pods: 4 });
  const objects = new MemoryObjects('east');
  objects.onReady = (_, pods) => east.set('shop', { pods });
  const { name, namespace, ...type } = SHOP;
  objects.applyAs('kubectl', { ...type, metadata: { name, namespace }, spec: { replicas: 4 } });
  const uid = String(objects.look(SHOP)?.metadata['uid']);
  const opened = await openApi(
    { clusters: [east, west], objects: new Map([['east', objects]]) },
    more,
  );
  const { controller } = opened;
  await until('it leads', () => controller.published()?.app('shop')?.upstream.servers.length === 2);
  const owed = { app: 'shop', cluster: 'east', objects: [{ ...SHOP, uid }], why: 'it was away' };
  const owe = () => controller.say(oweForJob({ ...owed, job: 'move-1', who: 'ann' }));
  await owe();
  await opened.jobs.confirmEdges('ann', ['edge-1']);
  return { ...opened, objects, owe };
}

test('as long as it is owed the source is drained, and nobody lifts that', async () => {
  const { call, weights, owe } = await start();
  expect(weights()).toBe('0 of 40, 40');
  await owe();
  const { items } = (await call('GET', '/api/v1/migrations/debts')).json;
  expect(items).toMatchObject([
    { id: ID, app: 'shop', cluster: 'east', job: 'move-1', objects: 1, clusterState: 'fresh' },
  ]);
  const [hold] = (await call('GET', '/api/v1/holds')).json.items;
  expect(hold).toMatchObject({ id: `${ID}.owed`, kind: 'drain', debt: ID });
  expect(hold.forgotten).toBeUndefined();
  expect(await call('DELETE', `/api/v1/holds/${hold.id}`)).toMatchObject({
    status: 409,
    json: { code: 'hold-of-debt' },
  });
});

test('consent: looked at, then deleted by a job, and the drain ends', async () => {
  const { call, objects, weights } = await start();
  const seen = await call('GET', PATH);
  expect(seen).toMatchObject({ status: 200, json: { objects: [{ ...SHOP, state: 'there' }] } });
  const other = await call('POST', `${PATH}/consent`, { digest: 'other' });
  expect(other).toMatchObject({ status: 409, json: { code: 'plan-moved' } });
  const { digest } = seen.json;
  const begun = await call('POST', `${PATH}/consent`, { digest });
  expect(begun).toMatchObject({ status: 201, json: { kind: 'debt', apps: ['shop'] } });
  await until('it is done', async () => {
    const { json } = await call('GET', `/api/v1/jobs/${begun.json.id}`);
    if (json.state !== 'Done') throw new Error(`${json.state} ${json.why}`);
    return true;
  });
  expect(objects.look(SHOP)).toBeUndefined();
  expect((await call('GET', '/api/v1/migrations/debts')).json.items).toEqual([]);
  expect((await call('GET', '/api/v1/holds')).json.items).toEqual([]);
  await until('east has left', () => weights() === '40');
  const { items } = (await call('GET', '/api/v1/audit?limit=50')).json;
  const texts = items.map(({ text }: { text: string }) => text).join('\n');
  expect(texts).toContain('deleted Deployment prod/shop in east');
  expect(texts).toContain(`settle ${ID}: it is gone there`);
});

test('one job at a time; what does not answer is not consented to', async () => {
  const { call, objects } = await start();
  const { digest } = (await call('GET', PATH)).json;
  objects.down = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  expect((await call('GET', PATH)).json.objects[0]).toMatchObject({ state: 'unread' });
  expect(await call('POST', `${PATH}/consent`, { digest })).toMatchObject({
    status: 422,
    json: { code: 'plan-invalid' },
  });
  objects.down = undefined;
  objects.remove = () => new Promise(() => undefined);
  await call('POST', `${PATH}/consent`, { digest });
  expect(await call('POST', `${PATH}/consent`, { digest })).toMatchObject({
    status: 409,
    json: { code: 'app-locked' },
  });
});

test('a person settles it: shown first, by the cluster’s name, and nothing is deleted', async () => {
  const { call, objects, weights } = await start();
  const why = 'the machines are sold';
  const dry = await call('POST', `${PATH}/settle?dryRun=true`, { why });
  expect(dry.json.items[0].after).toMatchObject([{ weight: 40 }, { weight: 40 }]);
  expect((await call('POST', `${PATH}/settle`, { why })).json.code).toBe('confirm-missing');
  const said = await call('POST', `${PATH}/settle`, { why, confirm: 'east' });
  expect(said.status).toBe(201);
  expect(weights()).toBe('40, 40');
  expect(objects.look(SHOP)).toBeDefined();
  for (const path of ['', '/consent', '/settle']) {
    const body = path === '/consent' ? { digest: 'x' } : { why };
    const gone = path === '' ? await call('GET', PATH) : await call('POST', PATH + path, body);
    expect(gone).toMatchObject({ status: 404, json: { code: 'debt-unknown' } });
  }
});

test('who sees not the app sees no debt; a migrator settles those of his apps and clusters', async () => {
  const list = await writeList(
    listText({
      shop: { roles: ['migrator'], apps: ['shop'] },
      news: { roles: ['migrator'], apps: ['news'] },
      west: { roles: ['migrator'], clusters: ['west'] },
    }),
  );
  try {
    const { call } = await start({ access: accessBy({ tokens: list.tokens }) });
    const as = (name: string, method: 'GET' | 'POST', url: string, body?: object) =>
      call(method, url, body, { authorization: `Bearer ${tokenOf(name)}` });
    const listed = async (name: string) =>
      (await as(name, 'GET', '/api/v1/migrations/debts')).json.items.length;
    expect([await listed('shop'), await listed('news')]).toEqual([1, 0]);
    expect((await as('news', 'GET', PATH)).json.code).toBe('debt-unknown');
    for (const url of [PATH, `${PATH}/consent`, `${PATH}/settle`]) {
      const method = url === PATH ? 'GET' : 'POST';
      const body = { consent: { digest: 'x' }, settle: { why: 'x' } }[url.split('/').at(-1) ?? ''];
      expect((await as('west', method, url, body)).json.code).toBe('out-of-scope');
    }
    expect((await as('shop', 'GET', PATH)).status).toBe(200);
  } finally {
    await list.remove();
  }
});

test('a mark of what moved away stands where an edge that starts is given it', async () => {
  const { controller, api } = await start();
  const mark = { app: 'shop', namespace: 'prod', from: 'east', to: 'west', job: 'move-1' };
  const word = markMoved('ann', mark);
  await controller.say(word);
  await controller.say(word);
  expect(controller.published()?.held.moved).toMatchObject([mark]);
  const { documents } = (await api.inject('/api/v1/documents?apps=_holds')).json();
  const holds = documents.find(({ app }: { app: string }) => app === '_holds');
  expect(JSON.parse(holds.body)).toMatchObject({ moved: [mark], debts: [{ id: ID }] });
});
