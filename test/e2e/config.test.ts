// A wrong configuration is refused at the door: exit code 2, and a line that names file, line, key. A wrong
// call is exit code 1.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBallast } from './ballast.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-config-'));
});
beforeAll(async () => {
  await writeFile(join(folder, 'broken.kubeconfig'), 'a: [\n  b: {\n c: d\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const HEAD = 'environment: prod\nredis: {url: "redis://127.0.0.1:1"}\n';
const cluster = (name: string, more = ''): string =>
  `  - name: ${name}\n    kubeconfig: {path: ${name}.kubeconfig}\n    ingress: {nodes: a, port: 80${more}}\n`;

const CASES = [
  [
    'an unknown key',
    `${HEAD}clusters:\n${cluster('east', ', prt: 1')}`,
    6,
    'clusters[0].ingress.prt',
  ],
  [
    'a bad address',
    `${HEAD}apps:\n  list:\n    - name: shop\n      vms: [{address: "10.0.0.5"}]\n`,
    6,
    'apps.list[0].vms[0].address',
  ],
  [
    'two clusters of one name',
    `${HEAD}clusters:\n${cluster('east')}${cluster('east')}`,
    7,
    'clusters[1].name',
  ],
  [
    'an unreadable kubeconfig',
    `${HEAD}clusters:\n${cluster('east')}`,
    5,
    'clusters[0].kubeconfig.path',
  ],
  [
    'Sentinels beside a URL',
    'environment: prod\nredis:\n  url: redis://h\n  masterName: m\n  sentinels: ["redis://h"]\n',
    3,
    'redis.url',
  ],
  [
    'TLS keys without TLS',
    'environment: prod\nredis:\n  url: redis://h\n  tls: {ca: ca.pem}\n',
    4,
    'redis.tls',
  ],
  [
    'a user without password',
    'environment: prod\nredis:\n  url: redis://h\n  user: u\n',
    2,
    'redis.password',
  ],
  [
    'Sentinels of which some have TLS',
    'environment: prod\nredis:\n  masterName: m\n  sentinels:\n    - redis://a\n    - rediss://b\n',
    6,
    'redis.sentinels[1]',
  ],
  [
    'parameters in the URL of Redis',
    'environment: prod\nredis:\n  url: rediss://h/?tls=false\n',
    3,
    'redis.url',
  ],
  [
    'an unreadable file of authorities',
    'environment: prod\nredis:\n  url: rediss://h\n  tls:\n    ca: none.pem\n',
    5,
    'redis.tls.ca',
  ],
  ['a Redis URL that is none', 'environment: prod\nredis: {url: "redis://:::"}\n', 2, 'redis.url'],
  [
    'a service account outside a pod',
    `${HEAD}clusters:\n  - name: east\n    inCluster: true\n    ingress: {nodes: a, port: 80}\n`,
    5,
    'clusters[0].inCluster',
  ],
  [
    'a kubeconfig that is no YAML',
    `${HEAD}clusters:\n  - name: east\n    kubeconfig: {path: broken.kubeconfig}\n    ingress: {nodes: a, port: 80}\n`,
    5,
    'clusters[0].kubeconfig.path',
  ],
] as const;

for (const [name, text, line, key] of CASES) {
  test(`${name} is refused with file, line and key`, async () => {
    const file = join(folder, 'ballast.yaml');
    await writeFile(file, text);
    const { code, errors } = await runBallast(file);
    const lines = errors.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${file}:${line}: ${key}: `);
    expect(code).toBe(2);
  });
}

test.each([
  ['--log-level', 'foo'],
  ['--nope', ''],
])('%s %s is refused in words', async (...options) => {
  const file = join(folder, 'ballast.yaml');
  const { code, errors } = await runBallast(
    file,
    options.filter((option) => option !== ''),
  );
  expect(code).toBe(1);
  expect(errors).toContain(options[0]);
  expect(errors).not.toContain('    at ');
});
