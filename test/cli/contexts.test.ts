// Which controller is asked, and that a token goes to nobody else.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeOf } from '../../src/cli/contexts.ts';

const PROD = 'https://prod.example.com/ballast';
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-contexts-'));
  env = { BALLAST_CONTEXTS: join(folder, 'contexts.yaml') };
  await writeFile(join(folder, 'prod.token'), 'prod-token\n');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const write = (text: string): Promise<void> => writeFile(join(folder, 'contexts.yaml'), text);
const GOOD = `current: prod
contexts:
  - {name: prod, server: "${PROD}/", token: {file: prod.token}}
  - {name: lab, server: "http://lab:8080"}
`;

test('no file: this machine', async () => {
  expect(await placeOf({}, env)).toEqual({ server: 'http://127.0.0.1:8080' });
});

test('the current context, with the token beside its file', async () => {
  await write(GOOD);
  expect(await placeOf({}, env)).toEqual({ server: PROD, token: 'prod-token' });
  expect(await placeOf({ context: 'lab' }, env)).toEqual({ server: 'http://lab:8080' });
});

test('an option beats a variable, a variable the file', async () => {
  await write(GOOD);
  const both = { ...env, BALLAST_SERVER: 'http://other', BALLAST_TOKEN: 'of-env' };
  expect(await placeOf({}, both)).toEqual({ server: 'http://other', token: 'of-env' });
  const option = { server: 'http://third', tokenFile: join(folder, 'prod.token') };
  expect(await placeOf(option, both)).toEqual({ server: 'http://third', token: 'prod-token' });
});

test('the token of a context goes to its own server only', async () => {
  await write(GOOD);
  expect(await placeOf({ server: 'http://other' }, env)).toEqual({ server: 'http://other' });
  const away = { context: 'prod', server: 'http://other' };
  expect(await placeOf(away, env)).toEqual({ server: 'http://other' });
});

test.each([
  ['contexts: 3', 'contexts: must be a list'],
  ['contexts: [{name: a}]', 'contexts[0].server: must be a URL'],
  ['contexts: [{name: a, server: "http://a", tokne: x}]', 'contexts[0].tokne: unknown key'],
  ['current: gone', 'no context gone'],
  ['{', 'contexts.yaml: '],
])('a wrong file is named: %s', async (text, error) => {
  await write(text);
  await expect(placeOf({}, env)).rejects.toThrow(error);
});

test('a server that is no URL', async () => {
  await expect(placeOf({ server: 'prod:8080' }, env)).rejects.toThrow('must be a URL');
});
