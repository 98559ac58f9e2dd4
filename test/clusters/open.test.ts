import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readKubeconfig } from '../../src/clusters/kubeconfig.ts';
import { openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import type { ClusterSettings } from '../../src/clusters/settings.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { eventually } from './watched-cluster.ts';
import { silentWorld } from '../controlplane/silent-world.ts';

let folder: string;
let simulated: SimulatedCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-open-'));
  simulated = await new SimulatedCluster({ name: 'east' }).start();
  simulated.setApp({ name: 'shop', pods: 2, hosts: ['shop.example.com'] });
});

afterAll(async () => {
  await simulated.stop();
  await rm(folder, { recursive: true });
});

async function open(kubeconfig: string | undefined, settings: Partial<ClusterSettings> = {}) {
  if (kubeconfig !== undefined) await writeFile(join(folder, 'k.yaml'), kubeconfig);
  const reader = await openKubernetesCluster(
    {
      name: 'east',
      kubeconfig: { path: kubeconfig === undefined ? 'absent.yaml' : 'k.yaml' },
      ingress: { nodes: 'ingress=true', port: 80 },
      ...settings,
    },
    { told: [], serviceLabel: 'ballast.io/app' },
    silentWorld(folder),
  );
  onTestFinished(() => reader.close());
  return reader;
}

interface Kubeconfig {
  users: { user: Record<string, unknown> }[];
  clusters: { cluster: Record<string, unknown> }[];
}

/** The simulated server's kubeconfig with something changed in it. */
function changed(change: (config: Kubeconfig) => void): string {
  const config = parse(simulated.api.kubeconfig()) as Kubeconfig;
  change(config);
  return stringify(config);
}

describe('a kubeconfig that is wrong is an error at once, with file and context', () => {
  test('no file', async () => {
    await expect(open(undefined)).rejects.toMatchObject({
      code: 'config-unreadable',
      message: expect.stringMatching(/east.*absent\.yaml.*ENOENT/),
    });
  });

  test.each([
    ['no YAML', '{', undefined, /k\.yaml/],
    ['no context', stringify({ clusters: [], users: [], contexts: [] }), undefined, /no context/],
    ['another context', undefined, 'west', /k\.yaml, context west: no context west/],
  ])('%s', async (_, text, context, message) => {
    const kubeconfig = { path: 'k.yaml', ...(context && { context }) };
    const opened = open(text ?? simulated.api.kubeconfig(), { kubeconfig });
    await expect(opened).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(message),
    });
  });

  test('a selector that is none', async () => {
    const opened = open(simulated.api.kubeconfig(), { ingress: { nodes: 'a in b', port: 80 } });
    await expect(opened).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

test('a token file is read, its line end is not sent, and a new token is taken on 401', async () => {
  const path = join(folder, 'token');
  await writeFile(path, `${simulated.api.token}\n`);
  const reader = await open(
    changed(({ users }) => {
      for (const { user } of users) {
        delete user['token'];
        user['tokenFile'] = 'token';
      }
    }),
  );
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  simulated.api.tokens.clear();
  simulated.api.tokens.add('another');
  reader.relist();
  await eventually(() => expect(reader.status().reason).toMatch(/HTTP 401/));
  await writeFile(path, 'another\n');
  await eventually(() => expect(reader.status().state).toBe('fresh'));
});

test('a kubeconfig with a new token is read anew on 401', async () => {
  simulated.api.tokens.add('second');
  const reader = await open(simulated.api.kubeconfig('second'));
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  simulated.api.tokens.delete('second');
  simulated.api.tokens.add('third');
  reader.relist();
  await eventually(() => expect(reader.status().reason).toMatch(/HTTP 401/));
  await writeFile(join(folder, 'k.yaml'), simulated.api.kubeconfig('third'));
  await eventually(() => expect(reader.status().state).toBe('fresh'));
});

test('a server with another certificate authority is unseen, in words', async () => {
  const other = await new SimulatedCluster({ name: 'other' }).start();
  onTestFinished(() => other.stop());
  const ca = Buffer.from(other.api.ca).toString('base64');
  const reader = await open(
    changed(({ clusters }) => {
      for (const { cluster } of clusters) cluster['certificate-authority-data'] = ca;
    }),
  );
  await eventually(() => expect(reader.status().reason).toMatch(/certificate/));
  expect(reader.status().state).toBe('unseen');
});

test('another way to the same cluster: a new connection, the same records', async () => {
  const reader = await open(simulated.api.kubeconfig());
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  const seen: unknown[] = [];
  reader.onDirty(() => seen.push([reader.status().state, reader.footprint('shop').pods]));
  const moved = changed(({ clusters }) => {
    for (const { cluster } of clusters) cluster['server'] = simulated.api.insideUrl;
  });
  const before = simulated.api.connections().open;
  const place = { name: 'east', folder };
  await reader.reload(async () => readKubeconfig(moved, undefined, place));
  await eventually(() => expect(simulated.api.connections().open).toBe(before - 1));
  simulated.scale('shop', 3);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(3));
  simulated.scale('shop', 2);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(2));
  expect(
    seen.filter((one) => !['["fresh",2]', '["fresh",3]'].includes(JSON.stringify(one))),
  ).toEqual([]);
});

test('a way that cannot be read is refused, and the last one stays', async () => {
  const reader = await open(simulated.api.kubeconfig());
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  const reload = reader.reload(async () => {
    throw new Error('broken');
  });
  await expect(reload).rejects.toThrow('broken');
  simulated.setApp({ name: 'late', pods: 1 });
  await eventually(() => expect(reader.footprint('late').pods).toBe(1));
});

describe('routes', () => {
  async function withFault(code: 403 | 404, resources: string[], settings = {}) {
    const cluster = await new SimulatedCluster({
      name: 'routes',
      enable: ['gateway.networking.k8s.io'],
    }).start();
    onTestFinished(() => cluster.stop());
    cluster.setApp({ name: 'led', pods: 1, hosts: ['led.example.com'] });
    cluster.setApp({ name: 'not-led', pods: 1 });
    if (resources.length > 0) await cluster.api.fault({ kind: 'status', code, resources });
    const reader = await open(cluster.api.kubeconfig(), settings);
    await eventually(() => expect(reader.status().state).toBe('fresh'));
    return reader;
  }

  test('all readable: an app that nothing leads to is not routed', async () => {
    const reader = await withFault(403, []);
    expect(reader.footprint('led').routed).toBe(true);
    expect(reader.footprint('not-led')).toMatchObject({
      routed: false,
      reason: { code: 'not-routed' },
    });
    expect(reader.status().reason).toBeUndefined();
  });

  test('HTTPRoutes not served at all: the Ingresses decide', async () => {
    const reader = await withFault(404, ['httproutes', 'gateways']);
    expect(reader.footprint('not-led').routed).toBe(false);
  });

  test.each([
    [403, 'ingresses'],
    [404, 'ingresses'],
    [403, 'httproutes'],
  ] as const)('%s on %s: not checked, and said so', async (code, resource) => {
    const reader = await withFault(code, [resource]);
    expect(reader.footprint('not-led')).toMatchObject({ pods: 1, routed: 'unchecked' });
  });

  test('403 is said in the status', async () => {
    const reader = await withFault(403, ['ingresses']);
    expect(reader.status()).toMatchObject({
      state: 'fresh',
      reason: expect.stringMatching(/not read: HTTP 403 on ingresses/),
    });
  });

  test('switched off', async () => {
    const reader = await withFault(403, [], { routed: 'off' });
    expect(reader.footprint('not-led')).toMatchObject({ pods: 1, routed: 'unchecked' });
  });
});

test('only the configured namespaces are listed', async () => {
  const cluster = await new SimulatedCluster({ name: 'spaces' }).start();
  onTestFinished(() => cluster.stop());
  cluster.setApp({ name: 'shop', pods: 2, namespace: 'prod' });
  cluster.setApp({ name: 'cart', pods: 2, namespace: 'shared' });
  cluster.setApp({ name: 'other', pods: 2, namespace: 'test' });
  const reader = await open(cluster.api.kubeconfig(), { namespaces: ['prod', 'shared'] });
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  expect([...reader.apps()].toSorted()).toEqual(['cart', 'shop']);
});
