// What a command writes into a pipe comes whole, however much it is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from './run.ts';

const MANY = 3000;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-pipe-'));
  file = join(folder, 'nginx.conf');
  const upstreams = Array.from({ length: MANY }, (_, at) => {
    return `upstream app-${at} { server 10.0.${at >> 8}.${at & 255}:80; }`;
  });
  await writeFile(file, `events {}\nhttp {\n${upstreams.join('\n')}\n}\n`);
});
afterAll(async () => rm(folder, { recursive: true }));

test('more than a pipe takes at once', async () => {
  const { code, out } = await call(['import', file]);
  expect(code).toBe(0);
  expect(out.length).toBeGreaterThan(200_000);
  expect(out.match(/^app-\d+ /gm)).toHaveLength(MANY);
});

test('a reader that goes ends it without a word', async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'import', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [errors] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([errors, child.exitCode]).toEqual(['', 0]);
});
