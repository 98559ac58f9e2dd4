// Which refused writes stand in the audit.

import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { noteRefusals } from '../../src/api/refusals.ts';
import { BallastError, type ErrorCode } from '../../src/errors.ts';

async function start() {
  const api = Fastify();
  const lines: Record<string, unknown>[] = [];
  let now = 0;
  let up = true;
  const note = async (text: string): Promise<void> => {
    if (!up) throw new Error('down');
    lines.push(JSON.parse(text) as Record<string, unknown>);
  };
  noteRefusals(api as never, { history: { note }, clock: { now: () => now } });
  api.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/:code',
    handler: async ({ params, query }) => {
      const { code } = params as { code: ErrorCode };
      throw new BallastError(code, (query as { detail?: string }).detail ?? 'why');
    },
  });
  const call = async (method: 'GET' | 'POST' | 'DELETE', url: string): Promise<unknown> => {
    const before = lines.length;
    await api.inject({ method, url });
    return lines[before];
  };
  return {
    call,
    lines,
    pass: (ms: number) => (now += ms),
    setUp: (value: boolean) => (up = value),
  };
}

test('what is denied or stands in conflict is noted; what was no valid call is not', async () => {
  const { call } = await start();
  expect(await call('POST', '/role-missing')).toEqual({
    actor: '127.0.0.1',
    text: 'POST /role-missing',
    refused: { code: 'role-missing', detail: 'why' },
  });
  expect(await call('DELETE', '/would-empty')).toMatchObject({ text: 'DELETE /would-empty' });
  for (const code of ['request-invalid', 'hold-unknown', 'changed-meanwhile', 'not-leader'])
    expect([code, await call('POST', `/${code}`)]).toEqual([code, undefined]);
  expect(await call('GET', '/role-missing')).toBeUndefined();
});

test('a dry run is not noted', async () => {
  const api = Fastify();
  const lines: string[] = [];
  const note = async (text: string): Promise<void> => void lines.push(text);
  noteRefusals(api as never, { history: { note }, clock: { now: () => 0 } });
  const schema = { querystring: { type: 'object', properties: { dryRun: { type: 'boolean' } } } };
  api.post('/', { schema }, async () => {
    throw new BallastError('would-empty', 'why');
  });
  await api.inject({ method: 'POST', url: '/?dryRun=true' });
  expect(lines).toEqual([]);
  await api.inject({ method: 'POST', url: '/?dryRun=false' });
  expect(lines).toHaveLength(1);
});

test('texts are bounded, and of a flood the rest is counted in the next line', async () => {
  const { call, lines, pass } = await start();
  const long = (await call('POST', `/would-empty?detail=${'x'.repeat(3000)}`)) as {
    text: string;
    refused: { detail: string };
  };
  expect([long.text.length, long.refused.detail.length]).toEqual([500, 500]);
  for (let times = 1; times < 75; times += 1) await call('POST', '/would-empty');
  expect(lines).toHaveLength(60);
  expect(lines.some((line) => 'uncounted' in line)).toBe(false);
  pass(60_000);
  expect(await call('POST', '/would-empty')).toMatchObject({ uncounted: 15 });
  expect(await call('POST', '/would-empty')).not.toHaveProperty('uncounted');
});

test('a line that cannot be written is lost, and nobody’s answer with it', async () => {
  const { call, setUp } = await start();
  setUp(false);
  expect(await call('POST', '/would-empty')).toBeUndefined();
  setUp(true);
  expect(await call('POST', '/would-empty')).toBeDefined();
});
