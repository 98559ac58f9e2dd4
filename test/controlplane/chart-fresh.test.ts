// The chart on clusters that have never seen it: one without IPv4, and one each for README’s commands.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Service } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCertificate } from '../simulated/certificate.ts';
import { build, type Built } from './build.ts';
import { startCluster } from './cluster.ts';
import { HELMS, objectsOf, renderChart } from './helms.ts';
import { node } from './objects.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let folder: string;
let built: Built;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-fresh-'));
  built = await build([...HELMS, 'kubectl']);
}, 1_800_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

it('where there is no IPv4 it is taken too, and its Service has an address', async () => {
  const flags = ['--service-cluster-ip-range=fd00:96::/112', '--advertise-address=::1'];
  await using six = await startCluster({ name: 'six', apiServerFlags: flags });
  const metadata = { name: 'ballast' };
  await six.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
  const own = 'service.ipFamilyPolicy=SingleStack,service.ipFamilies={IPv6}';
  for (const values of [own, 'service.ipFamilyPolicy=PreferDualStack', 'replicas=1']) {
    const text = await renderChart(built, 'helm3', [
      '--no-hooks',
      '--set',
      `api.ipFamily=IPv6,${values}`,
    ]);
    await six.admin.apply(...objectsOf(text));
    const ref = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, namespace: 'ballast' },
    };
    const { spec } = await six.admin.get<V1Service>(ref);
    expect(spec?.clusterIPs?.join(), values).toMatch(/^fd00:96:[^,]*$/);
    await six.admin.remove(ref);
  }
});

it.each(HELMS)('README’s commands install it, word for word, by %s', async (which) => {
  await using fresh = await startCluster({ name: 'fresh' });
  await fresh.admin.create(node({ name: 'fresh-1' }));
  const home = await mkdtemp(join(folder, 'readme-'));
  const { cert, key } = createCertificate('ballast.ballast.svc');
  const files = {
    'tls.crt': cert,
    'tls.key': key,
    'east.kubeconfig': '{}',
    'access.yaml': '{}',
    'forward.key': 'not-a-secret-of-anybody',
    'values.yaml': 'config: {environment: prod}\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  await symlink(join(ROOT, 'deploy'), join(home, 'deploy'));
  await symlink(join(built[which] ?? '', which), join(home, 'helm'));
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const told = readme.split('\n### Where it runs\n')[1]?.split('\n### ')[0] ?? '';
  const commands = told
    .split('\n')
    .filter((line) => line.startsWith('      '))
    .join('\n');
  expect(commands).toContain('helm install ballast deploy/chart');
  const PATH = `${home}:${built['kubectl']}:${process.env['PATH'] ?? ''}`;
  const env = { PATH, HOME: home, KUBECONFIG: fresh.adminKubeconfig };
  const { stdout } = await run('bash', ['-exc', commands], { cwd: home, env });
  expect(stdout).toContain('kubectl -n ballast rollout status deployment/ballast');
  const rollout = 'kubectl -n ballast rollout status deployment/ballast --timeout 60s';
  await run('bash', ['-exc', rollout], { cwd: home, env });
});
