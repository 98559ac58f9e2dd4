// Whatever ends the test process, nothing of its clusters stays.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCluster } from './cluster.ts';
import { until } from './until.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ballast-keeper-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a test process ended by %s takes its cluster along',
  async (signal) => {
    const { child, folder } = await startElsewhere(
      'await new Promise(() => setInterval(() => {}, 1e6))',
    );
    expect(await processesIn(folder)).toHaveLength(5);
    child.kill(signal);
    await until('folder and processes are gone', async () => {
      return !existsSync(folder) && (await processesIn(folder)).length === 0;
    });
  },
);

test('a test that throws takes its cluster along', async () => {
  const { folder } = await startElsewhere('throw new Error("the test failed midway")');
  await until('folder and processes are gone', async () => {
    return !existsSync(folder) && (await processesIn(folder)).length === 0;
  });
});

test('a failed start quotes the log and leaves nothing', async () => {
  const flags = ['--no-such-flag'];
  const failed = startCluster({ name: 'broken', dir, apiServerFlags: flags });
  await expect(failed).rejects.toThrow(/kube-apiserver ended while it started[^]*no-such-flag/);
  expect(await readdir(dir)).toEqual([]);
});

/** A cluster in a process of its own, which then does what `after` says. */
async function startElsewhere(after: string) {
  const script = `
    const { startCluster } = await import(${JSON.stringify(import.meta.resolve('./cluster.ts'))});
    const cluster = await startCluster({ name: 'left', dir: ${JSON.stringify(dir)} });
    console.log('folder', cluster.folder);
    ${after}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, folder] = line.split(' ');
    if (word === 'folder' && folder !== undefined) return { child, folder };
  }
  throw new Error('the other process started no cluster');
}

/** The parts of a cluster that run: each has the folder in its command line. Reads /proc: Linux. */
async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: string[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`${folder}/`)) found.push(pid);
  }
  return found;
}
