// What a command writes into a pipe comes whole, however much it is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
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

/** Until its first words have come. */
async function readLittleOf(...args: string[]) {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [errors] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { errors, code: child.exitCode };
}

test('a reader that goes ends it without a word', async () => {
  expect(await readLittleOf('import', file)).toEqual({ errors: '', code: 0 });
});

test('a watch too', async () => {
  let version = 0;
  // Weights that change whenever they are asked for.
  const api = createServer((request, response) => {
    version += 1;
    const isWeights = request.url?.includes('/weights') === true;
    response.setHeader('content-type', 'application/json').setHeader('etag', `"1-${version}"`);
    const upstreams = { shop: [{ address: '10.0.0.1:80', weight: version }] };
    response.end(JSON.stringify(isWeights ? { term: 1, version, upstreams } : { items: [] }));
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  onTestFinished(() => void api.close());
  const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  for (const command of [
    ['app', 'watch'],
    ['app', 'get', '--watch'],
  ]) {
    const ended = await readLittleOf(...command, '--server', server);
    expect([command, ended]).toEqual([command, { errors: '', code: 0 }]);
  }
});
