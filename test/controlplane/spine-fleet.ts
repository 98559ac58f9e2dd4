// A whole fleet on two real control planes: real nodes, pods and EndpointSlices, stand-ins for what
// runs on the ingress nodes, a real Redis, real nginx edges, and Ballast as a process.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { untilHeld } from '../e2e/held.ts';
import { underLoad } from '../e2e/under-load.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { findFreePort } from './ports.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { ingressClass, ingressController, namespace, node } from './objects.ts';
import { until } from './until.ts';

/** Of the app `shop` that both clusters run, `shop.example.com`. */
export const HOST = 'shop.example.com';
export const SHOP = { name: 'shop', namespace: 'prod' };

/** By cluster, of its ingress nodes in the order of their numbers. */
export type ClusterWeights = Readonly<Record<string, readonly number[]>>;

export interface AppView {
  readonly refused?: { readonly code: string };
  readonly clusters: readonly {
    readonly name: string;
    readonly state: string;
    readonly pods: number;
    readonly weight: number;
    readonly reason?: { readonly code: string; readonly text: string };
  }[];
}

interface Parts {
  readonly east: ControlPlane;
  readonly west: ControlPlane;
  readonly redis: TestRedis;
  readonly edges: readonly TestEdge[];
  /** The process that runs now: `restartBallast` starts the next one. */
  ballast: TestBallast;
  restartBallast(): Promise<void>;
  /** Of an ingress node, as edges hold it; nodes are `east-1` and so on. */
  address(node: string): string;
}

export interface RealFleet extends Parts {
  /** How the API explains an app. */
  viewOf(app: string): Promise<AppView>;
  /** Waits until both edges hold exactly these weights of `shop`, or of another app. */
  settled(weights: ClusterWeights, app?: string): Promise<void>;
  /** Makes a change under a steady load through the edges, of which no request may fail. */
  underLoad(change: () => Promise<void>, edges?: readonly TestEdge[]): Promise<void>;
  close(): Promise<void>;
}

const INGRESS = { nodes: 'ingress=true', pods: { namespace: 'ingress', selector: 'app=ingress' } };

/** Nodes of `east` that let no traffic in: their names, and the group of kubelets each is of. */
export type Workers = Readonly<Record<string, string>>;

/** What a test has of its own. */
export interface FleetMore {
  /** Besides `ballast`, of both clusters. */
  readonly users?: readonly string[];
  /** More keys of a cluster's entry in the configuration. */
  readonly cluster?: (plane: ControlPlane) => object;
  /** More of the configuration. */
  readonly config?: object;
  /** Of a cluster's API server. */
  readonly apiServerFlags?: (cluster: string) => readonly string[];
}

/** Two clusters of two ingress nodes (127.N.cluster.node) with the namespace `prod`, two edges. The
 *  kubelet of `east-2` is of the group `mute`, so that it can fall silent. */
export async function startRealFleet(
  subnet: number,
  workers: Workers = {},
  more: FleetMore = {},
): Promise<RealFleet> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).toReversed()) await one();
  };
  try {
    const parts = await start({ subnet, workers, more }, closing);
    return Object.assign(parts, {
      viewOf: (app: string) => parts.ballast.get<AppView>(`/api/v1/apps/${app}`),
      settled: (weights: ClusterWeights, app = 'shop') => settled(parts, weights, app),
      underLoad: (change: () => Promise<void>, edges = parts.edges) =>
        underLoad(edges, HOST, change),
      close,
    });
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function start(
  { subnet, workers, more }: { subnet: number; workers: Workers; more: FleetMore },
  closing: (() => Promise<unknown>)[],
): Promise<Parts> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-real-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  // What Secrets hold is marked under it.
  await writeFile(join(folder, 'forward.key'), 'k'.repeat(64));
  const startOne = async (name: string): Promise<ControlPlane> => {
    const groups = [...new Set(['main', 'mute', ...Object.values(workers)])];
    const plane = await startCluster({
      name,
      groups,
      nodeGraceSeconds: 16,
      users: more.users ?? [],
      apiServerFlags: more.apiServerFlags?.(name) ?? [],
    });
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
      const group = name === 'east-2' ? 'mute' : 'main';
      await plane.admin.create(node({ name, address, ingress: true, group }));
    }
    for (const [name, group] of plane === east ? Object.entries(workers) : []) {
      await plane.admin.create(node({ name, group }));
    }
    await plane.admin.apply(namespace('prod'), ingressClass(), ...ingressController());
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
  const config = {
    environment,
    redis: { url: redis.url },
    leader: { leaseSeconds: 1 },
    weights: { ramp: { seconds: 0 } },
    guard: { share: { clusterPoints: 100, upstreamPoints: 100 } },
    clusters: planes.map((plane) => ({
      name: plane.name,
      kubeconfig: { path: plane.ballastKubeconfig },
      ingress: { ...INGRESS, port },
      ...more.cluster?.(plane),
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ name, control }) => ({ name, control })),
    api: { listen: '127.0.0.1:0', loopback: 'admin', forward: { key: { file: 'forward.key' } } },
    ...more.config,
  };
  const parts: Parts = {
    east,
    west,
    redis,
    edges,
    ballast: await startBallast(folder, config),
    async restartBallast() {
      parts.ballast = await startBallast(folder, config);
    },
    address: (name) => `${hosts.get(name)}:${port}`,
  };
  closing.push(() => parts.ballast.kill('SIGTERM'));
  return parts;
}

function settled(parts: Parts, weights: ClusterWeights, app: string): Promise<void> {
  const byAddress = Object.entries(weights).flatMap(([cluster, list]) =>
    list.map((weight, index) => [parts.address(`${cluster}-${index + 1}`), weight] as const),
  );
  const why = async () => JSON.stringify(await parts.ballast.get(`/api/v1/apps/${app}`));
  const wanted = { app, weights: Object.fromEntries(byAddress), why, withinMs: 120_000 };
  return untilHeld(parts.edges, wanted);
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
