// A whole fleet on two real control planes: real nodes, pods and EndpointSlices, stand-ins for what
// runs on the ingress nodes, a real Redis, real nginx edges, and Ballast as a process.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis } from '../lua/redis.ts';
import { findFreePort } from '../simulated/free-port.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { ingressController, namespace, node } from './objects.ts';
import { until } from './until.ts';

export interface RealFleet {
  readonly east: ControlPlane;
  readonly west: ControlPlane;
  readonly edges: readonly TestEdge[];
  readonly ballast: TestBallast;
  /** Of an ingress node, as edges hold it; nodes are `east-1` and so on. */
  address(node: string): string;
  close(): Promise<void>;
}

const INGRESS = { nodes: 'ingress=true', pods: { namespace: 'ingress', selector: 'app=ingress' } };

/** Without it an Ingress that names it leads nowhere. */
const INGRESS_CLASS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'nginx' },
  spec: { controller: 'ballast.io/stand-in' },
};

/** Two clusters of two ingress nodes (127.N.cluster.node) with the namespace `prod`, two edges. */
export async function startRealFleet(subnet: number): Promise<RealFleet> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).toReversed()) await one();
  };
  try {
    return { ...(await start(subnet, closing)), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function start(
  subnet: number,
  closing: (() => Promise<unknown>)[],
): Promise<Omit<RealFleet, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-real-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const startOne = async (name: string): Promise<ControlPlane> => {
    const plane = await startCluster({ name });
    closing.push(() => plane.close());
    return plane;
  };
  const [east, west] = await Promise.all([startOne('east'), startOne('west')]);
  const planes = [east, west];
  const hosts = new Map<string, string>();
  for (const [index, { name }] of planes.entries()) {
    for (const one of [1, 2]) hosts.set(`${name}-${one}`, `127.${subnet}.${index + 1}.${one}`);
  }
  const port = await findFreePort([...hosts.values()]);
  for (const plane of planes) {
    for (const [name, address] of hosts) {
      if (!name.startsWith(plane.name)) continue;
      await plane.admin.create(node({ name, address, ingress: true }));
    }
    await plane.admin.apply(namespace('prod'), INGRESS_CLASS, ...ingressController());
    closing.push(await startStandIn(plane, port));
  }
  const redis = await startRedis({ persistence: 'aof' });
  closing.push(() => redis.close());
  const environment = 'real';
  const startAt = async (name: string): Promise<TestEdge> => {
    const edge = await startEdge({ name, redisUrl: redis.url, environment });
    closing.push(() => edge.close());
    return edge;
  };
  const edges = await Promise.all(['edge-1', 'edge-2'].map(startAt));
  const ballast = await startBallast(folder, {
    environment,
    redis: { url: redis.url },
    clusters: planes.map(({ name, ballastKubeconfig }) => ({
      name,
      kubeconfig: { path: ballastKubeconfig },
      ingress: { ...INGRESS, port },
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ name, control }) => ({ name, control })),
    api: { listen: '127.0.0.1:0' },
  });
  closing.push(() => ballast.kill('SIGTERM'));
  return { east, west, edges, ballast, address: (name) => `${hosts.get(name)}:${port}` };
}

/** Answers how to close it, once both of the cluster's ingress nodes listen. */
async function startStandIn(plane: ControlPlane, port: number): Promise<() => Promise<void>> {
  const access = { url: plane.url, ca: plane.ca, token: plane.adminToken };
  const standIn = new IngressFleet({ cluster: plane.name, api: access, port });
  try {
    await standIn.start();
    await until(`the ingress nodes of ${plane.name} listen`, () => {
      return standIn.nodes().filter(({ state }) => state === 'open').length === 2;
    });
  } catch (cause) {
    await standIn.close();
    throw cause;
  }
  return () => standIn.close();
}
