// Values that people set together, and what the chart makes of them; Helm alone, no cluster.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCertificate } from '../simulated/certificate.ts';
import { build, type Built } from './build.ts';
import { CHART, HELMS, objectsOf, renderChart, runHelm } from './helms.ts';

const run = promisify(execFile);

const NEEDED = [
  'image',
  'image.repository',
  'replicas',
  'config',
  'config.environment',
  'api',
  'api.port',
  'api.ipFamily',
  'api.tls',
  'api.tls.existingSecret',
  'api.plaintext',
  'service',
  'serviceAccount',
  'rbac',
  'podDisruptionBudget',
  'podDisruptionBudget.minAvailable',
  'networkPolicy',
  'serviceMonitor',
  'serviceMonitor.token',
  'serviceMonitor.token.name',
  'serviceMonitor.token.key',
  'prometheusRule',
  'prometheusRule.runbooks',
  'dashboards',
];

let folder: string;
let built: Built;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-values-'));
  built = await build([...HELMS]);
}, 1_800_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function rendered(...values: string[]): Promise<KubernetesObject[]> {
  const text = await renderChart(
    built,
    'helm3',
    values.flatMap((value) => ['--set', value]),
  );
  return objectsOf(text);
}

const find = <T extends KubernetesObject>(objects: KubernetesObject[], kind: string): T =>
  objects.find((object) => object.kind === kind) as T;

it('of one replica there is no budget, which would let no node be drained', async () => {
  const kind = 'PodDisruptionBudget';
  expect(find(await rendered('replicas=1'), kind)).toBeUndefined();
  expect(find(await rendered('replicas=2'), kind)).toBeDefined();
});

it('Prometheus calls the job ballast, whatever the release is called', async () => {
  const monitor = find(await rendered('serviceMonitor.enabled=true'), 'ServiceMonitor');
  expect(monitor).toMatchObject({ spec: { jobLabel: 'app.kubernetes.io/name' } });
});

it.each([
  [false, 'config.clusters[0].inCluster=false'],
  [true, 'config.clusters[0].inCluster=true'],
  [true, 'config.clusterSources[0].secrets.inCluster=true'],
  [true, 'rbac.tokenReview=true'],
])('its pods have a token of their account: %s with %s', async (has, value) => {
  const { spec } = find<V1Deployment>(await rendered(value), 'Deployment');
  expect(spec?.template.spec?.automountServiceAccountToken).toBe(has);
});

it('says where a right is missing, and which Secret Prometheus wants', async () => {
  const values = 'config.clusters[0].inCluster=true,serviceMonitor.enabled=true';
  // Helm 3 wants a cluster for what Helm 4 renders without.
  const dry = ['install', 'edge', CHART, '--dry-run=client', '--set', values];
  const said = await runHelm(built, 'helm4', dry, { HOME: folder });
  expect(said).toContain('rbac gives no right: bind edge-ballast');
  expect(said).toContain('ballast-prometheus  token: a token of the role viewer');
});

it('lets its own test in where few may call', async () => {
  const objects = await rendered('networkPolicy.from[0].namespaceSelector.matchLabels.a=b');
  const { metadata } = find<V1Pod>(objects, 'Pod');
  const from = expect.arrayContaining([{ podSelector: { matchLabels: metadata?.labels } }]);
  expect(find(objects, 'NetworkPolicy')).toMatchObject({ spec: { ingress: [{ from }] } });
});

it.each([
  ['ballast.example.com', 'ballast.example.com', 0],
  ['ballast.example.com', 'other.example.com', 1],
])('its test knows a certificate of %s as %s: exit code %i', async (certified, name, code) => {
  const pair = createCertificate(certified, { names: [certified] });
  await using server = createServer(pair, (_, reply) => reply.end('ready'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ca = join(folder, 'ca.crt');
  await writeFile(ca, pair.cert);
  const [container] =
    find<V1Pod>(await rendered(`api.tls.serverName=${name}`), 'Pod').spec?.containers ?? [];
  const env = Object.fromEntries((container?.env ?? []).map((one) => [one.name, one.value]));
  const READY = `https://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`;
  const ended = await run(process.execPath, container?.args ?? [], {
    env: { ...env, READY, NODE_EXTRA_CA_CERTS: ca },
  }).then(
    ({ stdout }) => [0, stdout],
    (error: { readonly code: number; readonly stderr: string }) => [error.code, error.stderr],
  );
  expect(ended).toEqual([code, expect.stringContaining(code === 0 ? '200\nready' : 'altnames')]);
});

it.each([
  ['podLabels.app\\.kubernetes\\.io/name=x', 'podLabels'],
  ['rbac.clusterSecrets={a,a}', 'clusterSecrets'],
  ['podDisruptionBudget.minAvailable=one', 'minAvailable'],
])('refuses %s', async (value, said) => {
  for (const which of HELMS)
    await expect(renderChart(built, which, ['--set', value])).rejects.toThrow(said);
});

/** Each key of the chart, and of each map within; `config` is for Ballast to check. */
function keysOf(values: object, at: readonly string[] = []): string[][] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = [...at, key];
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [path, ...(isMap && key !== 'config' ? keysOf(value as object, path) : [])];
  });
}

const ALL_ON = ['serviceMonitor', 'prometheusRule', 'dashboards'].map(
  (one) => `${one}.enabled=true`,
);

it('what it cannot do without is missed by name where it is set to null; all else may be', async () => {
  const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as object;
  const missed: string[] = [];
  for (const path of [...keysOf(values), ['config', 'environment']]) {
    const key = path.join('.').replace('app.kubernetes', 'app\\.kubernetes');
    const text = await rendered(...ALL_ON, `${key}=null`).catch((error: Error) => error.message);
    if (typeof text !== 'string') continue;
    missed.push(key);
    // The schema says what is missing, a template what to name.
    expect(text, key).toMatch(new RegExp(`schema[\\s\\S]*'${path.at(-1)}'|: ${key}: name`));
  }
  expect(missed.toSorted()).toEqual(NEEDED.toSorted());
});
