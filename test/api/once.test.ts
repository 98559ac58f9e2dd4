// A POST under an Idempotency-Key is made once, whoever leads.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { BallastError } from '../../src/errors.ts';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, tokenOf, writeList } from './access.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';
import { standbyOf } from './standby.ts';

afterEach(closeAll);

const DRAIN = { kind: 'drain', app: 'shop', cluster: 'east', why: 'x' };

async function start(own: Own = {}, more: Parameters<typeof openApi>[1] = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const cluster of [east, west]) cluster.set('shop', { pods: 8 });
  const opened = await openApi({ clusters: [east, west], ...own }, more);
  const post = async (key: string, body: object, query = '') => {
    const reply = await opened.api.inject({
      method: 'POST',
      url: `/api/v1/holds${query}`,
      payload: body,
      headers: { 'idempotency-key': key },
    });
    const { 'idempotent-replayed': replayed } = reply.headers;
    return { status: reply.statusCode, json: reply.json<Record<string, unknown>>(), replayed };
  };
  const held = () => opened.controller.published()?.held.holds ?? [];
  return { ...opened, east, west, post, held };
}

const leads = (controller: Awaited<ReturnType<typeof start>>['controller']) =>
  until('it leads', () => controller.leader().leading && controller.published()?.app('shop'));

test('the same call again is answered as the first time, and made once', async () => {
  const { controller, post, held } = await start();
  await leads(controller);
  const first = await post('key-1', DRAIN);
  const again = await post('key-1', DRAIN);
  expect([first.status, first.replayed]).toEqual([201, undefined]);
  expect([again.status, again.replayed, again.json]).toEqual([201, 'true', first.json]);
  expect(held()).toHaveLength(1);
  expect((await post('key-2', DRAIN)).status).toBe(201);
  expect(held()).toHaveLength(2);
});

test('many at once are one', async () => {
  const { controller, post, held } = await start();
  await leads(controller);
  const statuses = (await Promise.all(Array.from({ length: 8 }, () => post('key', DRAIN)))).map(
    ({ status, json }) => (status === 201 ? 201 : json['code']),
  );
  expect(statuses).toContain(201);
  expect(statuses.filter((one) => one !== 201 && one !== 'key-pending')).toEqual([]);
  expect(held()).toHaveLength(1);
});

test('another body, or another query, under the same key is refused', async () => {
  const { controller, post, held } = await start();
  await leads(controller);
  await post('key', DRAIN);
  const other = await post('key', { ...DRAIN, why: 'y' });
  expect([other.status, other.json['code']]).toEqual([422, 'key-reused']);
  expect((await post('key', DRAIN, '?wait=1s')).status).toBe(422);
  expect(held()).toHaveLength(1);
});

test('what was refused, or only looked at, takes no key', async () => {
  const { controller, post, held } = await start();
  await leads(controller);
  expect((await post('key', { ...DRAIN, kind: 'pin' })).status).toBe(400);
  expect((await post('key', { ...DRAIN, app: 'shop', cluster: undefined })).json['code']).toBe(
    'would-empty',
  );
  expect((await post('key', DRAIN, '?dryRun=true')).status).toBe(200);
  expect((await post('key', DRAIN)).status).toBe(201);
  expect(held()).toHaveLength(1);
  expect((await post('k'.repeat(256), DRAIN)).status).toBe(400);
});

test('a call of which nobody knows whether it was made is not made again', async () => {
  const { store, controller, post, held } = await start();
  await leads(controller);
  const commit = store.commit.bind(store);
  store.commit = async (...args) => {
    await commit(...args);
    throw new BallastError('redis-unavailable', 'no answer');
  };
  expect((await post('key', DRAIN)).json['code']).toBe('redis-unavailable');
  store.commit = commit;
  await until('it leads again', () => controller.leader().leading && held().length === 1);
  expect((await post('key', DRAIN)).json['code']).toBe('key-pending');
  expect(held()).toHaveLength(1);
});

test('a standby passes the key on, and the next leader knows the answer', async () => {
  const first = await start();
  await leads(first.controller);
  const { own, url } = await standbyOf(first);
  const second = await start(own);
  await until('it stands by', () => second.controller.leader().address === url);
  const made = await second.post('key', DRAIN);
  const again = await second.post('key', DRAIN);
  expect([made.status, again.status, again.replayed]).toEqual([201, 201, 'true']);
  expect(again.json).toEqual(made.json);
  expect(first.held()).toHaveLength(1);
});

test('a key is its caller’s own', async () => {
  const list = await writeList(
    listText({ a: { roles: ['operator'] }, b: { roles: ['operator'] } }),
  );
  const { api, controller, held } = await start({}, { access: accessBy({ tokens: list.tokens }) });
  await leads(controller);
  for (const name of ['a', 'b']) {
    const headers = { authorization: `Bearer ${tokenOf(name)}`, 'idempotency-key': 'key' };
    const reply = await api.inject({
      method: 'POST',
      url: '/api/v1/holds',
      payload: DRAIN,
      headers,
    });
    expect([reply.statusCode, reply.headers['idempotent-replayed']]).toEqual([201, undefined]);
  }
  expect(
    held()
      .map(({ who }) => who)
      .toSorted(),
  ).toEqual(['a', 'b']);
  await list.remove();
});
