// README's commands, word for word, against a whole fleet: each ends with the exit code that README says.

import { writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Called, call } from '../cli/run.ts';
import { findFreePort } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { Command } from 'commander';
import { startFleet, type Fleet } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const SECTION = README.split('\n## Command line\n')[1]?.split('\n## ')[0] ?? '';
const BLOCK = SECTION.split('```sh\n')[1]?.split('```')[0] ?? '';
const EXAMPLES = BLOCK.split('\n')
  .filter((line) => line.startsWith('ballast '))
  .map((line) => ({
    args: wordsOf(line.replace(/ +#.*/, '')).slice(1),
    code: Number(/# exit code (\d)/.exec(line)?.[1] ?? 0),
  }));

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet(47);
  const [east, west] = bothOf(fleet);
  east.setApp({ name: 'shop', pods: 20, hosts: ['shop.example.com'], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: ['shop.example.com'], ingress: true });
  await untilSettled(fleet, [
    [100, 100],
    [50, 50],
  ]);
});
afterEach(async () => {
  const { items } = await fleet.ballast.get<{ items: { id: string }[] }>('/api/v1/holds');
  for (const { id } of items) await fleet.ballast.send('DELETE', `/api/v1/holds/${id}`);
});
afterAll(async () => {
  await fleet?.close();
});

/** As a shell splits it: blanks, and double quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

const ballast = (...args: readonly string[]): Promise<Called> =>
  call(args, { env: { BALLAST_SERVER: fleet.ballast.url }, cwd: fleet.folder });

test('README’s examples, one after the other', async () => {
  await writeFile(join(fleet.folder, 'prod.token'), 'a-token\n');
  const env = {
    BALLAST_SERVER: fleet.ballast.url,
    BALLAST_CONTEXTS: join(fleet.folder, 'contexts.yaml'),
  };
  expect(EXAMPLES.length).toBeGreaterThan(20);
  for (const { args, code } of EXAMPLES) {
    const called = await call(args, { env, cwd: fleet.folder });
    expect({ args, ...called }).toMatchObject({ args, code });
    expect(called.out).not.toContain('[object');
    expect(called.code === 0 || called.code === 2 ? called.out : called.errors).not.toBe('');
  }
}, 300_000);

test('every command has an example, or a sentence', () => {
  const verbs = (command: Command, path: string): string[] =>
    command.commands.flatMap((child) => {
      const name = `${path}${child.name()}`;
      return child.commands.length > 0 ? verbs(child, `${name} `) : [name];
    });
  const program = createProgram(async () => undefined);
  const missing = verbs(program, '').filter(
    (name) => name !== 'complete' && !SECTION.includes(`ballast ${name}`),
  );
  expect(missing).toEqual([]);
});

test('a drain and its end, as a person sees them', async () => {
  const before = await ballast('app', 'explain', 'shop');
  expect(before.out).toContain('20 pods * 10 / 2 ingress nodes = 100');
  const preview = await ballast('cluster', 'drain', 'east', '--why', 'look', '--dry-run');
  expect(preview.code).toBe(2);
  expect(preview.out).toMatch(/shop\s+\S+\s+east\s+100\s+0\s+33\.3 %\s+0\.0 %/);
  expect((await ballast('hold', 'list', '-o', 'json')).out).not.toContain('look');

  const drained = await ballast('cluster', 'drain', 'east', '--why', 'look', '--wait');
  expect(drained).toMatchObject({ code: 0 });
  expect(drained.out).toContain('edge-1: applied and saved');
  const [east] = bothOf(fleet);
  const weights = JSON.parse((await ballast('weight', 'get', 'shop', '-o', 'json')).out) as {
    items: { from: string; weight: number }[];
  };
  expect(
    weights.items.filter(({ from }) => from === east.name).map(({ weight }) => weight),
  ).toEqual([0, 0]);
  expect((await ballast('cluster', 'undrain', 'east')).code).toBe(0);
  expect(await ballast('cluster', 'undrain', 'east')).toMatchObject({ code: 3 });
  await untilSettled(fleet, [
    [100, 100],
    [50, 50],
  ]);
});

test('who changed what, page by page, and the way back', async () => {
  const [, west] = bothOf(fleet);
  const settled = [
    [100, 100],
    [50, 50],
  ];
  const { items } = JSON.parse((await ballast('history', 'shop', '-o', 'json')).out) as {
    items: { version: number; clusters: { name: string; after?: { weight: number } }[] }[];
  };
  const was = items.find(({ clusters }) =>
    clusters.every(({ name, after }) => after?.weight === (name === 'east' ? 200 : 100)),
  );
  west.scale('shop', 14);
  await untilSettled(fleet, [
    [100, 100],
    [70, 70],
  ]);
  const { out } = await ballast('history', 'shop', '--cluster', 'west', '--limit', '1');
  expect(out).toMatch(/shop +\d+ +east 200, west 100 -> 140 .*west: pods 10 to 14/);
  expect(out.split('\n')).toHaveLength(3);

  const args = ['app', 'revert', 'shop', '--to', `${was?.version}`, '--why', 'as it was'];
  const preview = await ballast(...args, '--dry-run');
  expect(preview).toMatchObject({ code: 2 });
  expect(preview.out).toMatch(/shop\s+\S+\s+west\s+70\s+50/);
  expect(await ballast(...args, '--wait')).toMatchObject({ code: 0 });
  await untilSettled(fleet, settled);
  const [, word = ''] = (await ballast('audit', '--limit', '1')).out.split('\n');
  expect(word).toMatch(/^\d{4}-\S+ +local +.*shop/);
  expect((await ballast('history', '--since', '1s', '--actor', 'nobody')).out).not.toContain(
    'shop',
  );
  west.scale('shop', 10);
});

test('a reason is shown in words', async () => {
  const [east] = bothOf(fleet);
  east.setApp({ name: 'hidden', pods: 3, hosts: ['hidden.example.com'], ingress: false });
  await until('it is seen', async () => (await ballast('app', 'get', 'hidden')).code === 0);
  const { out } = await ballast('app', 'explain', 'hidden');
  expect(out).toMatch(/^east .*nothing counts here .*Ingress/m);
  expect(out).not.toContain('[object');
});

test('what is refused or not there: code, sentence, exit code', async () => {
  expect(await ballast('app', 'get', 'nowhere')).toMatchObject({
    code: 3,
    errors: expect.stringMatching(/^app-unknown: no app nowhere\n/),
  });
  const typo = await ballast('cluster', 'drain', 'esat', '--why', 'look');
  expect(typo).toMatchObject({ code: 3, errors: expect.stringContaining('there are: east, west') });
  const all = await ballast('hold', 'create', '--kind', 'drain', '--app', 'shop', '--why', 'x');
  expect(all).toMatchObject({ code: 5, errors: expect.stringContaining('would-empty') });
  const wrong = await ballast('weight', 'pin', 'shop', '--weight', '1.5', '--why', 'x');
  expect(wrong).toMatchObject({ code: 1, errors: expect.stringContaining('--weight') });
  const nobody = `http://127.0.0.1:${await findFreePort(['127.0.0.1'])}`;
  const gone = await call(['app', 'get', '--server', nobody]);
  expect(gone).toMatchObject({ code: 1, errors: expect.stringContaining('nobody listens') });
});

const TYPOS: readonly (readonly [string, string])[] = [
  ['weight pin shpo --cluster wset --weight 1', 'no app shpo is known; no cluster wset is known'],
  ['weight pin shop --cluster vm --weight 1', 'app shop has no server among VMs'],
  ['weight pin shop --server-address 10.9.9.9:80 --weight 1', 'app shop has no server 10.9.9.9:80'],
  ['hold create --kind drain --app shpo', 'no app shpo is known'],
  ['hold create --kind freeze --cluster wset', 'no cluster wset is known'],
  ['hold create --kind drain --server-address 10.9.9.9:80', 'no app has a server 10.9.9.9:80'],
  ['cluster drain east --app shpo', 'no app shpo is known'],
];

test.each(TYPOS)('a name that nobody knows: %s', async (line, why) => {
  const args = [...line.split(' '), '--why', 'x'];
  const errors = `${why}: this holds nothing until there is one\n`;
  expect(await ballast(...args, '--dry-run')).toEqual({
    code: 0,
    out: 'nothing would change\n',
    errors,
  });
  const made = await ballast(...args);
  expect(made).toMatchObject({ code: 0, errors });
  expect(made.out).toMatch(/^written, and holds nothing yet \(h-\w+\): version \d+ of term \d+\n$/);
  const told = JSON.parse((await ballast(...args, '-o', 'json')).out) as { idle: object[] };
  expect(told.idle).toMatchObject([{ why }]);
});

test('a watch tells each change', async () => {
  const { spawn } = await import('node:child_process');
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, 'app', 'watch', 'shop'], {
    env: { PATH: process.env['PATH'] ?? '', BALLAST_SERVER: fleet.ballast.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  try {
    const [, west] = bothOf(fleet);
    let pods = 10;
    // It may not have begun to look when the first change comes.
    await until('a line tells it', async () => {
      pods = pods === 10 ? 12 : 10;
      west.scale('shop', pods);
      await untilSettled(fleet, [
        [100, 100],
        [pods * 5, pods * 5],
      ]);
      return /shop {2}\S+ {2}(50 -> 60|60 -> 50)/.test(out);
    });
  } finally {
    child.kill('SIGTERM');
  }
});
