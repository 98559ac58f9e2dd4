// A simulated cluster with a reader on it, for tests that disturb what lies between.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { vi } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { AppSources } from '../../src/clusters/cluster.ts';
import { type KubernetesReader, openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import type { Limits } from '../../src/clusters/limits.ts';
import type { ClusterSettings } from '../../src/clusters/settings.ts';
import type { ClusterStatus, Footprint } from '../../src/model.ts';
import { type ClusterOptions, SimulatedCluster } from '../simulated/cluster.ts';

/** Short enough for a test, in the proportions of the real ones. */
const LIMITS = {
  pageSize: 20,
  pageMs: 1500,
  headersMs: 1000,
  connectMs: 1000,
  pingMs: 400,
  silentMs: 60_000,
  http1WatchSeconds: 2,
  http1GraceMs: 800,
};

/** Where nothing is late, nothing is to be taken for late, however slow the machine is. */
export const UNHURRIED = { pageMs: 60_000, headersMs: 60_000, connectMs: 60_000, pingMs: 60_000 };

export interface Seen {
  readonly status: ClusterStatus;
  readonly footprint: Footprint;
}

export interface WatchedCluster {
  readonly simulated: SimulatedCluster;
  readonly reader: KubernetesReader;
  /** What a round would have seen of `shop` at each mark. */
  readonly seen: Seen[];
  readonly close: () => Promise<void>;
}

export interface WatchedOptions extends Partial<ClusterOptions> {
  readonly settings?: Partial<ClusterSettings>;
  readonly sources?: AppSources;
  readonly limits?: Partial<Limits>;
  /** Of the reader. */
  readonly clock?: Clock;
  /** All kubelets are silent before the reader opens. */
  readonly silentAtFirst?: boolean;
}

/** Two ingress nodes, three workers, and 40 apps beside `shop`, so that lists have pages.
 *  `prepare` is done before the reader opens. */
export async function watchCluster(
  options: WatchedOptions = {},
  prepare: (simulated: SimulatedCluster) => unknown = () => undefined,
): Promise<WatchedCluster> {
  const {
    settings,
    sources,
    limits,
    clock = systemClock,
    silentAtFirst = false,
    ...rest
  } = options;
  const simulated = await new SimulatedCluster({ name: 'east', ...rest }).start();
  simulated.setIngressNode({ name: 'edge-1', address: '10.1.0.1' });
  simulated.setIngressNode({ name: 'edge-2', address: '10.1.0.2' });
  simulated.setApp({ name: 'shop', pods: 7, hosts: ['shop.example.com'] });
  for (let index = 1; index <= 40; index++) {
    simulated.setApp({ name: `app-${index}`, pods: 1, podObjects: false });
  }
  await prepare(simulated);
  if (silentAtFirst) simulated.silenceNodes(...allNodes(simulated));
  const baseFolder = await mkdtemp(join(tmpdir(), 'ballast-cluster-'));
  await writeFile(join(baseFolder, 'east.kubeconfig'), simulated.api.kubeconfig());
  const reader = await openKubernetesCluster(
    {
      name: 'east',
      kubeconfig: { path: 'east.kubeconfig' },
      ingress: {
        nodes: 'ingress=true',
        pods: { namespace: 'ingress', selector: 'app=ingress' },
        port: 80,
      },
      ...settings,
    },
    sources ?? { told: [], serviceLabel: 'ballast.io/app' },
    {
      baseFolder,
      clock,
      wall: () => new Date(),
      random: Math.random,
      environment: {},
      log: pino({ level: 'silent' }),
      limits: { ...LIMITS, ...limits },
    },
  );
  const seen: Seen[] = [];
  reader.onDirty(() => seen.push({ status: reader.status(), footprint: reader.footprint('shop') }));
  return {
    simulated,
    reader,
    seen,
    async close() {
      await reader.close();
      await simulated.stop();
      await rm(baseFolder, { recursive: true });
    },
  };
}

/** Waits for a state, however long its way there was. */
export async function eventually(check: () => void, timeout = 30_000): Promise<void> {
  await vi.waitFor(check, { timeout, interval: 10 });
}

export function allNodes(simulated: SimulatedCluster): string[] {
  return simulated.api.list('nodes').map((node) => node.metadata.name);
}
