// Three clusters of objects in memory with an app in two of them, and the traffic that a job sees: who
// serves, who is held, and edges that take a moment. It watches what must never be: a pod that is replaced
// while its cluster serves, and an app without a serving cluster.

import { readFanout } from '../../src/fanout/fanout.ts';
import type { Orders } from '../../src/fanout/model.ts';
import { type Plan, planFanout } from '../../src/fanout/plan/plan.ts';
import { type Sealing, opened, sealed } from '../../src/fanout/plan/seal.ts';
import { type PlanOptions, USUAL, type World } from '../../src/fanout/plan/world.ts';
import { runnableOf } from '../../src/fanout/run/lanes.ts';
import { fanoutKind } from '../../src/fanout/run/run.ts';
import { stagingOf } from '../../src/fanout/run/copies.ts';
import type { Traffic } from '../../src/fanout/run/traffic.ts';
import type { Draft } from '../../src/jobs/record.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import type { Upstream } from '../../src/model.ts';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { WriterOf } from '../../src/fanout/run/writes.ts';
import type { Staging } from '../../src/jobs/jobs.ts';
import type { JobHold } from '../../src/words/of-jobs.ts';
import { fastClock } from './fast-clock.ts';
import type { Life } from './mortal.ts';
import { MemoryObjects } from './memory-objects.ts';
import { ENVIRONMENT, startOn, waysTo } from './on-clusters.ts';
import type { Process } from './process.ts';

export const CLUSTERS = ['east', 'west', 'north'] as const;

export function stream(image: string, strategy = '{order: serial}', replicas = 2): string {
  return `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east, west, north], strategy: ${strategy}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: prod}
data: {image: "${image}"}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: prod, labels: {ballast.io/app: shop}}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: prod}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: "${image}"}]}}
`;
}

/** Beside a stream. */
export function secretOf(password: string): string {
  return `---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: prod}
stringData: {password: ${password}}
`;
}

export function ordersOf(text: string): Orders {
  const read = readFanout([{ name: 'a.yaml', text }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  return read.orders;
}

const KEY = { apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'key' };
const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };

/** So many times as fast as the clock on the wall. */
const SPEED = 500;

export class MemoryFleet implements Traffic {
  readonly clock = fastClock(SPEED);
  readonly clusters = new Map(CLUSTERS.map((name) => [name as string, new MemoryObjects(name)]));
  readonly holds = new Map<string, JobHold>();
  /** Every hold and lift that was said. */
  readonly said: string[] = [];
  /** What must never be. */
  readonly wrongs: string[] = [];
  readonly #ready = new Map<string, number>();
  readonly #asked = new Map<string, number>();

  constructor() {
    for (const [name, objects] of this.clusters) {
      objects.onReady = (workload, ready) => {
        if (workload === 'shop') this.#ready.set(name, ready);
      };
    }
  }

  cluster(name: string): MemoryObjects {
    const found = this.clusters.get(name);
    if (!found) throw new Error(`no cluster ${name}`);
    return found;
  }

  upstream(): Upstream {
    const servers = CLUSTERS.flatMap((name, index) => {
      const pods = this.#ready.get(name) ?? 0;
      if (pods === 0) return [];
      const held = [...this.holds.values()].some(({ cluster }) => cluster === name);
      return [{ address: `10.0.${index}.1:80`, weight: held ? 0 : pods * 10, from: name }];
    });
    return { app: 'shop', servers, policy: { balance: 'smooth', whenUnhealthy: 'spread' } };
  }

  pods(): ReadonlyMap<string, number> {
    return this.#ready;
  }

  holdsOf(job: string): readonly string[] {
    return [...this.holds.values()].filter((one) => one.job === job).map(({ id }) => id);
  }

  async hold(_who: string, holds: readonly JobHold[]) {
    for (const hold of holds) {
      if (!this.holds.has(hold.id)) this.said.push(`hold ${hold.cluster}`);
      this.holds.set(hold.id, hold);
    }
    this.#look();
    return { term: 1, version: this.said.length };
  }

  async lift(_who: string, job: string, ids = this.holdsOf(job)) {
    for (const id of ids) {
      this.said.push(`lift ${this.holds.get(id)?.cluster}`);
      this.holds.delete(id);
    }
    this.#look();
  }

  unacknowledged(ids: readonly string[]): string | undefined {
    const key = ids.join();
    const times = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, times);
    return times < 2 ? 'edge-1: it has not applied it yet' : undefined;
  }

  inFlight(): number {
    return 0;
  }

  errors(_app: string, _cluster: string, _withinMs: number) {
    return { requests: 1000, failures: 0 };
  }

  #look(): void {
    const { servers } = this.upstream();
    if (servers.length > 0 && servers.every(({ weight }) => weight === 0)) {
      this.wrongs.push('no cluster serves');
    }
  }

  /** Written by a former release, and running. */
  async run(names: readonly string[], text: string): Promise<void> {
    const { entries, secrets = () => undefined } = await this.plan(text);
    for (const { object, cluster } of entries) {
      const whole = object && opened(object, secrets);
      if (whole && names.includes(cluster)) await this.cluster(cluster).apply(whole);
    }
    for (const name of names) {
      await this.cluster(name).read(SHOP);
      await this.cluster(name).read(SHOP);
      this.cluster(name).writes.length = 0;
    }
    this.#watch();
  }

  /** Where pods are replaced, nothing may be sent. */
  #watch(): void {
    for (const [name, objects] of this.clusters) {
      const { writes } = objects;
      const push = writes.push.bind(writes);
      writes.push = (...lines) => {
        const { servers } = this.upstream();
        const serves = servers.some(({ from, weight }) => from === name && weight > 0);
        const replaces = lines.some((line) => line === 'update Deployment prod/shop');
        const others = servers.some(({ from, weight }) => from !== name && weight > 0);
        if (serves && replaces && others) this.wrongs.push(`${name} served while it was written`);
        return push(...lines);
      };
    }
  }

  async plan(text: string, own: Partial<PlanOptions> = {}): Promise<Plan> {
    return planOn(this.clusters.values(), ordersOf(text), own);
  }

  async draft(text: string, own: Partial<PlanOptions> = {}): Promise<Draft> {
    return draftOn(this.clusters.values(), ordersOf(text), own);
  }

  images(): Record<string, string | undefined> {
    return Object.fromEntries(
      CLUSTERS.map((name) => {
        const text = JSON.stringify(this.cluster(name).look(SHOP)?.['spec'] ?? null);
        return [name, /"image":"([^"]*)"/.exec(text)?.[1]];
      }),
    );
  }

  /** What the Secret `key` holds. */
  passwords(): Record<string, string | undefined> {
    return Object.fromEntries(
      CLUSTERS.map((name) => {
        const { password } = (this.cluster(name).look(KEY)?.['data'] ?? {}) as {
          readonly password?: string;
        };
        return [name, password && Buffer.from(password, 'base64').toString()];
      }),
    );
  }

  /** Without what jobs have there for their own sake. */
  writes(): Record<string, readonly string[]> {
    return Object.fromEntries(
      CLUSTERS.map((name) => {
        const { writes } = this.cluster(name);
        return [name, writes.filter((one) => !one.includes('/ballast-job-'))];
      }),
    );
  }

  /** What jobs have in clusters for their own sake, by name. */
  traces(): readonly KubernetesObject[] {
    const all = CLUSTERS.flatMap((name) => this.cluster(name).all());
    return all.filter(({ metadata }) => metadata.name.startsWith('ballast-job-'));
  }
}

/** Against what is there now. */
export function planOn(
  clusters: Iterable<MemoryObjects>,
  orders: Orders,
  own: Partial<PlanOptions> = {},
): Plan {
  const world: World = {
    clusters: [...clusters].map((objects) => ({
      cluster: { name: objects.name, ready: true, labels: {}, zones: [], taints: [] },
      live: objects.all().map((object) => ({ object: sealed(object, own.sealing) })),
      services: objects.all().filter(({ kind }) => kind === 'Service'),
    })),
  };
  const apps = { list: [], label: 'ballast.io/app' };
  return planFanout(orders, world, { ...USUAL, apps, ...own });
}

/** What has to be in clusters before it begins. */
export function stagingOn(
  clusters: Iterable<MemoryObjects>,
  text: string,
  writerOf: WriterOf,
  own: Partial<PlanOptions> = {},
): Staging | undefined {
  const { entries, secrets } = planOn(clusters, ordersOf(text), own);
  return stagingOf(entries, secrets, { environment: ENVIRONMENT, writerOf });
}

export function draftOn(
  clusters: Iterable<MemoryObjects>,
  orders: Orders,
  own: Partial<PlanOptions> = {},
): Draft {
  const plan = planOn(clusters, orders, own);
  const runnable = runnableOf(plan, orders.strategy);
  if (!runnable.ok) throw new Error(runnable.faults.join('\n'));
  const { run } = runnable;
  return {
    kind: 'fanout',
    name: run.name,
    apps: runnable.apps,
    clusters: [...new Set(run.entries.map(({ cluster }) => cluster))],
    plan: run,
    planDigest: run.digest,
    who: 'ann',
  };
}

/** A process that runs fan-outs on this fleet. */
export function startFanouts(
  fleet: MemoryFleet,
  journal: JobJournal,
  life?: Life,
  sealing?: Sealing,
): Process & { readonly writerOf: WriterOf } {
  const ways = waysTo(fleet.clusters, life);
  const { of, writerOf, places } = ways;
  // What only reads is no effect, and is asked without waiting.
  const spoken = of('traffic', {
    hold: fleet.hold.bind(fleet),
    lift: fleet.lift.bind(fleet),
  });
  const traffic: Traffic = {
    upstream: () => fleet.upstream(),
    pods: () => fleet.pods(),
    holdsOf: (job) => fleet.holdsOf(job),
    unacknowledged: (ids) => fleet.unacknowledged(ids),
    inFlight: () => 0,
    errors: (app, cluster, withinMs) => fleet.errors(app, cluster, withinMs),
    ...spoken,
    hold: (who, holds) => spoken.hold(who, holds),
    lift: (who, job, ids) => spoken.lift(who, job, ids),
  };
  const kind = fanoutKind({
    environment: ENVIRONMENT,
    writerOf,
    places,
    traffic,
    wall: () => new Date(0),
    ...(sealing && { sealing }),
  });
  const process = startOn(ways, {
    journal,
    clock: fleet.clock,
    kind: kind as JobKind,
    lift: (who, job) => traffic.lift(who, job),
  });
  return { ...process, writerOf };
}
