// `ballast fanout plan` as a user runs it, against two simulated clusters.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Plan } from '../../src/fanout/plan/plan.ts';
import { sealingBy, sealed } from '../../src/fanout/plan/seal.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

// Each test starts the program several times, which takes what the machine gives.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let east: SimulatedApiServer;
let west: SimulatedApiServer;

const CONFIG_MAP = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { a: '1' },
};
const SPEC = {
  replicas: 6,
  selector: { matchLabels: { app: 'shop' } },
  template: {
    metadata: { labels: { app: 'shop' } },
    spec: { containers: [{ name: 'shop', image: 'shop' }] },
  },
};
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop' },
  spec: SPEC,
};
const FANOUT = {
  apiVersion: 'ballast.io/v1',
  kind: 'FanOut',
  metadata: { name: 'release' },
  spec: {
    objects: 'all',
    clusters: [{ labels: { tier: 'prod' } }],
    replicas: { weights: { east: 2, west: 1 } },
  },
};
const OURS = { labels: { 'ballast.io/fan-out': 'release' } };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-fanout-'));
  east = await new SimulatedApiServer({ name: 'east' }).start();
  west = await new SimulatedApiServer({ name: 'west' }).start();
  const clusters = [east, west].map((api, index) => {
    const name = index === 0 ? 'east' : 'west';
    return {
      name,
      kubeconfig: { path: `${name}.kubeconfig` },
      labels: { tier: 'prod' },
      ingress: { nodes: 'a=b', port: 80 },
    };
  });
  await writeFile(join(folder, 'east.kubeconfig'), east.kubeconfig());
  await writeFile(join(folder, 'west.kubeconfig'), west.kubeconfig());
  const config = { environment: 'plan', redis: { url: 'redis://127.0.0.1:1' }, clusters };
  await writeFile(join(folder, 'ballast.yaml'), stringify(config));
  for (const api of [east, west]) api.put('namespaces', { metadata: { name: 'default' } });
});
afterAll(async () => {
  await east?.stop();
  await west?.stop();
  await rm(folder, { recursive: true });
});

const plan = (documents: readonly object[], options: readonly string[] = []) =>
  run(['plan'], documents, options);

async function run(
  command: readonly string[],
  documents: readonly object[],
  options: readonly string[] = [],
) {
  const file = join(folder, 'stream.yaml');
  await writeFile(file, documents.map((one) => stringify(one)).join('---\n'));
  const args = [MAIN, 'fanout', ...command, '-f', file, ...options];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  let text = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text, errors };
}

const online = (): string[] => ['--config', join(folder, 'ballast.yaml')];

async function entries(documents: readonly object[], options: readonly string[] = []) {
  const { code, text, errors } = await plan(documents, [...online(), '-o', 'json', ...options]);
  expect(errors).toBe('');
  const { entries: all, faults } = JSON.parse(text) as Plan;
  const shown = all.map(({ cluster, action, key, replicas }) => {
    const [kind, , , name] = key.split('|');
    return [cluster, action, `${kind}/${name}`, ...(replicas ? [replicas.after] : [])].join(' ');
  });
  return { code, shown, faults };
}

test('what is not there yet is created, by weight', async () => {
  expect(await entries([FANOUT, CONFIG_MAP, DEPLOYMENT])).toEqual({
    code: 2,
    faults: [],
    shown: [
      'east create ConfigMap/settings',
      'east create Deployment/shop 4',
      'west create ConfigMap/settings',
      'west create Deployment/shop 2',
    ],
  });
});

test('with api.forward.key of the configuration a Secret is marked under it', async () => {
  const config = parse(await readFile(join(folder, 'ballast.yaml'), 'utf8')) as object;
  const keyed = join(folder, 'keyed.yaml');
  const forward = { key: { file: 'forward.key' } };
  await writeFile(keyed, stringify({ ...config, api: { forward } }));
  const key = 'k'.repeat(64);
  await writeFile(join(folder, 'forward.key'), `${key}\n`);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key', namespace: 'default' },
    data: { a: 'cGxhbnRlZA==' },
  };
  const { text } = await plan([FANOUT, secret], ['--config', keyed, '-o', 'json']);
  const [entry] = (JSON.parse(text) as Plan).entries;
  expect(entry?.object?.['data']).toEqual(sealed(secret, sealingBy(key))['data']);
  expect(text).toContain('sealed:hmac-sha256:');
});

test('what is as it should be is no change; what left is kept, or pruned; what others made is refused', async () => {
  const put = (api: SimulatedApiServer, name: string, metadata: object): unknown =>
    api.put('configmaps', {
      metadata: { name, namespace: 'default', ...metadata },
      data: { a: '1' },
    });
  put(east, 'settings', OURS);
  put(west, 'settings', OURS);
  put(west, 'left', OURS);
  expect(await entries([FANOUT, CONFIG_MAP])).toMatchObject({
    code: 0,
    shown: [
      'east none ConfigMap/settings',
      'west none ConfigMap/settings',
      'west keep ConfigMap/left',
    ],
  });
  expect(await entries([FANOUT, CONFIG_MAP], ['--prune'])).toMatchObject({
    code: 2,
    shown: expect.arrayContaining(['west delete ConfigMap/left']) as unknown,
  });
  put(west, 'settings', {});
  const { code, faults } = await entries([FANOUT, CONFIG_MAP]);
  expect({ code, faults }).toEqual({
    code: 5,
    faults: ['west: ConfigMap settings is someone else’s: adopt it, or leave it out'],
  });
});

test('a cluster that does not answer is not read, one that does not serve a kind is told', async () => {
  const { clear } = await west.fault({ kind: 'status', code: 503 });
  try {
    const { code, shown } = await entries([FANOUT, CONFIG_MAP]);
    expect({ code, shown }).toEqual({
      code: 2,
      shown: ['east none ConfigMap/settings', 'west unread ConfigMap/settings'],
    });
  } finally {
    await clear();
  }
  const rollout = { ...DEPLOYMENT, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
  const { faults } = await entries([FANOUT, rollout]);
  expect(faults).toEqual([
    'east: Rollout of argoproj.io/v1alpha1 is not served there',
    'west: Rollout of argoproj.io/v1alpha1 is not served there',
  ]);
});

test('a division that keeps what runs asks the pods where not all are ready', async () => {
  const annotations = {
    'federation.kubernetes.io/deployment-preferences': '{"clusters": {"*": {"weight": 1}}}',
  };
  const deployment = { ...DEPLOYMENT, metadata: { name: 'kept', annotations } };
  const labels = { app: 'kept' };
  const spec = { ...SPEC, replicas: 5, selector: { matchLabels: labels } };
  east.put('deployments', {
    metadata: { name: 'kept', namespace: 'default' },
    spec,
    status: { readyReplicas: 1 },
  });
  for (let index = 0; index < 5; index += 1) {
    const ready = { type: 'Ready', status: index < 4 ? 'True' : 'False' };
    const metadata = { name: `kept-${index}`, namespace: 'default', labels };
    east.put('pods', { metadata, spec: {}, status: { phase: 'Running', conditions: [ready] } });
  }
  expect(await entries([deployment], ['--adopt', '--name', 'release'])).toMatchObject({
    shown: expect.arrayContaining([
      'east update Deployment/kept 4',
      'west create Deployment/kept 2',
    ]) as unknown,
  });
});

test('faults of the files come one a line, and nothing is planned', async () => {
  const wrong = { ...CONFIG_MAP, metadata: { name: 'x', labels: { on: true } } };
  const { code, text, errors } = await plan([wrong, CONFIG_MAP], online());
  expect({ code, text }).toEqual({ code: 1, text: '' });
  expect(errors.trim().split('\n')).toEqual([
    expect.stringMatching(
      /stream\.yaml:5: document 1: metadata\.labels\.\w+: must be a text; put it in quotes$/,
    ),
    expect.stringMatching(/stream\.yaml:10: document 2: no policy, annotation or FanOut says/),
  ]);
});

test('a list of clusters is enough to look at a plan', async () => {
  const list = join(folder, 'clusters.yaml');
  await writeFile(list, 'clusters: [east]\n');
  expect(await plan([FANOUT, CONFIG_MAP], ['--clusters', list])).toMatchObject({
    code: 1,
    errors: expect.stringContaining('clusters.yaml: must be a list of clusters'),
  });
  await writeFile(
    list,
    '- east\n- {name: west, labels: {tier: prod}}\n- {name: north, label: {}}\n',
  );
  const wrong = await plan([FANOUT, CONFIG_MAP], ['--clusters', list]);
  expect(wrong.errors).toMatch(/clusters\.yaml:3: \[2\]\.label: unknown key; known here: name/);
  await writeFile(list, '- east\n- {name: west, labels: {tier: prod}}\n');
  const { code, text } = await plan([FANOUT, CONFIG_MAP], ['--clusters', list]);
  expect(code).toBe(2);
  expect(text).toContain('west:\n  ? ConfigMap/default/settings (unread)\n');
  expect(text).toContain('not east: not selected');
});

test('the rule behind a number, by the name of an object', async () => {
  const { code, text } = await run(['explain', 'shop'], [FANOUT, DEPLOYMENT], online());
  expect(code).toBe(0);
  expect(text).toContain('Deployment/default/shop, by FanOut release: 6 of 6 replicas\n  rule: ');
  expect(text).toMatch(/\n {2}east: 4 \(create\)\n {6}/);
  const none = await run(['explain', 'cart'], [FANOUT, DEPLOYMENT], online());
  expect(none).toMatchObject({ code: 3, errors: expect.stringContaining('it has: Deployment/') });
});
