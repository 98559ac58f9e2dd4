// All kinds of sources side by side, on simulated clusters, as a configuration names and renames them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import { readOrders } from '../../src/clusters/named-orders.ts';
import { createRegistry } from '../../src/clusters/registry.ts';
import { runSources } from '../../src/clusters/sources.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { makeFolder } from './open-link.ts';
import { eventually } from './watched-cluster.ts';

const INGRESS = { nodes: 'ingress=true', port: 80 };

async function start(name: string, pods: number): Promise<SimulatedCluster> {
  const cluster = await new SimulatedCluster({ name }).start();
  onTestFinished(() => cluster.stop());
  cluster.setIngressNode({ name: `${name}-1`, address: '10.0.0.1' });
  cluster.setApp({ name: 'shop', pods, hosts: ['shop.example.com'] });
  return cluster;
}

function putSecret(home: SimulatedCluster, name: string, data: Record<string, string>): void {
  const argo = 'server' in data;
  const labels = argo ? { 'argocd.argoproj.io/secret-type': 'cluster' } : { fleet: 'yes' };
  const encoded = Object.entries(data).map(([key, text]) => [key, btoa(text)]);
  home.api.put('secrets', {
    metadata: { name, namespace: argo ? 'argocd' : 'fleet', labels },
    data: Object.fromEntries(encoded),
  } as never);
}

async function startSources(baseFolder: string) {
  const world = {
    baseFolder,
    clock: systemClock,
    wall: () => new Date(),
    random: Math.random,
    environment: {},
    log: pino({ level: 'silent' }),
  };
  const apps = { told: [], serviceLabel: 'ballast.io/app' };
  const registry = createRegistry({
    open: ({ settings, load }) => openKubernetesCluster(settings, apps, world, load),
    log: world.log,
  });
  const sources = runSources(registry, world);
  onTestFinished(async () => {
    await sources.close();
    await registry.close();
  });
  return { registry, sources, world };
}

test('files, a folder, Secrets and Argo CD at once; what is no longer named goes', async () => {
  const folder = await makeFolder();
  const home = await start('home', 1);
  const [east, west, north] = [
    await start('east', 2),
    await start('west', 3),
    await start('north', 4),
  ];
  await writeFile(join(folder, 'home.kubeconfig'), home.api.kubeconfig());
  putSecret(home, 'east-kubeconfig', { value: east.api.kubeconfig() });
  const tlsClientConfig = { caData: btoa(west.api.ca) };
  putSecret(home, 'cluster-west', {
    name: 'west',
    server: west.api.url,
    config: JSON.stringify({ bearerToken: west.api.token, tlsClientConfig }),
  });
  const inner = await makeFolder();
  await writeFile(join(inner, 'north'), north.api.kubeconfig());

  const kubeconfig = { path: join(folder, 'home.kubeconfig') };
  const clusters = [{ name: 'home', kubeconfig, ingress: INGRESS }];
  const fromFolder = { folder: { path: inner }, ingress: INGRESS };
  const fromSecrets = {
    secrets: { kubeconfig, namespace: 'fleet', selector: 'fleet=yes' },
    ingress: INGRESS,
  };
  const fromArgo = { argocd: { kubeconfig, namespace: 'argocd' }, ingress: INGRESS };
  const { registry, sources, world } = await startSources(folder);
  const clusterSources = [fromFolder, fromSecrets, fromArgo];
  await sources.configure({ clusters, clusterSources });
  // Files are in when it returns.
  expect(
    registry
      .readers()
      .map(({ name }) => name)
      .slice(0, 2),
  ).toEqual(['home', 'north']);
  const counts = () =>
    Object.fromEntries(
      registry.readers().map((one) => [one.name, [one.status().state, one.footprint('shop').pods]]),
    );
  // A command that comes and goes sees the same.
  const once = await readOrders({ clusters, clusterSources }, world, 20_000);
  expect(once.trouble).toEqual([]);
  expect(once.orders.map(({ settings }) => settings.name)).toEqual([
    'home',
    'north',
    'east',
    'west',
  ]);
  await eventually(() =>
    expect(counts()).toEqual({
      home: ['fresh', 1],
      north: ['fresh', 4],
      east: ['fresh', 2],
      west: ['fresh', 3],
    }),
  );
  expect(
    registry.sources().map(({ source, clusters: own }) => [source.split(' ')[0], own]),
  ).toEqual([
    ['clusters', ['home']],
    ['folder', ['north']],
    ['secrets', ['east']],
    ['argocd', ['west']],
  ]);

  const kept = registry.readers().find(({ name }) => name === 'east');
  const ingress = { ...INGRESS, port: 81 };
  await sources.configure({ clusters, clusterSources: [{ ...fromFolder, ingress }, fromSecrets] });
  expect(registry.readers().map(({ name }) => name)).toEqual(['home', 'north', 'east']);
  expect(registry.readers().at(-1)).toBe(kept);
  await eventually(() =>
    expect(registry.readers()[1]?.status().ingressNodes[0]?.address).toBe('10.0.0.1:81'),
  );
});

test('a home whose kubeconfig cannot be read is named, and the others are there', async () => {
  const folder = await makeFolder();
  const east = await start('east', 2);
  await writeFile(join(folder, 'east'), east.api.kubeconfig());
  const kubeconfig = { path: join(folder, 'nowhere') };
  const { registry, sources } = await startSources(folder);
  await sources.configure({
    clusters: [],
    clusterSources: [
      { argocd: { kubeconfig, namespace: 'argocd' }, ingress: INGRESS },
      { folder: { path: folder }, ingress: INGRESS },
    ],
  });
  expect(registry.readers().map(({ name }) => name)).toEqual(['east']);
  await eventually(() => expect(registry.sources()[1]?.trouble[0]).toMatch(/nowhere.*ENOENT/));
});
