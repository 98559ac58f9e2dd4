// README's walk-through, word for word, on two real control planes, with all ports as they are there: in
// a network of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { build } from '../controlplane/build.ts';

// Where they are missing: Go has no way out of that network.
beforeAll(() => build(['etcd', 'kwok', 'kubernetes', 'kubectl']), 1_800_000);

it('two kubeconfigs and an edge lead to traffic by the weights of the rule', async () => {
  const program = join(import.meta.dirname, 'first-steps.ts');
  const script = 'ip link set lo up && exec "$0" "$1"';
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--net', 'sh', '-c', script, process.execPath, program],
    { maxBuffer: 1 << 24 },
  );
  expect(stdout).toContain('cluster east: ok');
  expect(stdout).toContain('6 pods * 10 / 1 ingress node');
  expect(stdout).toMatch(/127\.9\.1\.1:30080 +.*60/);
  expect(stdout).toMatch(/127\.9\.2\.1:30080 +.*20/);
  // The answer of an ingress node.
  expect(stdout).toMatch(/"?cluster"?[:= ]+"?(east|west)/);
  expect(stdout).toContain('rights: yes yes no no\n');
  expect(stdout).toContain('users: ballast-reader of 1\n');
  expect(stdout.split('after a change:')[1]).toMatch(/127\.9\.1\.1:30080 +.*90/);
}, 600_000);
