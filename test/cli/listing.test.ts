// The order and the length of lists, as kubectl's users ask for them.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listed } from '../../src/cli/listing.ts';
import { createProgram } from '../../src/cli/program.ts';
import { call } from './run.ts';

const APPS = [
  { name: 'b', pods: 9, hosts: ['x', 'y'], begun: { at: 2 } },
  { name: 'a10', pods: 10, hosts: [], begun: { at: 1 }, version: 7 },
  { name: 'a9', pods: 10, hosts: ['z'], begun: { at: 3 }, version: null },
];
const names = (sortBy: string, limit?: number): string =>
  listed(APPS, { sortBy, ...(limit !== undefined && { limit }) })
    .map(({ name }) => name)
    .join(' ');

test.each([
  ['numbers by their size, and equal ones as they were', 'pods', 'b a10 a9'],
  ['text with the numbers in it', 'name', 'a9 a10 b'],
  ['as kubectl writes it', '.name', 'a9 a10 b'],
  ['as kubectl writes it, in braces', '{.begun.at}', 'a10 b a9'],
  ['a field of a field', 'begun.at', 'a10 b a9'],
  ['lists by how long they are', 'hosts', 'a10 a9 b'],
  ['what has none comes first', 'version', 'b a9 a10'],
])('%s: %s', (_what, field, order) => {
  expect(names(field)).toBe(order);
});

test('the first ones, after the order is made', () => {
  expect(names('name', 2)).toBe('a9 a10');
  expect(listed(APPS, { limit: 1 })).toEqual([APPS[0]]);
  expect(listed([], { sortBy: 'name', limit: 1 })).toEqual([]);
});

test('what is no field names those that are', () => {
  expect(() => names('pod')).toThrow('there are: begun, hosts, name, pods, version');
  expect(() => names('begun')).toThrow('there are: begun.at');
  expect(() => names('constructor')).toThrow('--sort-by: constructor is no field');
});

test('a list of a command, in each form', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'listing-'));
  const file = join(folder, 'contexts.yaml');
  const one = (name: string): string => `{name: ${name}, server: "http://${name}"}`;
  await writeFile(file, `contexts: [${['c', 'a', 'b'].map(one).join(', ')}]\n`);
  const list = async (...args: string[]) =>
    call(['context', 'list', ...args], { env: { BALLAST_CONTEXTS: file } });
  const asked = ['--sort-by', 'name', '--limit', '2'];
  expect((await list(...asked, '-o', 'name')).out).toBe('context/a\ncontext/b\n');
  const { items } = JSON.parse((await list(...asked, '-o', 'json')).out) as { items: object[] };
  expect(items).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  expect(await list('--sort-by', 'nam')).toMatchObject({ code: 1, out: '' });
  expect(await list('--limit', '0')).toMatchObject({ code: 1, out: '' });
  await rm(folder, { recursive: true });
});

test('each list has both', () => {
  const program = createProgram(async () => undefined);
  const lists = ['app get', 'cluster get', 'edge get', 'weight get', 'hold list', 'job list'];
  for (const path of [...lists, 'migration debts list', 'context list']) {
    const command = path
      .split(' ')
      .reduce((at, name) => at.commands.find((one) => one.name() === name) ?? at, program);
    const options = command.options.map(({ long }) => long);
    expect([path, options]).toEqual([path, expect.arrayContaining(['--sort-by', '--limit'])]);
  }
});
