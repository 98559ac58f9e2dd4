// The chart and the plain manifests on a real control plane: both Helms render the same, kubeconform
// knows every field of it, the API server admits it under the restricted Pod Security level, and it is
// installed, upgraded and removed.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject, V1Deployment, V1Pod, V1Service } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { build, type Built } from './build.ts';
import { ApiError } from './client.ts';
import { startCluster, type ControlPlane } from './cluster.ts';
import { CHART, HELMS, objectsOf, renderChart, runHelm, type Helm } from './helms.ts';
import { node } from './objects.ts';
import { writeSchemas } from './openapi-schemas.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const MANIFESTS = join(ROOT, 'deploy', 'manifests');
const OPERATOR = join(ROOT, 'deploy', 'monitoring', 'prometheus-operator', 'prometheus.yaml');

/** Everything that is off by default. */
const FULL = [
  ...['serviceMonitor.enabled=true', 'prometheusRule.enabled=true', 'dashboards.enabled=true'],
  ...['rbac.watch=true', 'rbac.tokenReview=true', 'rbac.clusterSecrets={fleet}'],
  'rbac.events=fleet',
  ...['priorityClassName=system-cluster-critical', 'podLabels.team=edge', 'api.port=9443'],
  ...['networkPolicy.from[0].namespaceSelector.matchLabels.team=edge', 'nodeSelector.disk=ssd'],
  ...['extraEnv[0].name=HTTPS_PROXY', 'extraEnv[0].value=http://proxy.example.com:3128'],
].flatMap((value) => ['--set', value]);

/** By which its standbys know the leader, whatever address it has. */
const BY_NAME = { serverName: 'ballast.ballast.svc' };

let folder: string;
let built: Built;
let plane: ControlPlane;

const helm = (which: Helm, ...args: string[]): Promise<string> =>
  runHelm(built, which, args, { HOME: folder, KUBECONFIG: plane.adminKubeconfig });

const render = (which: Helm, ...args: string[]): Promise<string> => renderChart(built, which, args);

/** prometheus-operator's own definitions, from its Go module. */
async function definitions(): Promise<KubernetesObject[]> {
  const cwd = join(ROOT, 'test', 'deploy', 'prometheus-operator');
  const module = 'github.com/prometheus-operator/prometheus-operator';
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd });
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  const crds = join(Dir, 'example', 'prometheus-operator-crd');
  const kinds = ['prometheuses', 'prometheusrules', 'servicemonitors'];
  const texts = kinds.map((kind) =>
    readFile(join(crds, `monitoring.coreos.com_${kind}.yaml`), 'utf8'),
  );
  return (await Promise.all(texts)).map((text) => parse(text) as KubernetesObject);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-chart-'));
  built = await build([...HELMS, 'kubeconform']);
  plane = await startCluster({ name: 'home' });
  await plane.admin.create(node({ name: 'home-1' }));
  await plane.admin.apply(...(await definitions()));
  for (const name of ['fleet', 'monitoring'])
    await plane.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await until('the kinds of prometheus-operator are served', () =>
    plane.admin
      .list({ apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus' })
      .then(() => true),
  );
}, 1_800_000);

afterAll(async () => {
  await plane?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the chart', () => {
  it.each(HELMS)('passes lint by %s', async (which) => {
    const said = await helm(which, 'lint', '--strict', CHART, ...FULL);
    expect(said).toContain('0 chart(s) failed');
  });

  it('is of the version that package.json has', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as object;
    expect(chart).toMatchObject({ version, appVersion: version });
  });

  it.each([['its defaults', []] as const, ['everything', FULL] as const])(
    'is the same by both Helms with %s',
    async (_, values) => {
      const [three, four] = await Promise.all(
        HELMS.map(async (which) => objectsOf(await render(which, ...values))),
      );
      const key = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata?.name}`;
      const sorted = (list: KubernetesObject[] = []) =>
        list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      expect(sorted(three)).toEqual(sorted(four));
    },
  );

  it.each([
    ['repliicas=2', 'repliicas'],
    ['api.tls.existingSecret=', 'api.tls.existingSecret'],
    ['config.api.listen=0.0.0.0:1', 'config'],
    ['image.digest=latest', 'digest'],
    ['api.ipFamily=6', 'ipFamily'],
    ['service.ipFamilies={IPv5}', 'ipFamilies'],
  ])('refuses %s', async (value, said) => {
    for (const which of HELMS) await expect(render(which, '--set', value)).rejects.toThrow(said);
  });

  it.each([
    [
      'its defaults',
      [],
      { listen: '0.0.0.0:8443', address: 'https://10.0.0.7:8443', forward: BY_NAME },
      '10.0.0.7',
    ],
    [
      'IPv6 alone',
      ['--set', 'api.ipFamily=IPv6,service.ipFamilyPolicy=SingleStack,service.ipFamilies={IPv6}'],
      { listen: '[::]:8443', address: 'https://[fd00::7]:8443', forward: BY_NAME },
      'fd00::7',
    ],
    [
      'both, IPv6 first, in plain text',
      ['--set', 'api.ipFamily=IPv6,api.plaintext=true,service.ipFamilyPolicy=PreferDualStack'],
      { listen: '[::]:8443', address: 'http://[fd00::7]:8443' },
      'fd00::7',
    ],
  ] as const)('has a configuration that Ballast takes with %s', async (_, values, api, ip) => {
    const objects = objectsOf(await render('helm3', ...values));
    const find = <T extends KubernetesObject>(kind: string): T =>
      objects.find((object) => object.kind === kind) as T;
    const { data } = find<KubernetesObject & { data: Record<string, string> }>('ConfigMap');
    const file = join(folder, 'ballast.yaml');
    await writeFile(file, data['ballast.yaml'] ?? '');
    const [container] = find<V1Deployment>('Deployment').spec?.template.spec?.containers ?? [];
    const set = (container?.env ?? []).flatMap(({ name, value }) =>
      value === undefined ? [] : [[name, value.replace('$(POD_IP)', ip)] as const],
    );
    const args = [join(ROOT, 'src', 'main.ts'), 'config', 'print', '--config', file];
    const { stdout } = await run(process.execPath, args, { env: Object.fromEntries(set) });
    expect(parse(stdout)).toMatchObject({ api });
    // Kubelets ask the pod's first address, whatever it is: the probes name none.
    const probes = [container?.livenessProbe, container?.readinessProbe, container?.startupProbe];
    expect(probes.map((probe) => probe?.httpGet?.host)).toEqual([undefined, undefined, undefined]);
    const service = find<V1Service>('Service');
    const families = values.join().includes('SingleStack') ? ['IPv6'] : undefined;
    expect(service.spec?.ipFamilies).toEqual(families);
  });

  it('watches by the rules that are published', async () => {
    const rules = async (text: string): Promise<unknown> =>
      objectsOf(text)
        .filter(({ kind }) => kind === 'ClusterRole')
        .map((role) => (role as unknown as { rules: unknown }).rules);
    const published = await readFile(join(MANIFESTS, 'cluster-role-reader.yaml'), 'utf8');
    expect(await rules(await render('helm3', ...FULL))).toEqual(await rules(published));
  });
});

describe('the plain manifests', () => {
  it('are the chart’s', async () => {
    const env = { ...process.env, HELM: join(built['helm3'] ?? '', 'helm3') };
    const { stdout } = await run('sh', [join(MANIFESTS, 'render.sh')], { env });
    const file = await readFile(join(MANIFESTS, 'ballast.yaml'), 'utf8');
    expect(objectsOf(file), 'make it anew by render.sh').toEqual(objectsOf(stdout));
  });

  it('and all that is rendered have no field that the API server does not know', async () => {
    const location = await writeSchemas(plane.admin, join(folder, 'schemas'));
    const full = join(folder, 'full.yaml');
    await writeFile(full, await render('helm3', ...FULL));
    const names = (await readdir(MANIFESTS)).filter((name) => name.endsWith('.yaml'));
    const files = [...names.map((name) => join(MANIFESTS, name)), full, OPERATOR];
    const check = (...more: string[]): Promise<{ stdout: string }> =>
      run(join(built['kubeconform'] ?? '', 'kubeconform'), [
        ...['-strict', '-summary', '-schema-location', location],
        ...more,
      ]).catch((error: { readonly stdout: string }) => error);
    const { stdout } = await check(...files);
    expect(stdout).toMatch(/Valid: [2-9]\d, Invalid: 0, Errors: 0, Skipped: 0/);
    const wrong = join(folder, 'wrong.yaml');
    await writeFile(wrong, (await readFile(full, 'utf8')).replace('replicas: 2', 'repliicas: 2'));
    expect((await check(wrong)).stdout).toContain("'repliicas'");
  });
});

describe('on a real control plane', () => {
  it('everything is taken by a server-side dry run, and then for real', async () => {
    const texts = (await readdir(MANIFESTS)).filter((name) => name.endsWith('.yaml'));
    const all = await Promise.all(
      [...texts.map((name) => join(MANIFESTS, name)), OPERATOR].map((file) =>
        readFile(file, 'utf8'),
      ),
    );
    for (const name of ['ballast', 'prod'])
      await plane.admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const objects = all.flatMap(objectsOf);
    await plane.admin.dryRun(...objects);
    await plane.admin.apply(...objects);
    await deployed('ballast', 2);
  });

  const deployed = (name: string, replicas: number): Promise<unknown> =>
    until(
      `${name} has ${replicas} pods`,
      async () => {
        const metadata = { name, namespace: 'ballast' };
        const found = await plane.admin.get<V1Deployment>({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata,
        });
        const { updatedReplicas, readyReplicas, observedGeneration } = found.status ?? {};
        const isSeen = observedGeneration === found.metadata?.generation;
        return isSeen && updatedReplicas === replicas && readyReplicas === replicas;
      },
      120_000,
    );

  it('its namespace lets nothing in that is not restricted', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'loose', namespace: 'ballast' },
      spec: { containers: [{ name: 'loose', image: 'loose' }] },
    };
    await expect(plane.admin.create(pod)).rejects.toThrow(ApiError);
    const pods = await plane.admin.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod' }, 'ballast');
    expect(pods.length).toBeGreaterThanOrEqual(2);
  });

  it('Helm 3 installs it, Helm 4 upgrades it, puts it back and removes it', async () => {
    const full = ['-n', 'ballast', '--wait', '--timeout', '120s', ...FULL];
    const plain = full.filter((_, index) => full[index + 1] !== 'nodeSelector.disk=ssd');
    const values = plain.filter((value) => value !== 'nodeSelector.disk=ssd');
    const said = await helm('helm3', 'install', 'edge', CHART, ...values);
    expect(said).toContain('Ballast 0.1.0 is installed as edge-ballast in ballast');
    await deployed('edge-ballast', 2);
    await helm('helm4', 'upgrade', 'edge', CHART, ...values, '--set', 'replicas=3');
    await deployed('edge-ballast', 3);
    await helm('helm4', 'rollback', 'edge', '1', '-n', 'ballast', '--wait');
    await deployed('edge-ballast', 2);
    await helm('helm4', 'uninstall', 'edge', '-n', 'ballast', '--wait');
    const query = 'labelSelector=app.kubernetes.io%2Finstance%3Dedge';
    await until('it is gone', async () => {
      const kinds = { apiVersion: 'apps/v1', kind: 'Deployment' };
      return (await plane.admin.list(kinds, 'ballast', query)).length === 0;
    });
  });
});
