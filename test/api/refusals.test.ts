// Which refused writes stand in the audit.

import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { noteRefusals } from '../../src/api/refusals.ts';
import { BallastError, type ErrorCode } from '../../src/errors.ts';

const NOTHING = { config: { needs: 'operator' } } as const;

/** `x-caller`: who it is; absent: nobody that is known. */
async function start() {
  const api = Fastify();
  const lines: Record<string, unknown>[] = [];
  let now = 0;
  let up = true;
  const note = async (text: string): Promise<void> => {
    if (!up) throw new Error('down');
    lines.push(JSON.parse(text) as Record<string, unknown>);
  };
  api.addHook('onRequest', async (request) => {
    const name = request.headers['x-caller'];
    if (name !== undefined) request.caller = { name: String(name), grants: [] };
  });
  noteRefusals(api as never, { history: { note }, clock: { now: () => now } });
  const handler = async ({ params, query }: { params: unknown; query: unknown }) => {
    const { code } = params as { code: ErrorCode };
    throw new BallastError(code, (query as { detail?: string }).detail ?? 'why');
  };
  const schema = {
    querystring: {
      type: 'object',
      properties: { dryRun: { type: 'boolean' }, detail: { type: 'string' } },
    },
    body: { type: ['object', 'null'], properties: { weight: { type: 'integer' } } },
  };
  api.route({ ...NOTHING, method: ['GET', 'DELETE'], url: '/:code', handler });
  api.route({ ...NOTHING, method: 'POST', url: '/:code', handler, schema });
  api.post('/edge/:code', { config: { needs: 'edge' } }, handler);
  type Method = 'GET' | 'POST' | 'DELETE';
  const call = async (
    method: Method,
    url: string,
    { caller = 'alice', payload }: { caller?: string; payload?: object } = {},
  ): Promise<unknown> => {
    const before = lines.length;
    const headers = caller === '' ? {} : { 'x-caller': caller };
    await api.inject({ method, url, headers, ...(payload && { payload }) });
    return lines[before];
  };
  return {
    call,
    lines,
    pass: (ms: number) => (now += ms),
    setUp: (value: boolean) => (up = value),
  };
}

test('whatever a known caller was refused is noted, with what it says and no secret of a query', async () => {
  const { call } = await start();
  expect(await call('POST', '/role-missing?token=hidden')).toEqual({
    actor: 'alice',
    text: 'POST /role-missing',
    refused: { code: 'role-missing', detail: 'why' },
    requestId: expect.stringMatching(/./),
  });
  const codes = ['would-empty', 'hold-unknown', 'changed-meanwhile', 'plan-invalid'] as const;
  for (const code of codes) {
    expect(await call('DELETE', `/${code}`)).toMatchObject({ actor: 'alice', refused: { code } });
  }
  expect(await call('POST', '/would-empty', { payload: { weight: 'x' } })).toMatchObject({
    refused: { code: 'request-invalid', detail: 'body/weight must be integer' },
  });
});

test('not noted: reads, dry runs, what failed by no fault of the caller', async () => {
  const { call, lines } = await start();
  await call('GET', '/role-missing');
  await call('POST', '/would-empty?dryRun=true');
  await call('POST', '/would-empty?dryRun=true', { payload: { weight: 'x' } });
  for (const code of ['not-leader', 'redis-unavailable', 'internal'])
    await call('POST', `/${code}`);
  expect(lines).toEqual([]);
});

test('of strangers only a page of elsewhere is noted, of an edge only what it may not', async () => {
  const { call, lines } = await start();
  for (const code of ['token-unknown', 'too-many-tries', 'request-invalid', 'hold-unknown'])
    await call('POST', `/${code}`, { caller: '' });
  await call('POST', '/edge/request-invalid', { caller: 'edge-1' });
  expect(lines).toEqual([]);
  expect(await call('POST', '/page-refused', { caller: '' })).toMatchObject({ actor: '127.0.0.1' });
  expect(await call('POST', '/edge/out-of-scope', { caller: 'edge-1' })).toMatchObject({
    actor: 'edge-1',
  });
});

test('texts are bounded', async () => {
  const { call } = await start();
  const long = (await call('POST', `/would-empty?detail=${'x'.repeat(3000)}`)) as {
    refused: { detail: string };
  };
  expect(long.refused.detail).toHaveLength(500);
});

test('one who floods is counted and not written; others are, up to what all may', async () => {
  const { call, lines, pass } = await start();
  for (let times = 0; times < 75; times += 1) await call('POST', '/would-empty');
  expect(lines).toHaveLength(20);
  expect(lines.some((line) => 'uncounted' in line)).toBe(false);
  expect(await call('POST', '/would-empty', { caller: 'bob' })).toMatchObject({
    actor: 'bob',
    uncounted: 55,
  });
  expect(await call('POST', '/would-empty', { caller: 'bob' })).not.toHaveProperty('uncounted');
  pass(60_000);
  // One more each minute.
  expect(await call('POST', '/would-empty')).toMatchObject({ actor: 'alice' });
  expect(await call('POST', '/would-empty')).toBeUndefined();
  for (let who = 0; who < 100; who += 1) await call('POST', '/would-empty', { caller: `c${who}` });
  expect(lines).toHaveLength(61);
  pass(3_600_000);
  for (let who = 0; who < 100; who += 1) await call('POST', '/would-empty', { caller: `d${who}` });
  expect(lines).toHaveLength(121);
});

test('a line that cannot be written is lost, and nobody’s answer with it', async () => {
  const { call, setUp } = await start();
  setUp(false);
  expect(await call('POST', '/would-empty')).toBeUndefined();
  setUp(true);
  expect(await call('POST', '/would-empty')).toBeDefined();
});
