// The fleet that is to survive: two simulated clusters with truthful ingress nodes, Redis with a replica
// and Sentinels, three real edges, two controllers as processes. What may be cut goes through a gate.
//
// Comes in: nothing. Goes out: the parts, and what is true. On failure to start: an error.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, freePorts } from '../controlplane/ports.ts';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { Gate } from '../simulated/gate.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';
import { MASTER_NAME, startRedisGroup, type RedisGroup } from './redis-group.ts';
import { Truth } from './truth.ts';

const SUBNET = 61;
const CLUSTERS = ['east', 'west'];
const EDGES = ['edge-1', 'edge-2', 'edge-3'];
export const ENVIRONMENT = 'chaos';

/** An edge, and the gates that its controller and its clients come through. */
export interface ChaosEdge {
  readonly edge: TestEdge;
  readonly control: Gate;
  readonly traffic: Gate;
}

export interface Controller {
  readonly name: string;
  ballast: TestBallast;
  start(): Promise<void>;
}

export interface ChaosFleet {
  readonly truth: Truth;
  readonly clusters: readonly SimulatedCluster[];
  readonly redis: RedisGroup;
  readonly edges: readonly ChaosEdge[];
  readonly controllers: readonly Controller[];
  close(): Promise<void>;
}

export async function startChaosFleet(): Promise<ChaosFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-chaos-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await startParts(folder, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closers = (() => Promise<unknown>)[];

async function startParts(folder: string, closers: Closers): Promise<Omit<ChaosFleet, 'close'>> {
  const addressOf = (cluster: number, node: number): string => `127.${SUBNET}.${cluster}.${node}`;
  const port = await findFreePort([1, 2].flatMap((c) => [1, 2, 3].map((n) => addressOf(c, n))));
  const clusters = CLUSTERS.map((name) => new SimulatedCluster({ name }));
  const truth = new Truth(clusters, (cluster, node) => addressOf(cluster + 1, node), port);
  for (const cluster of clusters) {
    await cluster.start();
    closers.push(() => cluster.stop());
    await writeFile(join(folder, `${cluster.name}.kubeconfig`), cluster.api.kubeconfig());
  }
  truth.begin();
  for (const { name, api } of clusters) {
    const access = { url: api.insideUrl, ca: api.ca, token: api.token };
    const standIn = await new IngressFleet({ cluster: name, api: access, port }).start();
    closers.push(() => standIn.close());
  }
  const redis = await startRedisGroup();
  closers.push(() => redis.close());
  const edges: ChaosEdge[] = [];
  for (const name of EDGES) edges.push(await startGatedEdge(name, redis, closers));
  const controllers: Controller[] = [];
  for (const apiPort of await freePorts(2)) {
    const config = configOf({ port, apiPort, redis, edges });
    controllers.push(await startController(folder, config, closers));
  }
  return { truth, clusters, redis, edges, controllers };
}

async function startGatedEdge(
  name: string,
  redis: RedisGroup,
  closers: Closers,
): Promise<ChaosEdge> {
  const source = { redis: { sentinels: redis.sentinels, masterName: MASTER_NAME } };
  const edge = await startEdge({ name, environment: ENVIRONMENT, source });
  closers.push(() => edge.close());
  const [control, traffic] = [edge.control, edge.url].map(
    (url) => new Gate(Number(new URL(url).port), 0),
  );
  if (!control || !traffic) throw new Error('two gates were made');
  for (const gate of [control, traffic]) {
    await gate.open();
    closers.push(() => gate.close());
  }
  return { edge, control, traffic };
}

interface Places {
  readonly port: number;
  readonly apiPort: number;
  readonly redis: RedisGroup;
  readonly edges: readonly ChaosEdge[];
}

function configOf({ port, apiPort, redis, edges }: Places): object {
  return {
    environment: ENVIRONMENT,
    redis: { sentinels: redis.sentinels, masterName: MASTER_NAME },
    leader: { leaseSeconds: 2 },
    // What is due is the rule's weight at once.
    weights: { ramp: { seconds: 0 } },
    guard: { share: { clusterPoints: 100, upstreamPoints: 100 } },
    clusters: CLUSTERS.map((name) => ({
      name,
      kubeconfig: { path: `../${name}.kubeconfig` },
      ingress: {
        nodes: 'ingress=true',
        pods: { namespace: 'ingress', selector: 'app=ingress' },
        port,
      },
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ edge, control }) => ({
      name: edge.name,
      control: `http://127.0.0.1:${control.port}`,
    })),
    api: { listen: `127.0.0.1:${apiPort}`, loopback: 'admin' },
  };
}

async function startController(
  parent: string,
  config: object,
  closers: Closers,
): Promise<Controller> {
  const folder = await mkdtemp(join(parent, 'controller-'));
  const controller: Controller = {
    name: folder.slice(-6),
    ballast: await startBallast(folder, config),
    async start() {
      controller.ballast = await startBallast(folder, config);
    },
  };
  closers.push(() => controller.ballast.kill('SIGKILL'));
  return controller;
}
