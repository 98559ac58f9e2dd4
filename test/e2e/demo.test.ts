// The demo, as a user starts it: its script runs to the end, and a signal leaves nothing behind.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Step {
  readonly step: string;
  readonly failedRequests: number;
  readonly reloads: number;
  readonly weightsKept: boolean;
  readonly held: boolean;
}

interface Answer {
  readonly held: boolean;
  readonly steps: readonly Step[];
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

function start(args: readonly string[], folder: string): ChildProcess {
  const env = { ...process.env, TMPDIR: folder };
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  await chmod(folder, 0o711);
  return folder;
}

/** Redis shows no folder in its arguments, a keeper none in its environment. */
async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const texts = ['environ', 'cmdline'].map((file) =>
      readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
    );
    if ((await Promise.all(texts)).join().includes(folder)) found.push(pid);
  }
  return found;
}

async function leavesNothing(folder: string): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  await until('no process is left', async () => (await processesOf(folder)).length === 0);
  await rm(folder, { recursive: true });
}

async function runOnce(): Promise<void> {
  const folder = await temporaryFolder();
  const child = start(['--once', '--json'], folder);
  let out = '';
  child.stdout?.on('data', (data: Buffer) => {
    out += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const answer = JSON.parse(out) as Answer;
  expect(answer.steps.map(({ step }) => step)).toEqual(STEPS);
  const good = { failedRequests: 0, reloads: 0, weightsKept: true, held: true };
  for (const step of answer.steps) expect(step).toMatchObject(good);
  expect([answer.held, code]).toEqual([true, 0]);
  await leavesNothing(folder);
}

test('--once --json runs the script to its end and says that all of it held, twice side by side', async () => {
  await Promise.all([runOnce(), runOnce()]);
});

test('a script that is stopped half-way has not held', async () => {
  const folder = await temporaryFolder();
  const child = start(['--once'], folder);
  child.stdout?.once('data', () => child.kill('SIGINT'));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(1);
  await leavesNothing(folder);
});

test('the table follows the script; a signal ends it and leaves nothing', async () => {
  const folder = await temporaryFolder();
  const child = start([], folder);
  let out = '';
  const tabled = Promise.withResolvers<void>();
  child.stdout?.on('data', (data: Buffer) => {
    out += data.toString();
    if (/has ended[^]*each nginx worker/.test(out)) tabled.resolve();
  });
  await Promise.race([tabled.promise, once(child, 'exit')]);
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  await leavesNothing(folder);
  const [, last = ''] = out.split('has ended, all of it held');
  expect(last).toMatch(
    /^shop +east +20 +3 +66 +48\.5 % +[\d.]+ % +\d+,\d+ +\d+,\d+ 20 pods \* 10 \/ 3 ingress nodes = 66\.67, so 66$/m,
  );
  expect(last).toMatch(/^shop +vm +- +- +10 +2\.5 % +[\d.]+ % +\d+,\d+ +\d+,\d+ 1 VM \* 10 = 10$/m);
});

test('who reads the pipe goes away: the demo ends and leaves nothing', async () => {
  const folder = await temporaryFolder();
  const child = start([], folder);
  child.stdout?.once('data', () => child.stdout?.destroy());
  await once(child, 'close');
  await leavesNothing(folder);
});
