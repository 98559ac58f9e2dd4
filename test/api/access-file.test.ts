// The access file: what is taken, and what is said of what is wrong, without the contents.

import { afterEach, expect, test } from 'vitest';
import { AccessFault, readAccessList } from '../../src/api/access/access-file.ts';
import { openTokens } from '../../src/api/access/access-list.ts';
import { createAccess } from '../../src/api/access/access.ts';
import { systemClock } from '../../src/clock.ts';
import { until } from '../controlplane/until.ts';
import { hashText, listText, tokenOf, writeList, type ListFile } from './access.ts';

let list: ListFile | undefined;
afterEach(async () => list?.remove());

const HASH = hashText(tokenOf('a'));
const token = (more: string) => `tokens:\n  - {name: a, hash: "${HASH}", ${more}}\n`;

test.each([
  ['tokens: [', 'f:1: not YAML'],
  ['tokens:\n  - {name: a, roles: [viewer]}', 'f:2: tokens[0].hash: is missing'],
  [
    'tokens:\n  - {name: a, hash: my-own-secret, roles: [viewer]}',
    'f:2: tokens[0].hash: has a wrong form',
  ],
  [token('roles: [king]'), 'f:2: tokens[0].roles[0]: must be one of viewer, operator'],
  [token('roles: []'), 'f:2: tokens[0].roles'],
  [token('roles: [viewer], role: x'), 'f:2: tokens[0].role: unknown key'],
  [token('roles: [viewer], until: soon'), 'f:2: tokens[0].until: must be a time'],
  [token('roles: [edge]'), 'f:2: tokens[0].edges: is missing'],
  [token('roles: [edge, viewer], edges: [a]'), 'f:2: tokens[0].roles: edge stands alone'],
  [token('roles: [viewer], edges: [a]'), 'f:2: tokens[0].edges: is for the role edge'],
  [token('roles: [admin], apps: [a]'), 'f:2: tokens[0].apps: does not narrow'],
  [
    token('roles: [viewer]') + `  - {name: b, hash: "${HASH}", roles: [viewer]}`,
    'f:3: tokens[1].hash: stands in [0] too',
  ],
  ['tokens:\n  - {name: local, hash: x, roles: [viewer]}', 'f:2: tokens[0].name: has a wrong form'],
  ['grants:\n  - {user: alice, roles: [viewer]}', 'f:2: grants[0].user: has a wrong form'],
  ['grants:\n  - {roles: [viewer]}', 'f:2: grants[0]: needs either user or group'],
  ['a: &a [1]\nb: *a', 'f: aliases are not taken here'],
  ['[1, 2]', 'f'],
] as const)('%j: %s', (text, expected) => {
  let fault: unknown;
  try {
    readAccessList(text, 'f');
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(AccessFault);
  const { message } = fault as AccessFault;
  expect(message).toContain(expected);
  expect(message).not.toContain('my-own-secret');
});

test('an empty file lets nobody in, and is none that is wrong', () => {
  expect(readAccessList('', 'f')).toEqual({ tokens: [], grants: [] });
});

test('a token counts until its end', async () => {
  list = await writeList(
    listText({ a: { roles: ['viewer'] } }).replace(
      'roles:',
      'until: 2027-01-01T00:00:00Z\n    roles:',
    ),
  );
  const end = Date.UTC(2027, 0, 1);
  expect(list.tokens.find(tokenOf('a'), end - 1)?.name).toBe('a');
  expect(list.tokens.find(tokenOf('a'), end)).toBeUndefined();
});

test('a short token is none, whatever its hash', async () => {
  const entry = `tokens:\n  - {name: a, hash: "${hashText('password')}", roles: [admin]}`;
  list = await writeList(entry);
  expect(list.tokens.find('password', 0)).toBeUndefined();
});

test('the file is read again: who is taken out is out, a wrong one changes nothing and is said', async () => {
  list = await writeList(listText({ a: { roles: ['viewer'] } }));
  const { file, write } = list;
  const told: (string | undefined)[] = [];
  const tokens = await openTokens(file, { clock: systemClock, tell: (text) => told.push(text) });
  const stop = new AbortController();
  const following = tokens.follow(stop.signal);
  const finds = (name: string) => tokens.find(tokenOf(name), 0) !== undefined;
  await write('tokens: 7');
  await until('it is said', () => told.length === 1);
  expect(told[0]).toContain('access.yaml:1: tokens');
  expect(finds('a')).toBe(true);
  await write(listText({ b: { roles: ['viewer'] } }));
  await until('the new one counts', () => finds('b'));
  expect([finds('a'), told.at(-1)]).toEqual([false, undefined]);
  stop.abort();
  await following;
});

test('a token that was taken out is out also where it was known', async () => {
  const people: Record<string, object> = { a: { name: 'a', grants: [{ roles: ['viewer'] }] } };
  const tokens = {
    find: (token: string) => people[token.replace(/x+$/, '')],
    vouched: () => ({ name: '', grants: [] }),
    follow: async () => undefined,
  } as unknown as ListFile['tokens'];
  const access = createAccess({
    loopback: 'none',
    tokens,
    vouchers: [],
    clock: systemClock,
    wall: () => new Date(),
  });
  const request = {
    ip: '10.0.0.1',
    method: 'GET',
    url: '/',
    headers: { authorization: `Bearer ${tokenOf('a')}` },
  };
  await access.admit(request);
  delete people['a'];
  await expect(access.admit(request)).rejects.toMatchObject({ code: 'token-unknown' });
});
