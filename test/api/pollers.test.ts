// Weights for edges of another kind: text, the form that nginx-upsync-module polls, and who polls.

import { afterEach, expect, test } from 'vitest';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

async function start() {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  west.setNodes([{ name: 'w1', address: '[fd00::1]:80' }]);
  east.set('shop', { pods: 8 });
  west.set('shop', { pods: 5 });
  const opened = await openApi({ clusters: [east, west] });
  await until('it is published', () => opened.controller.published()?.app('shop') !== undefined);
  const get = (url: string, headers: Record<string, string> = {}) =>
    opened.api.inject({ url: `/api/v1/${url}`, headers });
  return { ...opened, east, get };
}

interface Key {
  readonly Key: string;
  readonly Value: string;
}

const weightsOf = (keys: readonly Key[]) =>
  keys.map(({ Key, Value }) => {
    const { weight } = JSON.parse(Buffer.from(Value, 'base64').toString()) as { weight: number };
    return `${Key} ${weight}`;
  });

test('weights as text, with a tag of their own', async () => {
  const { get } = await start();
  const reply = await get('weights?format=text');
  expect(reply.headers['content-type']).toMatch(/^text\/plain/);
  expect(reply.body.split('\n')).toEqual([
    'shop 10.1.0.1:80 40',
    'shop 10.1.0.2:80 40',
    'shop [fd00::1]:80 50',
    '',
  ]);
  const tag = String(reply.headers['etag']);
  expect((await get('weights?format=text', { 'if-none-match': tag })).statusCode).toBe(304);
  expect((await get('weights', { 'if-none-match': tag })).statusCode).toBe(200);
});

test('nginx-upsync gets the servers that take requests, and waits by its index', async () => {
  const { get, east, hold } = await start();
  const first = await get('weights/upsync/shop?recurse&index=0');
  expect(weightsOf(first.json())).toEqual([
    'upstreams/shop/10.1.0.1:80 40',
    'upstreams/shop/10.1.0.2:80 40',
  ]);
  const index = String(first.headers['x-consul-index']);
  const waiting = get(`weights/upsync/shop?recurse&index=${index}`);
  east.set('shop', { pods: 6 });
  const next = await waiting;
  expect(weightsOf(next.json())[0]).toBe('upstreams/shop/10.1.0.1:80 30');
  expect(next.headers['x-consul-index']).not.toBe(index);
  await hold({ kind: 'drain', app: 'shop', server: '10.1.0.1:80' });
  const drained = await get('weights/upsync/shop?recurse&index=0');
  expect(weightsOf(drained.json())).toEqual(['upstreams/shop/10.1.0.2:80 30']);
  expect((await get('weights/upsync/none?recurse&index=0')).statusCode).toBe(404);
});

test('a commit that changes another app does not end the wait', async () => {
  const { get, east, controller } = await start();
  const first = await get('weights/upsync/shop?recurse&index=0');
  let isOver = false;
  const waiting = get(`weights/upsync/shop?index=${String(first.headers['x-consul-index'])}`).then(
    (reply) => {
      isOver = true;
      return reply;
    },
  );
  east.set('news', { pods: 1 });
  await until('news is published', () => controller.published()?.app('news') !== undefined);
  expect(isOver).toBe(false);
  east.set('shop', { pods: 7 });
  expect(weightsOf((await waiting).json())[0]).toBe('upstreams/shop/10.1.0.1:80 35');
});

test('the answer is one that the module reads: HTTP/1.0, its spelling of the header, a length', async () => {
  const { api } = await start();
  const { port } = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(
    'GET /api/v1/weights/upsync/shop?recurse&index=0 HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n',
  );
  const answer = await text(socket);
  expect(answer).toMatch(/\r\nX-Consul-Index: [1-9][0-9]*\r\n/);
  expect(answer).toMatch(/\r\ncontent-length: [0-9]+\r\n/i);
  expect(answer).not.toMatch(/transfer-encoding/i);
});

test('who polls is listed, with what it was given', async () => {
  const { get, controller } = await start();
  await get('weights', { 'user-agent': 'haproxy-sync' });
  await get('weights', { 'user-agent': 'haproxy-sync' });
  await get('weights/upsync/shop?recurse&index=0', { 'user-agent': 'nginx' });
  const { items } = (await get('pollers')).json<{ items: object[] }>();
  const mark = controller.published()?.mark;
  expect(items).toMatchObject([
    { caller: 'local', address: '127.0.0.1', agent: 'haproxy-sync', what: 'weights', ...mark },
    { agent: 'nginx', what: 'upsync shop' },
  ]);
});
