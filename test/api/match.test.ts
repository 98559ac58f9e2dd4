// Writes on condition.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';
import { standbyOf } from './standby.ts';

afterEach(closeAll);

async function start(own: Own = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const cluster of [east, west]) cluster.set('shop', { pods: 8 });
  const opened = await openApi({ clusters: [east, west], ...own });
  const tag = async (url: string) =>
    String((await opened.api.inject(`/api/v1/${url}`)).headers['etag']);
  const freeze = async (match: string, query = '') => {
    const body = { kind: 'freeze', app: 'shop', why: 'x' };
    const { status, json } = await opened.call('POST', `/api/v1/holds${query}`, body, {
      'if-match': match,
    });
    return status < 300 ? status : json.code;
  };
  return { ...opened, east, west, tag, freeze };
}

const led = ({ controller }: Awaited<ReturnType<typeof start>>) =>
  until('it leads', () => controller.leader().leading && controller.published()?.app('shop'));

test('a hold is made where what is held is as it was seen', async () => {
  const opened = await start();
  await led(opened);
  const { tag, freeze, call, controller } = opened;
  const before = await tag('holds');
  expect(await freeze(before)).toBe(201);
  expect(await freeze(before)).toBe('changed-meanwhile');
  expect(await freeze(before, '?dryRun=true')).toBe('changed-meanwhile');
  expect(await freeze(`W/${await tag('holds')}`)).toBe('changed-meanwhile');
  expect(await freeze(`"0-0", ${await tag('holds')}`)).toBe(201);
  expect(await freeze('*')).toBe(201);
  const [hold] = controller.published()?.held.holds ?? [];
  const url = `/api/v1/holds/${hold?.id}`;
  const old = await call('DELETE', url, undefined, { 'if-match': before });
  expect([old.status, old.json.code]).toEqual([412, 'changed-meanwhile']);
  const now = await tag(`holds/${hold?.id}`);
  expect((await call('DELETE', url, undefined, { 'if-match': now })).status).toBe(200);
});

test('of two who saw the same one is told', async () => {
  const opened = await start();
  await led(opened);
  const seen = await opened.tag('holds');
  const both = await Promise.all([opened.freeze(seen), opened.freeze(seen)]);
  expect(both.map(String).toSorted()).toEqual(['201', 'changed-meanwhile']);
});

test('an app’s writes go by its own document', async () => {
  const opened = await start();
  await led(opened);
  const { tag, call, freeze } = opened;
  const seen = await tag('upstreams/shop');
  // Of no matter to the app's document: nothing is changed by it.
  await freeze('*');
  expect(await tag('upstreams/shop')).toBe(seen);
  const erase = (match: string) =>
    call('DELETE', '/api/v1/apps/shop?confirm=shop', undefined, { 'if-match': match });
  expect((await erase('"1-1"')).json.code).toBe('changed-meanwhile');
  expect((await erase(seen)).json.code).toBe('still-named');
});

test('a standby passes the condition on', async () => {
  const first = await start();
  await led(first);
  const { own, url } = await standbyOf(first);
  const second = await start(own);
  await until('it stands by', () => second.controller.leader().address === url);
  expect(await second.freeze('"1-1"')).toBe('changed-meanwhile');
  expect(await second.freeze(await first.tag('holds'))).toBe(201);
});
