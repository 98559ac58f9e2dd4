// What is where: for each app its counts in every cluster, its VMs and its hosts. Pure.
//
// Comes in: how each cluster is seen, the last inventory, what is published. Goes out: one
// AppInventory for each app asked for. On failure: unknown is not zero. A cluster that was never
// seen keeps what is published from it; one that is stale keeps its last counts; so does one that no
// source names any more.

import { splitAddress } from '../address.ts';
import type {
  Address,
  AppName,
  AppNames,
  ClusterName,
  ClusterStatus,
  Footprint,
  Looks,
  Policy,
  Reason,
  Upstream,
} from '../model.ts';
import { isAbsent, stateReason } from './absent.ts';
import type { ClusterCount } from './cluster-count.ts';
import { believe, type SecondLookRules } from './second-look.ts';

/** What one cluster says at the moment of a round. */
export interface ClusterView {
  readonly status: ClusterStatus;
  readonly apps: AppNames;
  readonly looks: Looks;
  /** For apps of which nothing is there (absentCount). */
  readonly absent?: ClusterCount;
  footprint(app: AppName): Footprint;
  /** Whether an address without port is a pod here, so no VM. */
  isPod(app: AppName, ip: string): boolean;
}

/** What the configuration says of an app; absent for a discovered one. */
export interface ToldApp {
  readonly app: AppName;
  readonly hosts?: readonly string[];
  readonly policy: Policy;
}

export interface AppInventory {
  readonly app: AppName;
  readonly hosts: readonly string[];
  readonly policy: Policy;
  readonly clusters: readonly ClusterCount[];
  readonly vms: readonly Address[];
  /** A source that may have VMs of it was never read: those that are published stay, weight by weight. */
  readonly vmsKept?: boolean;
  /** Why the VMs are not what their sources say. */
  readonly vmsReason?: Reason;
  /**
   * `known`: told or discovered. `unseen`: published, and a cluster (or a source of VMs) that may
   * have it is not seen yet. `orphaned`: published, and nobody names it any more. The last two keep their document.
   */
  readonly standing: 'known' | 'unseen' | 'orphaned';
}

export interface World extends SecondLookRules {
  /** In the order of the configuration. */
  readonly clusters: readonly ClusterView[];
  readonly told: ReadonlyMap<AppName, ToldApp>;
  readonly vms: ReadonlyMap<AppName, readonly Address[]>;
  /** A source that may have VMs of the app was never read: `vms` are not all. */
  vmsUnread?(app: AppName): boolean;
  /** The address is a VM's by the word of a registry alone, where pods enrol themselves too. */
  vmRegistered?(app: AppName, address: Address): boolean;
  vmsReason?(app: AppName): Reason | undefined;
  readonly policy: Policy;
  /** Whether hosts of discovered apps come from Ingress and HTTPRoute rules. */
  readonly hostsFromIngress: boolean;
  last(app: AppName): AppInventory | undefined;
  published(app: AppName): Upstream | undefined;
}

/** All apps that anybody names now, and those that are published. */
export function everyApp(world: World, published: Iterable<AppName>): Set<AppName> {
  const apps = new Set<AppName>([...published, ...world.told.keys(), ...world.vms.keys()]);
  for (const cluster of world.clusters) for (const app of cluster.apps) apps.add(app);
  return apps;
}

/** The inventory of one app. */
export function takeInventory(world: World, app: AppName): AppInventory {
  const told = world.told.get(app);
  const published = world.published(app);
  const from = new Set(published?.servers.map((server) => server.from));
  const last = world.last(app)?.clusters ?? [];
  const clusters = [
    ...world.clusters.map((view, at) => {
      const before = countBefore(last, view.status.name, at);
      const place = { app, isTold: told !== undefined, isPublished: from.has(view.status.name) };
      if (view.absent && isAbsent(view, { ...place, before })) return view.absent;
      return countOf(world, view, { app, before });
    }),
    ...removedClusters(world, published).map(removedCount),
  ];
  return {
    app,
    hosts: told?.hosts?.toSorted() ?? hostsOf(world, clusters, published),
    policy: told?.policy ?? world.policy,
    clusters,
    ...vmsOf(world, { app, published, counts: clusters }),
    standing: standingOf(world, app),
  };
}

interface VmPlace {
  readonly app: AppName;
  readonly published: Upstream | undefined;
  readonly counts: readonly ClusterCount[];
}

function vmsOf(
  world: World,
  { app, published, counts }: VmPlace,
): Pick<AppInventory, 'vms' | 'vmsKept' | 'vmsReason'> {
  const kept = (published?.servers ?? [])
    .filter(({ from }) => from === 'vm')
    .map(({ address }) => address);
  const { vms: told, leftOut } = withoutPods(world, { app, kept, counts });
  const reason = join(world.vmsReason?.(app), leftOut);
  const why = reason && { vmsReason: reason };
  if (!world.vmsUnread?.(app)) return { vms: told, ...why };
  return { vms: [...new Set([...kept, ...told])], vmsKept: true, ...why };
}

/**
 * A pod is no VM, whoever says so. What a registry alone names may be a pod of a cluster that is not
 * seen yet: it waits for that cluster, unless it is published already.
 */
function withoutPods(
  world: World,
  { app, kept, counts }: Omit<VmPlace, 'published'> & { readonly kept: readonly Address[] },
): { readonly vms: readonly Address[]; readonly leftOut?: Reason } {
  const all = world.vms.get(app) ?? [];
  if (all.length === 0) return { vms: all };
  const unseen = whereUnseen(world, counts);
  const words: string[] = [];
  const vms = all.filter((address) => {
    const ip = splitAddress(address)?.ip ?? '';
    const owner = world.clusters.find((cluster) => cluster.isPod(app, ip));
    if (owner) words.push(`${address} is left out: a pod of ${owner.status.name} is no VM`);
    if (owner) return false;
    if (unseen === undefined || kept.includes(address)) return true;
    if (!world.vmRegistered?.(app, address)) return true;
    words.push(`${address} waits until ${unseen} is seen: it may be a pod there`);
    return false;
  });
  if (words.length === 0) return { vms };
  return { vms, leftOut: { code: 'vm-is-pod', text: words.join('; ') } };
}

function join(first: Reason | undefined, second: Reason | undefined): Reason | undefined {
  if (!first || !second) return first ?? second;
  return { code: first.code, text: `${first.text}; ${second.text}` };
}

/** With these a fresh cluster's numbers say nothing of the app: its last count stays. */
const UNKNOWN: ReadonlySet<Reason['code']> = new Set([
  'two-namespaces',
  'pods-unread',
  'namespace-unread',
]);

interface Place {
  readonly app: AppName;
  /** Its count of the last round. */
  readonly before: ClusterCount | undefined;
}

function countOf(world: World, view: ClusterView, { app, before }: Place): ClusterCount {
  const { name: cluster, state, ageSeconds, ingressNodes } = view.status;
  const common = { cluster, state, ageSeconds };
  const nothing = { pods: 0, routed: 'unchecked', hosts: [], ingressNodes: [] } as const;
  if (state === 'unseen') {
    return { ...common, ...nothing, reason: stateReason(view.status), kept: true };
  }
  if (state === 'stale') return staleCount(view, common, before);

  const footprint = view.footprint(app);
  const reason = mayHide(world, view, { app, before }) ?? footprint.reason;
  if (reason && UNKNOWN.has(reason.code)) {
    if (before) return { ...present(before), ...common, reason };
    return { ...common, ...nothing, reason, kept: true };
  }
  const { pods, routed, hosts } = footprint;
  const now = { ...common, pods, routed, hosts, ingressNodes, ...(reason && { reason }) };
  const servers = world.published(app)?.servers ?? [];
  const published = servers.filter(({ from }) => from === cluster);
  return believe({ ...now, kept: false }, view.looks, { count: before, published }, world);
}

/** What was never found here may be in a namespace that cannot be read. */
function mayHide(world: World, view: ClusterView, { app, before }: Place): Reason | undefined {
  const { name, unread } = view.status;
  if (!unread || world.told.has(app) || view.apps.has(app)) return undefined;
  if (before && !before.kept) return undefined;
  const text = `${app} may be in ${unread.join(', ')} of ${name}, where a right to read is missing`;
  return { code: 'namespace-unread', text };
}

/** Whether there may be more in it than is known. */
function isBlind({ status }: ClusterView): boolean {
  return status.state === 'unseen' || status.unread !== undefined;
}

/** A cluster that may have pods of the app which are not known. */
function whereUnseen(world: World, counts: readonly ClusterCount[]): ClusterName | undefined {
  const blind = world.clusters.find(isBlind)?.status.name;
  return blind ?? counts.find(({ reason }) => reason?.code === 'pods-unread')?.cluster;
}

/** Clusters that something is published from, and that are not there. */
function removedClusters(world: World, published: Upstream | undefined): ClusterName[] {
  const names = new Set(published?.servers.map(({ from }) => from));
  names.delete('vm');
  for (const { status } of world.clusters) names.delete(status.name);
  return [...names].toSorted();
}

function removedCount(cluster: ClusterName): ClusterCount {
  return {
    cluster,
    state: 'stale',
    ageSeconds: 0,
    pods: 0,
    routed: 'unchecked',
    hosts: [],
    ingressNodes: [],
    reason: { code: 'cluster-removed', text: removedText(cluster) },
    kept: true,
    removed: true,
  };
}

export function removedText(cluster: ClusterName): string {
  return `no source names ${cluster} any more; its servers stay until a person deletes them`;
}

/** Last counts, never newer ones: what a sick cluster says may be zero where nothing is gone. */
function staleCount(
  view: ClusterView,
  common: Pick<ClusterCount, 'cluster' | 'state' | 'ageSeconds'>,
  before: ClusterCount | undefined,
): ClusterCount {
  const reason = stateReason(view.status);
  if (before) return { ...present(before), ...common, reason };
  const nothing = { pods: 0, routed: 'unchecked', hosts: [], ingressNodes: [] } as const;
  return { ...common, ...nothing, reason, kept: true };
}

/** Something of the app is there now. */
function present(count: ClusterCount): ClusterCount {
  const { absent: _absent, ...own } = count;
  return own;
}

/** The clusters are the same from round to round, mostly. */
function countBefore(
  last: readonly ClusterCount[],
  cluster: ClusterName,
  at: number,
): ClusterCount | undefined {
  const likely = last[at];
  if (likely?.cluster === cluster) return likely;
  return last.find((count) => count.cluster === cluster);
}

/** Union over the clusters; while one is not known, what is published stays too. */
function hostsOf(
  world: World,
  clusters: readonly ClusterCount[],
  published: Upstream | undefined,
): readonly string[] {
  if (!world.hostsFromIngress) return published?.hosts ?? [];
  const hosts = new Set(clusters.flatMap((count) => count.hosts));
  if (hosts.size === 0 || clusters.some((count) => count.kept)) {
    for (const host of published?.hosts ?? []) hosts.add(host);
  }
  return [...hosts].toSorted();
}

function standingOf(world: World, app: AppName): AppInventory['standing'] {
  if (world.told.has(app) || world.vms.has(app)) return 'known';
  if (world.clusters.some((view) => view.apps.has(app))) return 'known';
  const unseen = world.clusters.some(isBlind);
  return unseen || world.vmsUnread?.(app) ? 'unseen' : 'orphaned';
}
