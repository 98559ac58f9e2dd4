// The smallest recipe, built into caches of the test's own; with Go's cache warm it takes a second.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-build-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('two builds at once leave one whole binary and nothing half built', async () => {
  const answers = await Promise.all([buildEtcd(), buildEtcd()]);
  const [entry, ...rest] = await readdir(join(folder, 'controlplane'));
  expect(rest).toEqual([]);
  for (const answer of answers) expect(answer.stdout).toContain(`/${entry}\n`);
  const { stdout } = await run(join(folder, 'controlplane', entry ?? '', 'etcd'), ['--version']);
  expect(stdout).toContain('etcd Version: 3.6');
});

test('what is built already is found without Go, and without a word about building', async () => {
  await buildEtcd();
  const { stdout } = await buildEtcd({ PATH: folder });
  expect(stdout).not.toContain('building');
});

test('without Go the error says what to install', async () => {
  await expect(buildEtcd({ PATH: folder })).rejects.toThrow(/need Go, .*Install Go 1\.\d+/);
});

test('with an old Go the error says which one is needed', async () => {
  await writeFile(join(folder, 'go'), '#!/bin/sh\necho go1.19.8\n');
  await chmod(join(folder, 'go'), 0o755);
  const path = `${folder}:${process.env['PATH']}`;
  await expect(buildEtcd({ PATH: path })).rejects.toThrow(/need Go 1\.26\S*, here is 1\.19\.8/);
});

function buildEtcd(env: NodeJS.ProcessEnv = {}) {
  return run(process.execPath, [join(import.meta.dirname, 'build.ts'), 'etcd'], {
    env: { ...process.env, BALLAST_CACHE: folder, ...env },
  });
}
