// `ballast token`, as a user calls it: what it prints goes into the access file as it is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readAccessList } from '../../src/api/access/access-file.ts';
import { hashOf } from '../../src/api/access/access-list.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

async function token(args: readonly string[], input = '') {
  const child = spawn(process.execPath, [MAIN, 'token', ...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number];
  const [output, errors] = await said;
  return { code, output, errors };
}

test('a token and its entry', async () => {
  const { code, output, errors } = await token(
    'create alice --role operator --app pay-* --cluster east'.split(' '),
  );
  expect(code).toBe(0);
  const made = /(ballast_\S{43})$/m.exec(errors)?.[1] ?? '';
  expect(output).not.toContain('ballast_');
  const [entry] = readAccessList(output, 'access.yaml').tokens;
  expect(entry).toMatchObject({
    name: 'alice',
    grant: { roles: ['operator'], apps: ['pay-*'], clusters: ['east'] },
  });
  expect(entry?.hash).toEqual(hashOf(made));
});

test('as JSON, and no two alike', async () => {
  const create = 'create edge-1 --role edge --edge edge-1 -o json'.split(' ');
  const [first, second] = await Promise.all([token(create), token(create)]);
  const read = (output: string) => JSON.parse(output) as { token: string; entry: object };
  expect(read(first.output).entry).toMatchObject({ roles: ['edge'], edges: ['edge-1'] });
  expect(read(first.output).token).not.toBe(read(second.output).token);
});

test('the hash of a token of one’s own is that of sha256sum', async () => {
  const { output } = await token(['hash'], `${'a'.repeat(40)}\n`);
  expect(output.trim()).toBe(`sha256:${hashOf('a'.repeat(40)).toString('hex')}`);
});

test.each([
  [['create', 'alice', '--role', 'edge'], '', 'edges: is missing'],
  [['create', 'a b', '--role', 'viewer'], '', 'name: has a wrong form'],
  [['create', 'alice'], '', '--role'],
  [['create', 'alice', '--role', 'king'], '', 'Allowed choices are viewer'],
  [['hash'], 'short', 'at least 32 characters'],
] as const)('%j is exit code 1: %s%s', async (args, input, expected) => {
  const { code, output, errors } = await token(args, input);
  expect([code, output]).toEqual([1, '']);
  expect(errors).toContain(expected);
});
