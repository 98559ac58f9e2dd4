// The demo's fleet: three simulated clusters, ten apps, VMs, a private Redis, two nginx edges of two
// workers each, and Ballast itself in this process. Everything is on loopback, in a temporary folder
// and on ports that no second copy uses.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { startApp, type Running } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { startKeeper } from '../../test/controlplane/keeper.ts';
import { startEdge, type TestEdge } from '../../test/lua/edge.ts';
import { startRedis } from '../../test/lua/redis.ts';
import { SimulatedCluster } from '../../test/simulated/cluster.ts';
import { findFreePort } from '../../test/controlplane/ports.ts';
import { IngressNodesChild } from '../../test/simulated/ingress-nodes-child.ts';

const APPS = ['shop', 'cart', 'pay', 'search', 'login', 'mail', 'media', 'stock', 'tax', 'report'];
const WITH_VMS = ['shop', 'pay'];
/** Runs on one cluster only. */
const LONELY = 'report';

export interface DemoFleet {
  readonly clusters: readonly SimulatedCluster[];
  readonly edges: readonly TestEdge[];
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly url: string;
  readonly apps: readonly string[];
  /** Where servers can be from: the clusters, and `vm`. */
  readonly sources: readonly string[];
  /** The apps whose documents Redis holds now. */
  appsInRedis(): Promise<readonly string[]>;
  addIngressNode(cluster: number): void;
  close(): Promise<void>;
}

export const hostOf = (app: string): string => `${app}.example.com`;

export async function startDemoFleet(): Promise<DemoFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-demo-'));
  const keeper = startKeeper(folder);
  const subnet = 32 + (process.pid % 200);
  const addressOf = (cluster: number, node: number): string =>
    `127.${subnet}.${cluster + 1}.${node}`;
  const port = await findFreePort([0, 1, 2].flatMap((c) => [1, 2, 3].map((n) => addressOf(c, n))));
  const clusters = ['east', 'west', 'north'].map((name) => new SimulatedCluster({ name }));
  for (const [index, cluster] of clusters.entries()) {
    await cluster.start();
    for (const node of [1, 2]) {
      const name = `${cluster.name}-${node}`;
      cluster.setIngressNode({ name, address: addressOf(index, node) });
    }
    for (const [rank, app] of APPS.entries()) {
      if (app === LONELY && index > 0) continue;
      const pods = 4 + ((rank + index) % 5) * 2;
      cluster.setApp({ name: app, pods, hosts: [hostOf(app)], ingress: true });
    }
    await writeFile(join(folder, `${cluster.name}.kubeconfig`), cluster.api.kubeconfig());
  }
  const standIns = await new IngressNodesChild().start({
    clusters: clusters.map(({ name, api }) => {
      const access = { url: api.insideUrl, ca: api.ca, token: api.token };
      return { cluster: name, api: access, port };
    }),
    vms: WITH_VMS.map((name, index) => ({ name, address: `127.${subnet}.9.${index + 1}` })),
  });
  const redis = await startRedis({ persistence: 'aof' });
  const names = ['edge-1', 'edge-2'];
  const environment = 'demo';
  const edges = await Promise.all(
    names.map((name) => startEdge({ name, redisUrl: redis.url, environment })),
  );
  const ingress = {
    nodes: 'ingress=true',
    pods: { namespace: 'ingress', selector: 'app=ingress' },
  };
  const config = {
    environment,
    redis: { url: redis.url },
    clusters: clusters.map(({ name }) => ({
      name,
      kubeconfig: { path: `${name}.kubeconfig` },
      ingress: { ...ingress, port },
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    vms: { file: 'vms.yaml' },
    edges: edges.map(({ name, control }) => ({ name, control })),
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  };
  const vms = Object.fromEntries(WITH_VMS.map((name) => [name, [standIns.vms[name]]]));
  await writeFile(join(folder, 'vms.yaml'), stringify(vms));
  await writeFile(join(folder, 'ballast.yaml'), stringify(config));
  const stop = new AbortController();
  const log = pino({ level: 'warn' }, pino.destination(join(folder, 'ballast.log')));
  const loaded = loadConfig(join(folder, 'ballast.yaml'), {});
  const ballast: Running = await startApp(loaded, log, stop.signal);
  return {
    clusters,
    edges,
    redis,
    url: ballast.url,
    apps: APPS,
    sources: [...clusters.map(({ name }) => name), 'vm'],
    appsInRedis: () => appsIn(redis.url, environment),
    addIngressNode(index) {
      const name = clusters[index]?.name ?? '';
      clusters[index]?.setIngressNode({ name: `${name}-3`, address: addressOf(index, 3) });
    },
    async close() {
      stop.abort();
      await ballast.stopped;
      await Promise.all(edges.map((edge) => edge.close()));
      await redis.close();
      await standIns.close();
      for (const cluster of clusters) await cluster.stop();
      keeper.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A connection for each look: one that stays would hold commands back while Redis is away. */
async function appsIn(url: string, environment: string): Promise<readonly string[]> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const names = await client.hkeys(`{ballast:${environment}}:upstreams`);
    return names.filter((name) => APPS.includes(name));
  } finally {
    client.disconnect();
  }
}
