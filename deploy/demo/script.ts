// The demo's script of events: each is announced, made, waited for at both edges, and measured.

import { until } from '../../test/controlplane/until.ts';
import type { LoadTotals } from '../../test/simulated/load-tally.ts';
import { Load } from '../../test/simulated/load.ts';
import { hostOf, type DemoFleet } from './fleet.ts';

export interface StepResult {
  readonly step: string;
  readonly app: string;
  /** Published share of each server, and the one measured over 2,000 requests. */
  readonly shares: readonly { server: string; expected: number; measured: number }[];
  readonly failedRequests: number;
  readonly reloads: number;
  readonly millisecondsToBothEdges: number;
  readonly held: boolean;
}

interface Event {
  readonly step: string;
  readonly make: (fleet: DemoFleet) => Promise<void> | void;
  /** Weight of each of east's nodes for `shop` after it. */
  readonly east: readonly number[];
}

const APP = 'shop';
const REQUESTS = 2000;

const EVENTS: readonly Event[] = [
  { step: 'start', make: () => undefined, east: [20, 20] },
  {
    step: 'shop in east scales up to 20 pods',
    make: (f) => f.clusters[0]?.scale(APP, 20),
    east: [100, 100],
  },
  { step: 'a third ingress node in east', make: (f) => f.addIngressNode(0), east: [66, 66, 66] },
  { step: 'the API of west goes away; east scales to 10', make: westAway, east: [33, 33, 33] },
  { step: 'the API of west returns', make: (f) => f.clusters[1]?.api.start(), east: [33, 33, 33] },
  {
    step: 'Redis is killed and restarted; east scales to 30',
    make: redisRestarts,
    east: [100, 100, 100],
  },
];

async function westAway(fleet: DemoFleet): Promise<void> {
  await fleet.clusters[1]?.api.stop();
  fleet.clusters[0]?.scale(APP, 10);
}

async function redisRestarts(fleet: DemoFleet): Promise<void> {
  await fleet.redis.kill();
  fleet.clusters[0]?.scale(APP, 30);
  await fleet.redis.restart();
}

interface Held {
  readonly address: string;
  readonly from: string;
  readonly weight: number;
}

export async function runScript(
  fleet: DemoFleet,
  announce: (text: string) => void,
  signal: AbortSignal,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const event of EVENTS) {
    if (signal.aborted) break;
    announce(event.step);
    const result = await runStep(fleet, event);
    results.push(result);
    announce(
      `  ${result.millisecondsToBothEdges} ms to both edges, ${result.failedRequests} failed`,
    );
  }
  return results;
}

async function runStep(fleet: DemoFleet, event: Event): Promise<StepResult> {
  const pids = JSON.stringify(fleet.edges.map((edge) => edge.pids()));
  const load = loadOf(fleet, 200);
  load.start();
  const began = performance.now();
  await event.make(fleet);
  await until(`${event.step}: weights at both edges`, async () => {
    const held = await Promise.all(fleet.edges.map(serversAt));
    return held.every((servers) => eastOf(servers) === event.east.join());
  });
  const millisecondsToBothEdges = Math.round(performance.now() - began);
  const steady = await load.stop();
  await load.close();
  const counting = loadOf(fleet);
  const counted = await counting.count(undefined, REQUESTS);
  await counting.close();
  const shares = await sharesOf(fleet, counted);
  const failedRequests = lost(steady) + lost(counted);
  const reloads = pids === JSON.stringify(fleet.edges.map((edge) => edge.pids())) ? 0 : 1;
  const near = shares.every(({ expected, measured }) => Math.abs(expected - measured) <= 0.005);
  const held = failedRequests === 0 && reloads === 0 && near;
  return {
    step: event.step,
    app: APP,
    shares,
    failedRequests,
    reloads,
    millisecondsToBothEdges,
    held,
  };
}

function loadOf(fleet: DemoFleet, perSecond?: number): Load {
  const entries = fleet.edges.map(({ url }) => ({ url, host: hostOf(APP) }));
  return new Load({ entries, connections: 4, ...(perSecond !== undefined && { perSecond }) });
}

function lost(totals: LoadTotals): number {
  return totals.failures + totals.closedConnections;
}

export async function serversAt(edge: DemoFleet['edges'][number]): Promise<readonly Held[]> {
  const { json } = await edge.call('GET', `/v1/upstreams/${APP}`);
  return (json as { servers?: Held[] }).servers ?? [];
}

function eastOf(servers: readonly Held[]): string {
  return servers
    .filter(({ from }) => from === 'east')
    .map(({ weight }) => weight)
    .join();
}

/** By cluster, and one for all VMs: what a stand-in says of itself is its node's name. */
async function sharesOf(fleet: DemoFleet, counted: LoadTotals): Promise<StepResult['shares']> {
  const edge = fleet.edges[0];
  const servers = edge ? await serversAt(edge) : [];
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.map(({ address, from, weight }) => {
    const node = from === 'vm' ? APP : `${from}-${address.split(':')[0]?.split('.')[3]}`;
    const measured = (counted.byNode[node] ?? 0) / REQUESTS;
    return { server: `${address} (${node})`, expected: weight / total, measured };
  });
}
