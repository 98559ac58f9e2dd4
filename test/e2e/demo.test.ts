// The demo, as a user starts it: its script runs to the end, and a signal leaves nothing behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Answer {
  readonly held: boolean;
  readonly steps: readonly Step[];
}

interface Step {
  readonly step: string;
  readonly failedRequests: number;
  readonly reloads: number;
  readonly weightsKept: boolean;
  readonly held: boolean;
}

const STEPS = [
  'start',
  'shop in east scales up to 20 pods',
  'a third ingress node in east',
  'the API of west goes away; east scales to 10',
  'the API of west returns; west scales to 12',
  'Redis is killed and restarted; east scales to 30',
  'Redis is restarted empty and seeded by the edges; east scales to 20',
];

test('--once --json runs the script to its end and says that all of it held', async () => {
  const child = spawn(process.execPath, [MAIN, '--once', '--json'], { stdio: 'pipe' });
  let out = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const answer = JSON.parse(out) as Answer;
  expect(answer.steps.map(({ step }) => step)).toEqual(STEPS);
  const good = { failedRequests: 0, reloads: 0, weightsKept: true, held: true };
  for (const step of answer.steps) expect(step).toMatchObject(good);
  expect([answer.held, code]).toEqual([true, 0]);
});

test('a signal ends the live table and leaves no folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
  await chmod(folder, 0o711);
  const environment = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, [MAIN], { stdio: 'pipe', env: environment });
  let out = '';
  const tabled = Promise.withResolvers<void>();
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
    if (/has ended[^]*each nginx worker/.test(out)) tabled.resolve();
  });
  await Promise.race([tabled.promise, once(child, 'exit')]);
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
  const [, last = ''] = out.split('has ended, all of it held');
  expect(last).toMatch(
    /^shop +east +20 +3 +66 +48\.5 % +[\d.]+ % +\d+,\d+ +\d+,\d+ 20 pods \* 10 \/ 3 ingress nodes = 66\.67, so 66$/m,
  );
  expect(last).toMatch(/^shop +vm +- +- +10 +2\.5 % +[\d.]+ % +\d+,\d+ +\d+,\d+ 1 VM \* 10 = 10$/m);
});
