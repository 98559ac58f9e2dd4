// A body of another type, and one too large: of every route that takes one. And values of another type in it.

import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll, openApi } from './open-api.ts';

interface Described {
  readonly requestBody?: object;
}

const MIB = 1024 * 1024;
let opened: Awaited<ReturnType<typeof openApi>>;
let routes: { method: 'POST'; url: string; limit: number }[];

beforeAll(async () => {
  opened = await openApi({});
  const { paths } = (await opened.api.inject('/api/v1/openapi.json')).json<{
    paths: Record<string, Record<string, Described>>;
  }>();
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { requestBody }]) => requestBody)
      .map(([method]) => ({
        method: method.toUpperCase() as 'POST',
        url: path.replace('{name}', 'edge-1').replace('{app}', 'shop').replace('{id}', 'none'),
        limit: limitOf(path),
      })),
  );
});
afterAll(closeAll);

function limitOf(path: string): number {
  if (path.endsWith('/heartbeat')) return 64 * MIB;
  return /\/(fanouts|migrations|migrations\/plan)$/.test(path) ? 16 * MIB : MIB;
}

test('there are such routes', () => {
  expect(routes.map(({ url }) => url).toSorted()).toEqual([
    '/api/v1/apps/shop/revert',
    '/api/v1/edges/confirm',
    '/api/v1/edges/edge-1/heartbeat',
    '/api/v1/fanouts',
    '/api/v1/holds',
    '/api/v1/jobs/none/approve',
    '/api/v1/migrations',
    '/api/v1/migrations/debts/none/consent',
    '/api/v1/migrations/debts/none/settle',
    '/api/v1/migrations/plan',
  ]);
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense', ''])(
  '415 for %j',
  async (type) => {
    for (const { method, url } of routes) {
      const headers = type === '' ? {} : { 'content-type': type };
      const payload = Buffer.from('{"kind":"drain"}');
      const reply = await opened.api.inject({ method, url, headers, payload });
      expect([url, reply.statusCode]).toEqual([url, 415]);
      expect(reply.json()).toMatchObject({
        code: 'body-not-json',
        detail: `POST ${url}: the content type is ${type || 'none'}; application/json is taken`,
      });
    }
  },
);

test('the type without a body: as none', async () => {
  const headers = { 'content-type': 'application/json' };
  const reply = async (method: 'POST' | 'DELETE', url: string) =>
    (await opened.api.inject({ method, url, headers })).json();
  expect(await reply('DELETE', '/api/v1/holds/none')).toMatchObject({ code: 'hold-unknown' });
  expect((await reply('POST', '/api/v1/holds')).detail).toBe(
    'POST /api/v1/holds: body must be object',
  );
});

const move = { apps: ['shop'], from: 'east', to: 'west' };
const file = { name: 'a.yaml', text: '' };
const ASKED =
  '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';
test.each<[string, object, string]>([
  ['holds', { kind: 'pin', app: 'a', weight: '5', why: 'x' }, 'body/weight must be integer'],
  ['holds', { holds: [{ app: 'a', weight: null }] }, 'body/holds/0/weight must be integer'],
  ['holds', { kind: 'drain', app: 'a', why: 5 }, 'body/why must be string'],
  ['holds', { holds: [], lift: 'h-1' }, 'body/lift must be array'],
  ['holds', { app: 'a', allowEmpty: 'true' }, 'body/allowEmpty must be boolean'],
  ['apps/shop/revert', { version: '2', why: 'x' }, 'body/version must be integer'],
  ['fanouts', { files: file }, 'body/files must be array'],
  ['fanouts', { files: [file], headroom: '5' }, 'body/headroom must be integer'],
  ['fanouts', { files: [file], prune: 1 }, 'body/prune must be boolean'],
  ['migrations/plan', { ...move, apps: 'shop' }, 'body/apps must be array'],
  ['migrations/plan', { ...move, apps: ['../shop'] }, `body/apps/0 must match pattern "${ASKED}"`],
  ['migrations', { ...move, stateful: 'false' }, 'body/stateful must be boolean'],
  ['edges/confirm', { edges: 'edge-1' }, 'body/edges must be array'],
])('%s of %j is refused: %s', async (path, payload, fault) => {
  const url = `/api/v1/${path}`;
  const reply = await opened.api.inject({ method: 'POST', url, payload });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ code: 'request-invalid', detail: `POST ${url}: ${fault}` });
});

test('a query is text, and numbers and flags are made of it', async () => {
  const ask = async (query: string) =>
    (await opened.api.inject(`/api/v1/history?${query}`)).statusCode;
  expect([await ask('limit=5'), await ask('limit=five')]).toEqual([200, 400]);
});

test('413, with how much is taken there', async () => {
  for (const { method, url, limit } of routes) {
    const headers = { 'content-type': 'application/json' };
    const payload = `"${'x'.repeat(limit)}"`;
    const reply = await opened.api.inject({ method, url, headers, payload });
    expect([url, reply.statusCode]).toEqual([url, 413]);
    expect(reply.json()).toMatchObject({
      code: 'body-too-large',
      detail: `POST ${url}: a body may have ${limit} bytes here`,
    });
  }
});

test('what is announced too large is refused before it is sent', async () => {
  await opened.api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = opened.api.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST /api/v1/holds HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n' +
      `content-type: application/json\r\ncontent-length: ${MIB + 1}\r\n\r\n`,
  );
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('"code":"body-too-large"');
});
