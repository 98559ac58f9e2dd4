// The demo's script: each event is announced, made, waited for at both edges, and measured.

import { until } from '../../test/controlplane/until.ts';
import type { LoadTotals } from '../../test/simulated/load-tally.ts';
import { Load } from '../../test/simulated/load.ts';
import { APP, EVENTS, type Event } from './events.ts';
import { hostOf, type DemoFleet } from './fleet.ts';

export interface StepResult {
  readonly step: string;
  readonly app: string;
  /** Published share of each server, and the one measured over 2,000 requests. */
  readonly shares: readonly { server: string; expected: number; measured: number }[];
  readonly failedRequests: number;
  readonly reloads: number;
  readonly millisecondsToBothEdges: number;
  /** False: weights that the event does not concern were seen to move at an edge. */
  readonly weightsKept: boolean;
  /** Why the weights did not come. */
  readonly trouble?: string;
  readonly held: boolean;
}

export interface Stage {
  readonly announce: (text: string) => void;
  /** Between the events, for whoever looks on. */
  readonly pause: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Requests a second while an event is under way; then so many to measure the shares. */
const STEADY = 200;
const REQUESTS = 2000;

interface Held {
  readonly address: string;
  readonly from: string;
  readonly weight: number;
}

export async function runScript(fleet: DemoFleet, stage: Stage): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const event of EVENTS) {
    if (stage.signal.aborted) break;
    stage.announce(event.step);
    const result = await runStep(fleet, event);
    results.push(result);
    stage.announce(`  ${tell(result)}`);
    // The later events build on this one's weights.
    if (result.trouble !== undefined) break;
    await stage.pause();
  }
  return results;
}

function tell({ trouble, millisecondsToBothEdges, failedRequests, held }: StepResult): string {
  if (trouble !== undefined) return trouble;
  const verdict = held ? '' : ', and NOT all of it held';
  return `${millisecondsToBothEdges} ms to both edges, ${failedRequests} failed${verdict}`;
}

/** A script that was stopped half-way has not held. */
export function allHeld(steps: readonly StepResult[]): boolean {
  return steps.length === EVENTS.length && steps.every((step) => step.held);
}

async function runStep(fleet: DemoFleet, event: Event): Promise<StepResult> {
  const pids = pidsOf(fleet);
  const load = loadOf(fleet, STEADY);
  load.start();
  try {
    const began = performance.now();
    const made = await makeAndSettle(fleet, event);
    const millisecondsToBothEdges = Math.round(performance.now() - began);
    const steady = await load.stop();
    const counted = await load.count(undefined, REQUESTS);
    const shares = await sharesOf(fleet, counted);
    const failedRequests = lost(steady) + lost(counted);
    const reloads = pids === pidsOf(fleet) ? 0 : 1;
    const near = shares.every(({ expected, measured }) => Math.abs(expected - measured) <= 0.005);
    return {
      step: event.step,
      app: APP,
      shares,
      failedRequests,
      reloads,
      millisecondsToBothEdges,
      ...made,
      held: failedRequests === 0 && reloads === 0 && near && wentWell(made),
    };
  } finally {
    await load.close();
  }
}

type Made = Pick<StepResult, 'weightsKept' | 'trouble'>;

function wentWell({ weightsKept, trouble }: Made): boolean {
  return weightsKept && trouble === undefined;
}

/** Never throws: who asked for one JSON object gets it, with the step that failed in it. */
async function makeAndSettle(fleet: DemoFleet, event: Event): Promise<Made> {
  let weightsKept = true;
  try {
    const before = await heldBy(fleet);
    const unmoved = fleet.sources.filter((from) => everywhere(before, event, [from]));
    weightsKept = (await event.make(fleet)) !== false;
    await until(`${event.step}: weights at both edges`, async () => {
      const held = await heldBy(fleet);
      weightsKept &&= everywhere(held, event, unmoved);
      return everywhere(held, event, fleet.sources);
    });
    return { weightsKept };
  } catch (error) {
    return { weightsKept, trouble: (error as Error).message };
  }
}

function everywhere(
  held: readonly (readonly Held[])[],
  event: Event,
  sources: readonly string[],
): boolean {
  return held.every((servers) => sources.every((from) => arrived(servers, event, from)));
}

function arrived(servers: readonly Held[], { weights }: Event, source: string): boolean {
  const found = servers.filter(({ from }) => from === source).map(({ weight }) => weight);
  return found.join() === weights[source]?.join();
}

function heldBy(fleet: DemoFleet): Promise<(readonly Held[])[]> {
  return Promise.all(fleet.edges.map(serversAt));
}

function loadOf(fleet: DemoFleet, perSecond: number): Load {
  const entries = fleet.edges.map(({ url }) => ({ url, host: hostOf(APP) }));
  return new Load({ entries, connections: 4, perSecond });
}

function lost(totals: LoadTotals): number {
  return totals.failures + totals.closedConnections;
}

function pidsOf(fleet: DemoFleet): string {
  return JSON.stringify(fleet.edges.map((edge) => edge.pids()));
}

async function serversAt(edge: DemoFleet['edges'][number]): Promise<readonly Held[]> {
  const { json } = await edge.call('GET', `/v1/upstreams/${APP}`);
  return (json as { servers?: Held[] }).servers ?? [];
}

/** What a stand-in says of itself is its node's name; a VM is called like its app. */
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
