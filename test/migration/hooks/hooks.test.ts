// Hooks against a real server that checks what is asked, and misbehaves.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createHooks, type Hooks } from '../../../src/migration/hooks/hooks.ts';
import type { Asked } from '../../../src/migration/hooks/question.ts';
import type { HookName, HookSettings } from '../../../src/migration/hooks/settings.ts';
import { webhook } from '../../../src/migration/hooks/webhook.ts';
import { createCertificate } from '../../simulated/certificate.ts';
import { Cmdb, type Mood } from './cmdb.ts';

const SECRET = 'no secret, but long enough';
const ASKED: Asked = {
  job: 'move-1',
  app: 'shop',
  namespace: 'prod',
  from: 'east',
  to: 'west',
  step: 'shop:finish',
  attempt: 1,
  fence: 7,
};
const PUT_OFF: Mood = { kind: 'status', status: 500, text: 'not now' };

let folder = '';
let cmdb: Cmdb;
let url = '';
let slept: number[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-hooks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  cmdb = new Cmdb(SECRET);
  url = await cmdb.start();
  slept = [];
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
});
afterEach(() => cmdb.stop());

const hook = (more: Partial<HookSettings> = {}): HookSettings => ({
  name: 'cmdb',
  on: ['metadata', 'gate'],
  url,
  secret: { file: join(folder, 'secret') },
  timeoutSeconds: 60,
  retries: 3,
  ...more,
});

function hooksOf(settings: readonly HookSettings[], wall = () => new Date()): Hooks {
  const { signal } = new AbortController();
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  return createHooks({
    settings: () => settings,
    environment: 'prod',
    post: webhook({ wall, signal }),
    clock: { ...systemClock, sleep },
    signal,
  });
}

const ask = (name: HookName, settings = [hook()]) => hooksOf(settings).ask(name, ASKED);

test('a record is written, and passes when it is read back', async () => {
  expect(await ask('metadata')).toEqual({
    verdict: 'pass',
    text: 'cmdb: read back as it was written',
  });
  const record = { app: 'shop', namespace: 'prod', cluster: 'west' };
  expect(cmdb.records.get('shop')).toEqual({ owner: 'team-a', ...record });
  const own = { environment: 'prod', hook: 'cmdb', event: 'metadata', ...ASKED };
  expect(cmdb.done).toEqual([
    { ...own, ask: 'write', record },
    { ...own, ask: 'read' },
  ]);
});

test('what is read back otherwise has failed, and says how', async () => {
  cmdb.answers = ({ ask: what }) =>
    what === 'read' ? { verdict: 'pass', record: { app: 'shop', cluster: 'east' } } : undefined;
  expect(await ask('metadata')).toEqual({
    verdict: 'fail',
    text: 'cmdb: read back otherwise: namespace is missing, not prod, cluster is "east", not west',
  });
  cmdb.answers = ({ ask: what }) => (what === 'read' ? { verdict: 'pass' } : undefined);
  expect((await ask('metadata')).verdict).toBe('fail');
});

test('a verdict is the hook’s own word', async () => {
  for (const verdict of ['pass', 'fail', 'unknown'] as const) {
    cmdb.answers = () => ({ verdict, text: `it is\n${verdict}` });
    const asked = { ...ASKED, step: `shop:shift.${verdict}`, facts: { errors: 3 } };
    expect(await hooksOf([hook()]).ask('gate', asked)).toEqual({
      verdict,
      text: `cmdb: it is ${verdict}`,
    });
  }
  expect(cmdb.done.map(({ facts }) => facts)).toEqual([1, 2, 3].map(() => ({ errors: 3 })));
});

test('one that is ill for a while is asked again, under the same id, ever later', async () => {
  cmdb.moods = [PUT_OFF, PUT_OFF, { kind: 'status', status: 429, text: 'slowly' }];
  expect((await ask('gate')).verdict).toBe('pass');
  expect(slept).toEqual([500, 1000, 2000]);
  expect([cmdb.asked, cmdb.done.length]).toEqual([4, 1]);
});

test('a lost answer is no second write', async () => {
  cmdb.moods = [{ kind: 'lost' }];
  expect((await ask('metadata')).verdict).toBe('pass');
  expect(cmdb.done.map(({ ask: what }) => what)).toEqual(['write', 'read']);
  // Nor is a successor's, of the same attempt; another attempt is another question.
  expect((await ask('metadata')).verdict).toBe('pass');
  await hooksOf([hook()]).ask('metadata', { ...ASKED, attempt: 2 });
  const writes = cmdb.done.filter(({ ask: what }) => what === 'write');
  expect(writes.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test('one that stays ill, or is silent, holds', async () => {
  cmdb.moods = [1, 2, 3, 4].map(() => PUT_OFF);
  expect(await ask('gate')).toEqual({
    verdict: 'unknown',
    text: 'cmdb: answers 500 {"error":"not now"}',
  });
  cmdb.moods = [{ kind: 'silent' }, { kind: 'silent' }];
  expect(await ask('gate', [hook({ timeoutSeconds: 0.1, retries: 1 })])).toEqual({
    verdict: 'unknown',
    text: 'cmdb: gives no answer in 0.1 s',
  });
  await cmdb.stop();
  expect(await ask('gate')).toMatchObject({
    verdict: 'unknown',
    text: expect.stringContaining('ECONNREFUSED') as string,
  });
});

test('an answer that is none holds', async () => {
  cmdb.answers = () => ({ verdict: 'yes' });
  expect(await ask('gate')).toEqual({
    verdict: 'unknown',
    text: 'cmdb: its answer has no verdict: pass, fail or unknown',
  });
  cmdb.answers = () => ({ verdict: 'pass', text: 'x'.repeat(70_000) });
  expect((await hooksOf([hook()]).ask('gate', { ...ASKED, attempt: 2 })).verdict).toBe('unknown');
  expect(slept.length).toBe(3);
});

test('over TLS by its own authorities, and by none else', async () => {
  const own = createCertificate('cmdb');
  const secure = new Cmdb(SECRET, own);
  const place = await secure.start();
  try {
    writeFileSync(join(folder, 'ca.pem'), own.cert);
    const known = hook({ url: place, ca: join(folder, 'ca.pem') });
    expect((await ask('gate', [known])).verdict).toBe('pass');
    const unknown = await ask('gate', [hook({ url: place, retries: 0 })]);
    expect(unknown.text).toContain('SELF_SIGNED_CERT');
    const lost = await ask('gate', [{ ...known, ca: join(folder, 'none.pem'), retries: 0 }]);
    expect([lost.verdict, secure.asked]).toEqual(['unknown', 1]);
  } finally {
    await secure.stop();
  }
});

test('whoever sends the question elsewhere has not answered it', async () => {
  cmdb.moods = [{ kind: 'status', status: 307, text: 'there' }];
  expect(await ask('gate')).toEqual({
    verdict: 'unknown',
    text: 'cmdb: answers 307 {"error":"there"}',
  });
  expect(slept).toEqual([]);
});

test('a wrong secret, and a question that is too old, are refused and not asked again', async () => {
  writeFileSync(join(folder, 'secret'), 'another one, as long as that');
  const refused = await ask('gate');
  expect(refused).toEqual({
    verdict: 'unknown',
    text: 'cmdb: answers 401 {"error":"wrong signature"}',
  });
  expect(slept).toEqual([]);
  writeFileSync(join(folder, 'secret'), SECRET);
  const late = hooksOf([hook()], () => new Date(Date.now() - 3_600_000));
  expect((await late.ask('gate', ASKED)).text).toBe('cmdb: answers 401 {"error":"too old"}');
  expect(cmdb.asked).toBe(0);
});

test('a secret that is short or not there asks nothing, and is not told', async () => {
  writeFileSync(join(folder, 'secret'), 'tiny one');
  const short = await ask('gate');
  expect(short.verdict).toBe('unknown');
  expect(short.text).toContain('has fewer than 16 characters');
  expect(short.text).not.toContain('tiny one');
  const lost = await ask('gate', [hook({ secret: { file: join(folder, 'none') } })]);
  expect(lost.text).toContain('cannot be read: ENOENT');
  expect(cmdb.asked).toBe(0);
});

test('of several the worst counts; of none it is said that there is none', async () => {
  cmdb.answers = ({ hook: name }) => ({ verdict: name === 'other' ? 'fail' : 'pass' });
  expect(await ask('gate', [hook(), hook({ name: 'other' })])).toEqual({
    verdict: 'fail',
    text: 'other: fail',
  });
  expect(await ask('no-callers')).toEqual({ verdict: 'none', text: 'no hook is configured' });
});
