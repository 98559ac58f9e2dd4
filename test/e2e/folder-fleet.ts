// Ballast on a folder of kubeconfigs that starts empty: two simulated clusters wait beside it, each
// with one ingress node and the app `shop`. One real edge shows what is published.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { startBallast, type TestBallast } from './ballast.ts';

export interface FolderFleet {
  readonly east: SimulatedCluster;
  readonly west: SimulatedCluster;
  readonly edge: TestEdge;
  readonly clusterFolder: string;
  ballast: TestBallast;
  restartBallast(): Promise<void>;
  /** Writes the configuration with these keys in it, and has it read again. */
  hangUp(keys: object): Promise<void>;
  close(): Promise<void>;
}

async function startCluster(name: string, address: string, pods: number) {
  const cluster = await new SimulatedCluster({ name }).start();
  cluster.setIngressNode({ name: `${name}-1`, address });
  cluster.setApp({ name: 'shop', pods, hosts: ['shop.example.com'] });
  return cluster;
}

export async function startFolderFleet(): Promise<FolderFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-sources-'));
  const clusterFolder = join(folder, 'clusters.d');
  await mkdir(clusterFolder);
  const east = await startCluster('east', '10.81.0.1', 5);
  const west = await startCluster('west', '10.82.0.1', 3);
  const redis = await startRedis({ persistence: 'aof' });
  const edge = await startEdge({ name: 'edge-1', environment: 'sources', redisUrl: redis.url });
  const pods = { namespace: 'ingress', selector: 'app=ingress' };
  const config = {
    environment: 'sources',
    redis: { url: redis.url },
    leader: { leaseSeconds: 1 },
    weights: { ramp: { seconds: 0 } },
    clusterSources: [
      { folder: { path: 'clusters.d' }, ingress: { nodes: 'ingress=true', pods, port: 80 } },
    ],
    apps: { discover: { services: 'ballast.io/app' } },
    edges: [{ name: edge.name, control: edge.control }],
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  };
  const fleet: FolderFleet = {
    east,
    west,
    edge,
    clusterFolder,
    ballast: await startBallast(folder, config),
    async restartBallast() {
      await fleet.ballast.kill('SIGTERM');
      fleet.ballast = await startBallast(folder, config);
    },
    async hangUp(keys) {
      await writeFile(join(folder, 'ballast.yaml'), stringify({ ...config, ...keys }));
      fleet.ballast.signal('SIGHUP');
    },
    async close() {
      await fleet.ballast.kill('SIGTERM');
      await edge.close();
      await redis.close();
      await Promise.all([east.stop(), west.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fleet;
}
