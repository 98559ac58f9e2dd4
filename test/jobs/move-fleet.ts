// Two clusters of objects in memory with apps that are moved from one to the other, the traffic of two
// edges, and what a migration reads of it. Usually it is one app, `shop`. It watches what must never be: an app that nobody serves,
// requests to pods that are not ready, and a source that loses something while it is asked.

import { refOf, type KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { Tally } from '../../src/edges/statistics.ts';
import { NOTHING_ADDED, type Additions } from '../../src/migration/capacity/need.ts';
import { GATES, type Gates } from '../../src/migration/flow/gates.ts';
import { LIMITS, type JobPlan } from '../../src/migration/flow/next.ts';
import { digestOf } from '../../src/fanout/plan/canonical.ts';
import { sanitise } from '../../src/migration/manifests/sanitise.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { lookAgain } from '../../src/migration/plan/again.ts';
import type {
  PlannedApp,
  PlanRequest,
  PlanWorld,
  SourceView,
} from '../../src/migration/plan/model.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import type { MoveTraffic, Seen } from '../../src/migration/run/traffic.ts';
import type { MoveWorld } from '../../src/migration/run/world.ts';
import type { Draft } from '../../src/jobs/record.ts';
import type { Hold, Upstream } from '../../src/model.ts';
import { holdEntries } from '../../src/weights/holds.ts';
import type { JobHold } from '../../src/words/of-jobs.ts';
import {
  app as appWorld,
  BACKUP,
  destination,
  object,
  OBJECTS,
  REQUEST,
  world,
} from '../migration/plan/plan-world.ts';
import { fastClock } from './fast-clock.ts';
import { MemoryLedgers } from './memory-ledgers.ts';
import { MemoryObjects } from './memory-objects.ts';
import { podsOf } from './workload-pods.ts';

/** So many times as fast as the clock on the wall. */
const SPEED = 100;

/** As careful as the usual ones, in little time. */
export const QUICK: Gates = {
  ...GATES,
  readySeconds: 0.2,
  deadlineSeconds: 60,
  intervalSeconds: 0.2,
  samples: 5,
  bakeSeconds: 0.2,
  quietSeconds: 0.2,
  drainSeconds: 20,
  callers: 'edges',
  pollersSeconds: 0,
};

const SCALER = object('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop', {
  spec: {
    minReplicas: 1,
    maxReplicas: 8,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
  },
});
const BUDGET = object('policy/v1', 'PodDisruptionBudget', 'shop', {
  spec: { minAvailable: 1, selector: { matchLabels: { app: 'shop' } } },
});
export const ALL: readonly Manifest[] = [...OBJECTS, SCALER, BUDGET];
/** The same app, whose pods have names of their own. */
export const STATEFUL: readonly Manifest[] = ALL.map(({ kind, spec, ...rest }) => {
  if (kind === 'Deployment') return { ...rest, kind: 'StatefulSet', spec };
  if (kind !== 'HorizontalPodAutoscaler') return { ...rest, kind, ...(spec ? { spec } : {}) };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'shop' };
  return { ...rest, kind, spec: { ...(spec as object), scaleTargetRef } };
}) as readonly Manifest[];

/** All of another app, the same but for its name. */
export const named = (name: string, objects: readonly Manifest[] = ALL): readonly Manifest[] =>
  JSON.parse(JSON.stringify(objects).replaceAll('shop', name)) as readonly Manifest[];

export const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };
const NODES = { east: ['10.1.0.1:80', '10.1.0.2:80'], west: ['10.2.0.1:80', '10.2.0.2:80'] };
type Place = keyof typeof NODES;
export const PLACES: readonly Place[] = ['east', 'west'];
const VM = '10.9.0.1:80';
const BASE = 10;

const isTrace = ({ metadata }: KubernetesObject): boolean =>
  metadata.name.startsWith('ballast-job-');

export class MoveFleet implements Omit<MoveTraffic, 'holds'>, MoveWorld {
  readonly clusters = new Map(PLACES.map((name) => [name as string, new MemoryObjects(name)]));
  readonly ledgers = new MemoryLedgers();
  /** Of jobs. */
  readonly holds = new Map<string, JobHold>();
  /** What people say of weights. */
  words: readonly Hold[] = [];
  /** Every word on weights: the sums that were published by it. */
  readonly said: string[] = [];
  readonly wrongs: string[] = [];
  /** Edges that say nothing. */
  readonly silent = new Set<string>();
  /** Edges that do not tell what they count. */
  readonly mute = new Set<string>();
  /** Somebody sends there whatever its weight. */
  astray: Place | undefined;
  edgeNames: readonly string[] = ['edge-1', 'edge-2'];
  /** Of requests at `failing`, every so many fails. */
  failsAt = 0;
  failing: Place = 'west';
  underWay = 0;
  /** What is published instead, by nobody's word. */
  override: Readonly<Record<string, number>> = {};
  /** The guard's word on weights that are asked for. */
  guard: (holds: readonly JobHold[]) => void = () => undefined;
  /** Why nothing is known of a cluster. */
  readonly unseen = new Map<string, string>();
  poller: string | undefined;
  status = 200;
  /** What each cluster adds to pods. */
  added: Additions = NOTHING_ADDED;
  additions = async () => this.added;
  /** The source's objects, from when it lived. */
  backup: readonly KubernetesObject[] = [];
  readonly #ready = new Map<string, number>();
  /** By app: where it was first. */
  readonly #homes = new Map<string, Place>();
  readonly #counts = new Map<string, { requests: number; failures: number }>();

  constructor() {
    for (const [name, objects] of this.clusters) {
      objects.onReady = (workload, ready) => {
        this.#ready.set(`${name} ${workload}`, ready);
        this.#look();
      };
      const { writes } = objects;
      const push = writes.push.bind(writes);
      writes.push = (...lines) => {
        for (const line of lines) this.#written(name, line);
        return push(...lines);
      };
    }
  }

  cluster(name: string): MemoryObjects {
    const found = this.clusters.get(name);
    if (!found) throw new Error(`no cluster ${name}`);
    return found;
  }

  readonly clock = fastClock(SPEED);

  /** Running there, at the source mostly. */
  async settle(objects: readonly Manifest[] = ALL, at: Place = 'east'): Promise<void> {
    const cluster = this.cluster(at);
    for (const one of objects) {
      const { uid: _, ...metadata } = one.metadata;
      const { status: __, ...rest } = one as Manifest & { status?: unknown };
      const object = { ...rest, metadata } as KubernetesObject;
      cluster.applyAs('kubectl', object);
      if (one.kind === 'Service') this.#homes.set(one.metadata.name, at);
      // Its controller has seen it.
      await cluster.read(refOf(object));
      await cluster.read(refOf(object));
    }
    cluster.writes.length = 0;
    this.backup = this.cluster('east').all();
  }

  /** Sums of all servers, by where they are. */
  weights(app = 'shop'): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { from, weight } of this.upstream(app).servers)
      sums[from] = (sums[from] ?? 0) + weight;
    return sums;
  }

  upstream(app = 'shop'): Upstream {
    const clusters = PLACES.flatMap((from) => {
      const pods = this.#ready.get(`${from} ${app}`) ?? 0;
      if (pods === 0) return [];
      const nodes = NODES[from];
      const each = Math.max(1, Math.floor((pods * BASE) / nodes.length));
      return nodes.map((address) => ({ address, weight: each, from }));
    });
    const all = [...clusters, { address: VM, weight: BASE, from: 'vm' }];
    const entries = all.map((server) => {
      const { weight } = server;
      return { server, exact: weight, pods: 0, ingressNodes: 0, formula: '' };
    });
    const view = { app, holds: this.standing(), published: undefined, now: 0 };
    const servers = holdEntries(entries, view).map(({ server: { address, from, weight } }) => {
      return { address, from, weight: this.override[from] ?? weight };
    });
    const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
    return { app, hosts: [`${app}.example.com`], servers, policy };
  }

  seen(app: string, cluster: string): Seen | undefined {
    const why = this.unseen.get(cluster);
    const pods = this.#ready.get(`${cluster} ${app}`) ?? 0;
    return { pods, nodes: NODES[cluster as Place], ...(why !== undefined && { why }) };
  }

  standing(): readonly Hold[] {
    return [...[...this.holds.values()].map((one) => ({ ...one, since: 0 })), ...this.words];
  }

  async say(_who: string, holds: readonly JobHold[], instead: readonly string[]): Promise<void> {
    this.guard(holds);
    for (const id of instead) this.holds.delete(id);
    for (const hold of holds) this.holds.set(hold.id, hold);
    this.#tell(holds[0]?.app);
  }

  async lift(_who: string, _job: string, ids: readonly string[]): Promise<void> {
    const { app } = this.holds.get(ids[0] ?? '') ?? {};
    for (const id of ids) this.holds.delete(id);
    this.#tell(app);
  }

  #tell(app: string | undefined): void {
    const { east = 0, west = 0, vm = 0 } = this.weights(app);
    this.said.push(`east ${east} west ${west} vm ${vm}`);
    this.#look();
  }

  unacknowledged(): string | undefined {
    const [silent] = this.silent;
    return silent === undefined ? undefined : `${silent}: it is silent`;
  }

  edges(): readonly string[] {
    return this.edgeNames;
  }

  /** Each question finds some more requests where there is weight. */
  tallies(app: string, servers: readonly string[]): ReadonlyMap<string, Tally> {
    const talking = this.edgeNames.filter((edge) => !this.silent.has(edge) && !this.mute.has(edge));
    return new Map(talking.map((edge) => [edge, this.#tally(edge, app, servers)]));
  }

  #tally(edge: string, app: string, servers: readonly string[]): Tally {
    const sum = { requests: 0, failures: 0 };
    for (const { address, weight, from } of this.upstream(app).servers) {
      const key = `${edge} ${app} ${address}`;
      const count = this.#counts.get(key) ?? { requests: 0, failures: 0 };
      if (weight > 0 || this.astray === from) count.requests += 3;
      if (weight > 0 && from === this.failing && this.failsAt > 0) count.failures += 1;
      this.#counts.set(key, count);
    }
    for (const address of servers) {
      const { requests = 0, failures = 0 } = this.#counts.get(`${edge} ${app} ${address}`) ?? {};
      sum.requests += requests;
      sum.failures += failures;
    }
    const answers = sum.requests - sum.failures;
    const at = this.clock.now();
    const seconds = answers * 0.01;
    return { ...sum, at, start: `${edge}-1`, answers, seconds, inFlight: this.underWay };
  }

  pollers(): string | undefined {
    return this.poller;
  }

  probe = async () => ({ status: this.status, seconds: 0.01 });

  #look(): void {
    for (const app of this.#homes.keys()) {
      const { servers } = this.upstream(app);
      if (servers.every(({ weight }) => weight === 0)) this.wrongs.push(`nobody serves ${app}`);
    }
  }

  #written(cluster: string, line: string): void {
    const app = line.split('/').at(-1) ?? '';
    const home = this.#homes.get(app);
    if (home === undefined) return;
    const { [home]: source = 0, [home === 'east' ? 'west' : 'east']: there = 0 } =
      this.weights(app);
    const isRemoved = line.startsWith('remove');
    const wrong = (when: string): void => void this.wrongs.push(`${line} while ${when}`);
    if (cluster === home) {
      if (isRemoved && source > 0) wrong('the source is asked');
      if (there === 0) wrong('the destination is not');
      return;
    }
    if (/^remove (Deployment|StatefulSet)/.test(line) && there > 0) wrong('it is asked');
    if (isRemoved && source === 0) wrong('the source is not asked');
  }

  world(request: PlanRequest = REQUEST): PlanWorld {
    const { from, to } = request;
    const live = { objects: this.cluster(from).all(), origin: { kind: 'live' } as const };
    const backup = { objects: this.backup, origin: BACKUP };
    const source = {
      ...(request.mode === 'offline' ? backup : live),
      unread: new Set<string>(),
    } as SourceView;
    const all = this.cluster(to).all();
    const there = {
      objects: (all as readonly object[] as readonly Manifest[]).filter(
        (one) => one.metadata.labels?.['ballast.io/migration'] === undefined,
      ),
      unread: new Set<string>(),
    };
    const plain = destination({ namespaces: new Map([['prod', there]]) });
    return world({
      apps: request.apps.map((name) => this.#appIn(from, name.split('/').at(-1) ?? name, source)),
      destination: { ...plain, view: { ...plain.view, pods: podsOf(all) } },
      edges: this.edgeNames.map((name) => ({ name })),
    });
  }

  #appIn(cluster: string, app: string, source: SourceView) {
    const pods = this.#ready.get(`${cluster} ${app}`) ?? 0;
    const counted = { cluster, pods, ingressNodes: 2, weight: pods * BASE, kept: false };
    return appWorld(app, { source, traffic: { clusters: [counted], vms: 1 } });
  }

  async look(plan: JobPlan, app: PlannedApp) {
    const asked = { ...plan.request, apps: [app.app] };
    const now = this.world(asked);
    const view = now.destination?.view;
    const again = lookAgain(asked, now, app.replicas?.after ?? 0);
    return { ...again, ...(view && { destination: view }) };
  }

  async objects(plan: JobPlan, app: PlannedApp) {
    return (await this.look(plan, app)).objects;
  }

  draft(own: Partial<PlanRequest> = {}, gates: Partial<Gates> = {}): Draft {
    const request = { ...REQUEST, ...own };
    const made = planMigration(request, this.world(request));
    if (!made.ok) throw new Error(JSON.stringify(made.findings));
    const plan: JobPlan = { ...made, limits: LIMITS, gates: { ...QUICK, ...gates }, request };
    return {
      kind: 'migration',
      name: `move-${made.apps[0]?.app}`,
      apps: made.apps.map(({ app }) => app),
      clusters: [made.from, made.to],
      plan,
      planDigest: plan.digest,
      who: 'ann',
    };
  }

  /** Without what jobs have there for their own sake. */
  writes(): Record<string, readonly string[]> {
    return Object.fromEntries(
      PLACES.map((name) => {
        const { writes } = this.cluster(name);
        return [name, writes.filter((one) => !one.includes('/ballast-job-'))];
      }),
    );
  }

  /** Likewise, what is there. */
  objectsIn(name: string): readonly KubernetesObject[] {
    return this.cluster(name)
      .all()
      .filter((one) => !isTrace(one));
  }

  /** What jobs have in clusters for their own sake, by cluster. */
  traces(): { readonly cluster: string; readonly object: KubernetesObject }[] {
    const all = PLACES.flatMap((cluster) =>
      this.cluster(cluster)
        .all()
        .map((object) => ({ cluster, object })),
    );
    return all.filter(({ object }) => isTrace(object));
  }

  /** Each object of a cluster as people know it, by one digest each: UIDs, versions and status aside. */
  forms(cluster: string): Record<string, string> {
    const how = { images: {}, ingressClasses: {}, storageClasses: {}, stateful: true };
    const ask = { ...how, replicas: -1, replicaSets: [] };
    return Object.fromEntries(
      this.cluster(cluster)
        .all()
        .map((one) => {
          const { manifest } = sanitise(one as object as Manifest, ask);
          const { replicas = null } = (one['spec'] ?? {}) as { replicas?: number };
          const { labels = {}, annotations = {} } = manifest?.metadata ?? {};
          const plain = { ...manifest, metadata: { ...manifest?.metadata, labels, annotations } };
          return [`${one.kind} ${one.metadata.name}`, digestOf({ plain, replicas })];
        }),
    );
  }
}
