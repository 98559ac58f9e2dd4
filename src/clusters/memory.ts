// A cluster that a test or a demonstration drives: it says what should be seen, and nothing is
// watched. Passes test/conformance/cluster.ts like the real one.

import type {
  AppName,
  AppNames,
  ClusterName,
  ClusterState,
  ClusterStatus,
  Dirty,
  Footprint,
  IngressNode,
  LeftOutNode,
  Looks,
} from '../model.ts';
import type { ClusterReader } from './cluster.ts';
import type { Clusters } from './registry.ts';

export interface MemoryStatus {
  readonly state: ClusterState;
  readonly ageSeconds?: number;
  readonly reason?: string;
  readonly relists?: number;
}

const NOTHING: Footprint = { pods: 0, routed: 'unchecked', hosts: [] };

export class MemoryCluster implements ClusterReader {
  readonly name: ClusterName;
  readonly #footprints = new Map<AppName, Footprint>();
  readonly #marks = new Set<(dirty: Dirty) => void>();
  #nodes: readonly IngressNode[] = [];
  #leftOut: readonly LeftOutNode[] = [];
  #podIps: ReadonlySet<string> = new Set();
  #status: MemoryStatus;
  /** As of one that only watches: nothing falls by a list. */
  #looks: Looks = { changedAt: 0, since: Number.POSITIVE_INFINITY };

  constructor(name: ClusterName, status: MemoryStatus = { state: 'fresh' }) {
    this.name = name;
    this.#status = status;
  }

  /** Undefined: the cluster shows nothing of the app any more. */
  set(app: AppName, footprint: Partial<Footprint> | undefined): void {
    if (footprint) this.#footprints.set(app, { ...NOTHING, routed: true, ...footprint });
    else this.#footprints.delete(app);
    this.#mark(new Set([app]));
  }

  setNodes(nodes: readonly IngressNode[], leftOut: readonly LeftOutNode[] = []): void {
    this.#nodes = nodes;
    this.#leftOut = leftOut;
    this.#mark('all');
  }

  /** Addresses that are pods, of whatever app. */
  setPodIps(ips: readonly string[]): void {
    this.#podIps = new Set(ips);
    this.#mark('all');
  }

  setStatus(status: MemoryStatus): void {
    this.#status = status;
    this.#mark('all');
  }

  /** What is shown from now on came by a list. */
  setLooks(looks: Looks): void {
    this.#looks = looks;
    this.#mark('all');
  }

  looks(): Looks {
    return this.#looks;
  }

  status(): ClusterStatus {
    const { state, ageSeconds = 0, reason, relists = 0 } = this.#status;
    const seen = { ingressNodes: this.#nodes, leftOut: this.#leftOut };
    return { name: this.name, state, ageSeconds, relists, ...seen, ...(reason && { reason }) };
  }

  apps(): AppNames {
    const footprints = this.#footprints;
    return { has: (app) => footprints.has(app), [Symbol.iterator]: () => footprints.keys() };
  }

  footprint(app: AppName): Footprint {
    return this.#footprints.get(app) ?? NOTHING;
  }

  isPod(_app: AppName, ip: string): boolean {
    return this.#podIps.has(ip);
  }

  onDirty(mark: (dirty: Dirty) => void): () => void {
    this.#marks.add(mark);
    return () => this.#marks.delete(mark);
  }

  relist(): void {
    const { relists = 0 } = this.#status;
    this.setStatus({ ...this.#status, relists: relists + 1 });
  }

  async close(): Promise<void> {
    this.#marks.clear();
  }

  #mark(dirty: Dirty): void {
    for (const mark of this.#marks) mark(dirty);
  }
}

/** A set that never changes. */
export function fixedClusters(readers: readonly ClusterReader[]): Clusters {
  return {
    readers: () => readers,
    onDirty(mark) {
      const stops = readers.map((reader) => reader.onDirty(mark));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
