// A whole fleet on loopback: simulated clusters with truthful ingress node stand-ins, a real Redis,
// real nginx edges, and Ballast as a process.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, freePorts } from '../controlplane/ports.ts';
import { listText, tokenOf } from '../api/access.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';

import { IngressFleet } from '../simulated/ingress-node.ts';
import { startBallast, type TestBallast } from './ballast.ts';

export interface Fleet {
  /** Where its files are. */
  readonly folder: string;
  readonly clusters: readonly SimulatedCluster[];
  readonly edges: readonly TestEdge[];
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  /** Of an ingress node, both counted from 1, as edges hold it. */
  address(cluster: number, node: number): string;
  /** The ingress nodes of a cluster, counted from 1, refuse connections from now on. */
  breakIngress(cluster: number): Promise<void>;
  ballast: TestBallast;
  restartBallast(): Promise<void>;
  /** One more, which stands by; whoever starts it ends it. */
  startStandby(): Promise<TestBallast>;
  close(): Promise<void>;
}

const NAMES = ['east', 'west'];

/** Weights arrive whole: most tests are not about the way there. */
const NO_RAMPS = { weights: { ramp: { seconds: 0 } } };

/** What is there before Ballast is. */
export interface Place extends Pick<Fleet, 'folder' | 'clusters' | 'edges' | 'redis'> {
  /** What the configuration says of them without more. */
  readonly orders: readonly object[];
}

/**
 * Two clusters of two ingress nodes (127.SUBNET.N.M), two edges. `api`: edges that reach only the
 * controller, which reaches none of them. `keys`: more of the configuration.
 */
export async function startFleet(
  subnet: number,
  source: 'redis' | 'api' = 'redis',
  keys: object | ((place: Place) => Promise<object>) = NO_RAMPS,
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-e2e-'));
  const addressOf = (cluster: number, node: number): string => `127.${subnet}.${cluster}.${node}`;
  const addresses = [1, 2].flatMap((c) => [1, 2, 3].map((n) => addressOf(c, n)));
  const port = await findFreePort(addresses);
  const clusters = NAMES.map((name) => new SimulatedCluster({ name }));
  for (const [index, cluster] of clusters.entries()) {
    await cluster.start();
    for (const node of [1, 2]) {
      const name = `${cluster.name}-${node}`;
      cluster.setIngressNode({ name, address: addressOf(index + 1, node) });
    }
    await writeFile(join(folder, `${cluster.name}.kubeconfig`), cluster.api.kubeconfig());
  }
  const standIns = clusters.map(({ name, api }) => {
    const access = { url: api.insideUrl, ca: api.ca, token: api.token };
    return new IngressFleet({ cluster: name, api: access, port });
  });
  for (const standIn of standIns) await standIn.start();
  const redis = await startRedis({ persistence: 'aof' });
  const [apiPort = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${apiPort}`;
  const edges = await Promise.all(
    ['edge-1', 'edge-2'].map((name) =>
      startEdge({
        name,
        environment: 'e2e',
        ...(source === 'redis'
          ? { redisUrl: redis.url }
          : { source: { api: { url, token: tokenOf(name) } } }),
      }),
    ),
  );
  const edgeTokens = edges.map(({ name }) => [name, { roles: ['edge'] as const, edges: [name] }]);
  await writeFile(join(folder, 'access.yaml'), listText(Object.fromEntries(edgeTokens)));
  const orders = NAMES.map((name) => ({
    name,
    kubeconfig: { path: `${name}.kubeconfig` },
    ingress: {
      nodes: 'ingress=true',
      pods: { namespace: 'ingress', selector: 'app=ingress' },
      port,
    },
  }));
  const place = { folder, clusters, edges, redis, orders };
  const more = typeof keys === 'function' ? await keys(place) : keys;
  const config = {
    environment: 'e2e',
    redis: { url: redis.url },
    leader: { leaseSeconds: 1 },
    clusters: orders,
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ name, control }) => (source === 'redis' ? { name, control } : { name })),
    api: {
      listen: `127.0.0.1:${source === 'redis' ? 0 : apiPort}`,
      loopback: 'admin',
      tokens: 'access.yaml',
    },
    ...more,
  };
  const fleet: Fleet = {
    folder,
    clusters,
    edges,
    redis,
    address: (cluster, node) => `${addressOf(cluster, node)}:${port}`,
    breakIngress: async (cluster) => standIns[cluster - 1]?.close(),
    ballast: await startBallast(folder, config),
    async restartBallast() {
      fleet.ballast = await startBallast(folder, config);
    },
    startStandby: () => startBallast(folder, config),
    async close() {
      await fleet.ballast.kill('SIGTERM');
      await Promise.all(edges.map((edge) => edge.close()));
      await redis.close();
      for (const standIn of standIns) await standIn.close();
      for (const cluster of clusters) await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fleet;
}
