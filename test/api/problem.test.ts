// What every problem body has: the id under which the log tells of it.

import { afterEach, expect, test } from 'vitest';
import type { ProblemLog } from '../../src/api/problem.ts';
import { accessBy, listText, tokenOf, writeList } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

type Line = Readonly<Record<string, unknown>>;

async function start(more: Parameters<typeof openApi>[1] = {}) {
  const lines: Line[] = [];
  const at = (level: string) => (line: object) => void lines.push({ level, ...line });
  const log: ProblemLog = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
  };
  const opened = await openApi({}, { log, ...more });
  const ask = async (url: string, headers: Record<string, string> = {}) => {
    const before = lines.length;
    const reply = await opened.api.inject({ url, headers });
    return { reply, json: reply.json(), lines: lines.slice(before) };
  };
  return { ...opened, ask, lines };
}

test('body, header and log line have one id, another for each request', async () => {
  const { ask } = await start();
  const { reply, json, lines } = await ask('/api/v1/apps/none?wrong=secret');
  expect(json.requestId).toMatch(/^[a-z0-9]{10}$/);
  expect(reply.headers['x-request-id']).toBe(json.requestId);
  expect(lines).toEqual([
    {
      level: 'info',
      requestId: json.requestId,
      call: 'GET /api/v1/apps/none',
      from: '127.0.0.1',
      caller: 'local',
      status: 400,
      code: 'request-invalid',
      detail: json.detail,
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
  expect((await ask('/api/v1/apps/none')).json.requestId).not.toBe(json.requestId);
});

test('an id of the caller’s own is kept, unless it could not stand in a log', async () => {
  const { ask } = await start();
  const own = async (id: string) =>
    (await ask('/api/v1/apps/none', { 'x-request-id': id })).json.requestId;
  expect(await own('trace-7.a')).toBe('trace-7.a');
  for (const bad of ['', 'a b', 'x'.repeat(65), 'a"}{', '\u00e4']) {
    expect(await own(bad)).toMatch(/^[a-z0-9]{10}$/);
  }
});

test.each(['/api/v1/nowhere', '/%zz', '/readyz', '/api/v1/apps/none'])(
  '%s has one',
  async (url) => {
    const { ask } = await start({ ready: () => ({ ready: false, why: 'not yet' }) });
    const { reply, json } = await ask(url);
    expect(json.requestId).toMatch(/^[a-z0-9]{10}$/);
    expect(reply.headers['x-request-id']).toBe(json.requestId);
  },
);

test('so has an answer that is no problem', async () => {
  const { api } = await start();
  const idOf = async (headers = {}) =>
    (await api.inject({ url: '/livez', headers })).headers['x-request-id'];
  expect(await idOf()).toMatch(/^[a-z0-9]{10}$/);
  expect(await idOf({ 'x-request-id': 'trace-7.a' })).toBe('trace-7.a');
});

test('an error of ours is logged whole; strangers do not fill the log, their tries are told', async () => {
  const list = await writeList(listText({ viewer: { roles: ['viewer'] } }));
  const { ask } = await start({
    access: accessBy({ tokens: list.tokens }),
    sources: () => {
      throw new Error('a fault');
    },
  });
  const by = (name: string) => ({ authorization: `Bearer ${tokenOf(name)}` });
  const levels = async (url: string, headers?: Record<string, string>) =>
    (await ask(url, headers)).lines.map(({ level }) => level);
  expect(await levels('/api/v1/apps')).toEqual(['debug']);
  expect(await levels('/api/v1/nowhere')).toEqual(['debug']);
  expect(await levels('/api/v1/apps', by('guess'))).toEqual(['warn']);
  expect(await levels('/api/v1/apps/none', by('viewer'))).toEqual(['info']);
  const { json, lines } = await ask('/api/v1/clusters', by('viewer'));
  expect([json.code, json.status]).toEqual(['internal', 500]);
  expect(lines).toMatchObject([
    { level: 'error', requestId: json.requestId, err: Error('a fault') },
  ]);
  await list.remove();
});
