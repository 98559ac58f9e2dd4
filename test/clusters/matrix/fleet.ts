// Two simulated clusters behind real HTTPS, with real readers, and a whole controller on a memory store.
// Its clock runs faster than the day, so that second looks and back-offs are short; sockets are real.
//
// Every commit is held against the truth at its moment; what it must not have done is in `wrongs`.

import { pino } from 'pino';
import type { ClusterReader } from '../../../src/clusters/cluster.ts';
import { readKubeconfig } from '../../../src/clusters/kubeconfig.ts';
import { openKubernetesCluster } from '../../../src/clusters/kubernetes.ts';
import type { Limits } from '../../../src/clusters/limits.ts';
import type { Controller } from '../../../src/controller.ts';
import { openMemoryStore } from '../../../src/edges/memory.ts';
import type { Round } from '../../../src/edges/store.ts';
import type { Upstream } from '../../../src/model.ts';
import { controllerInMemory } from '../../api/memory-controller.ts';
import { SimulatedCluster } from '../../simulated/cluster.ts';
import { fast } from './fast-clock.ts';
import { followTruth, type Truth } from './truth.ts';

export const APPS = ['shop', 'cart', 'mail'] as const;

export interface Protocol {
  readonly http2: boolean;
  readonly watchList: boolean;
}

export interface Member {
  readonly simulated: SimulatedCluster;
  readonly truth: Truth;
  /** The version of its first state. */
  readonly first: number;
}

export interface Fleet {
  readonly members: readonly [Member, Member];
  /** What no commit may do, in words. */
  readonly wrongs: readonly string[];
  readers(): readonly ClusterReader[];
  controller(): Controller;
  /** The controller and its readers end, others begin on the same store. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * As long as the real ones, but for what a socket or the other side measures by its own clock, and what
 * a busy machine needs: headers have six of its seconds, a ping has one.
 */
const LIMITS: Partial<Limits> = {
  pageSize: 4,
  pageMs: 120_000,
  headersMs: 120_000,
  proveMs: 40_000,
  silentMs: 40_000,
  pingMs: 1000,
  http1WatchSeconds: 1,
  http1GraceMs: 40_000,
};
const BOOKMARK_EVERY_MS = 500;
/** A commit may be of what was seen before the last one. */
const LAG_MS = 60_000;

export async function openFleet(protocol: Protocol, random: () => number): Promise<Fleet> {
  const wrongs: string[] = [];
  const [east, west] = await Promise.all([
    openMember('east', protocol),
    openMember('west', protocol),
  ]);
  const members = [east, west] as const;
  const store = openMemoryStore(fast.now);
  const judged = {
    ...store,
    commit: async (...[lease, round]: Parameters<typeof store.commit>) => {
      const answer = await store.commit(lease, round);
      if ('version' in answer) for (const put of round.puts) judge(put);
      return answer;
    },
  };
  const last = new Map<string, { readonly upstream: Upstream; readonly at: number }>();
  const judge = ({ app, body = '{}' }: Round['puts'][number]): void => {
    const before = last.get(app);
    const upstream = JSON.parse(body) as Upstream;
    last.set(app, { upstream, at: fast.now() });
    for (const { simulated, truth } of members) {
      const { name } = simulated;
      if (!before || !hasServers(before.upstream, name) || hasServers(upstream, name)) continue;
      if (truth.lastNothing(app) >= before.at - LAG_MS) continue;
      const { pods, addresses } = truth.now(app);
      wrongs.push(`${name} left ${app}, where it has ${pods} pods on ${addresses.length} nodes`);
    }
    const serves = members.some(({ truth }) => {
      const { pods, addresses } = truth.now(app);
      return pods > 0 && addresses.length > 0;
    });
    const emptied = before && sum(before.upstream) > 0 && sum(upstream) === 0;
    if (emptied && serves) wrongs.push(`${app} was emptied`);
  };

  let running = await run();
  async function run() {
    const readers = await Promise.all(
      members.map(({ simulated }) => openReader(simulated, random)),
    );
    const own = { clusters: readers, store: judged, clock: fast, leaseMs: 600_000 };
    const { controller } = controllerInMemory(own);
    const stop = new AbortController();
    return { readers, controller, stop, ended: controller.run(stop.signal) };
  }
  async function end(): Promise<void> {
    running.stop.abort();
    await running.ended;
    await Promise.all(running.readers.map((reader) => reader.close()));
  }

  return {
    members,
    wrongs,
    readers: () => running.readers,
    controller: () => running.controller,
    async restart() {
      await end();
      running = await run();
    },
    async close() {
      await end();
      await Promise.all(members.map(({ simulated }) => simulated.stop()));
    },
  };
}

async function openMember(name: string, { http2, watchList }: Protocol): Promise<Member> {
  const watch = { watchList, bookmarkEveryMs: BOOKMARK_EVERY_MS };
  const simulated = await new SimulatedCluster({ name, http2, watch, workers: 1 }).start();
  const subnet = name === 'east' ? 1 : 2;
  for (const node of [1, 2, 3]) addNode(simulated, subnet, node);
  for (const [index, app] of APPS.entries()) setApp(simulated, app, 4 + 3 * index);
  const truth = followTruth(simulated.api, APPS, fast.now);
  return { simulated, truth, first: simulated.api.store.version };
}

export function addNode(simulated: SimulatedCluster, subnet: number, node: number): void {
  simulated.setIngressNode({ name: `edge-${node}`, address: `10.${subnet}.0.${node}` });
}

export function setApp(simulated: SimulatedCluster, name: string, pods: number): void {
  simulated.setApp({ name, pods, hosts: [`${name}.example.com`] });
}

export async function openReader(
  simulated: SimulatedCluster,
  random: () => number,
): Promise<ClusterReader> {
  const { name } = simulated;
  const kubeconfig = simulated.api.kubeconfig();
  return await openKubernetesCluster(
    {
      name,
      kubeconfig: { path: 'none' },
      ingress: {
        nodes: 'ingress=true',
        pods: { namespace: 'ingress', selector: 'app=ingress' },
        port: 80,
      },
    },
    { told: [], serviceLabel: 'ballast.io/app' },
    {
      baseFolder: '/',
      clock: fast,
      wall: () => new Date(),
      random,
      environment: {},
      log: pino({ level: 'silent' }),
      limits: LIMITS,
    },
    async () => readKubeconfig(kubeconfig, undefined, { name, folder: '/' }),
  );
}

function hasServers({ servers }: Upstream, name: string): boolean {
  return servers.some(({ from, weight }) => from === name && weight > 0);
}

function sum({ servers }: Upstream): number {
  return servers.reduce((total, { weight }) => total + weight, 0);
}
