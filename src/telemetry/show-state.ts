// Sets the gauges that show a state from memory, at the moment somebody asks for them.

import type { SourceStatus } from '../clusters/registry.ts';
import type { Controller } from '../controller.ts';
import type { EdgeBook } from '../edges/edge-book.ts';
import type { Address, AppName, ClusterStatus } from '../model.ts';
import type { AppFacts } from '../round.ts';
import { HOLDS } from '../edges/document.ts';
import { isForgotten } from '../weights/hold-changes.ts';
import type { Ramp } from '../weights/ramps.ts';
import { lostOf, type Rehearsal } from '../migration/rehearsal/report.ts';
import type { EdgeAges } from './edge-ages.ts';
import type { Metrics } from './metrics.ts';
import { writeMetrics, type MetricsText } from './open-metrics.ts';
import { showServers, type Bounds } from './show-servers.ts';

export interface State {
  readonly controller: Controller;
  readonly sources: readonly SourceStatus[];
  readonly book: EdgeBook;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Milliseconds of the time of day. */
  readonly wall: number;
  readonly forgottenHours: number;
  /** The last one; absent: there was none. */
  readonly rehearsal?: Rehearsal | undefined;
  /** Monotonic: since when it leads and is to rehearse; absent: it is not to. */
  readonly rehearsalWanted?: number | undefined;
  readonly showJobs: () => void;
  readonly ages: EdgeAges;
  readonly bounds: Bounds;
  /** Requests per server over the last minute. */
  readonly measured: (app: AppName) => ReadonlyMap<Address, number>;
}

/** The text of /metrics, in the form that `accept` asks for. */
export async function showState(
  metrics: Metrics,
  state: State,
  accept?: string,
): Promise<MetricsText> {
  const { controller } = state;
  showLeader(metrics, controller);
  showClusters(metrics, controller.clusters());
  showHolds(metrics, state);
  showDebts(metrics, controller);
  showRamps(metrics, controller);
  showDelays(metrics, controller);
  showRehearsal(metrics, state);
  state.showJobs();
  metrics.clusterSourceTrouble.reset();
  for (const { source, trouble } of state.sources) {
    metrics.clusterSourceTrouble.set({ source }, trouble.length);
  }
  showDoubts(metrics, controller);
  showCounts(metrics, state);
  showServers(metrics, state);
  showEdges(metrics, state);
  return writeMetrics(metrics.registry, accept);
}

function showLeader(metrics: Metrics, controller: Controller): void {
  const leader = controller.leader();
  metrics.leader.set(leader.leading ? 1 : 0);
  metrics.term.set(leader.term ?? 0);
  metrics.version.set(controller.published()?.mark.version ?? 0);
}

function showHolds(metrics: Metrics, { controller, wall, forgottenHours }: State): void {
  const published = controller.published();
  const holds = published?.held.holds ?? [];
  for (const kind of ['drain', 'pin', 'freeze'] as const) {
    const own = holds.filter((hold) => hold.kind === kind);
    const oldest = own.reduce((age, { since }) => Math.max(age, (wall - since) / 1000), 0);
    metrics.holds.set({ kind }, own.length);
    metrics.holdOldestAge.set({ kind }, oldest);
    const ends = own.flatMap(({ until }) => until ?? []);
    if (ends.length === 0) metrics.holdNextEnd.remove({ kind });
    else metrics.holdNextEnd.set({ kind }, (Math.min(...ends) - wall) / 1000);
  }
  const forgotten = holds.filter((hold) => isForgotten(hold, wall, forgottenHours));
  metrics.holdsForgotten.set(forgotten.length);
  metrics.holdsUnreadable.set(published?.unreadable.has(HOLDS) ? 1 : 0);
}

function showDebts(metrics: Metrics, controller: Controller): void {
  metrics.debts.reset();
  const states = new Map(controller.clusters().map(({ name, state }) => [name, state]));
  for (const { cluster } of controller.published()?.held.debts ?? []) {
    metrics.debts.inc({ cluster, state: states.get(cluster) ?? 'gone' });
  }
}

function showRamps(metrics: Metrics, controller: Controller): void {
  const counts = { rising: 0, stopped: 0, abandoned: 0 };
  for (const app of controller.apps()) {
    for (const ramp of controller.facts(app)?.weighed?.ramps.values() ?? []) {
      counts[stateOf(ramp)] += 1;
    }
  }
  for (const [state, count] of Object.entries(counts)) metrics.ramps.set({ state }, count);
}

function stateOf({ stopped }: Ramp): 'rising' | 'stopped' | 'abandoned' {
  if (!stopped) return 'rising';
  return stopped.code === 'ramp-abandoned' ? 'abandoned' : 'stopped';
}

/** Of one that does not lead nothing is said: the leader's is newer than what a former one remembers. */
function showRehearsal(metrics: Metrics, state: State): void {
  const { rehearsedAge, rehearsalAwaited, backupAge, unrecoverable, rehearsalRung } = metrics;
  for (const gauge of [backupAge, unrecoverable, rehearsalRung]) gauge.reset();
  for (const gauge of [rehearsedAge, rehearsalAwaited]) gauge.remove();
  if (!state.controller.leader().leading) return;
  const { rehearsal, rehearsalWanted, wall, now } = state;
  if (!rehearsal) {
    if (rehearsalWanted !== undefined) rehearsalAwaited.set((now - rehearsalWanted) / 1000);
    return;
  }
  rehearsedAge.set(Math.max(0, (wall - rehearsal.at) / 1000));
  for (const one of rehearsal.clusters) {
    const { cluster, apps, destinations } = one;
    for (const { app, ageSeconds } of apps)
      if (ageSeconds !== undefined) backupAge.set({ app, cluster }, ageSeconds);
    unrecoverable.set({ cluster }, lostOf(one).length);
    const rungs = destinations.flatMap(({ ok, rung }) => (ok && rung !== undefined ? rung : []));
    if (apps.length > 0) rehearsalRung.set({ cluster }, Math.min(4, ...rungs));
  }
}

function showDelays(metrics: Metrics, controller: Controller): void {
  const counts = { 'share-limited': 0, 'second-look': 0 };
  for (const app of controller.apps()) {
    const facts = controller.facts(app);
    counts['share-limited'] += facts?.weighed?.delays?.size ?? 0;
    counts['second-look'] += facts?.inventory.clusters.filter(({ doubt }) => doubt).length ?? 0;
  }
  for (const [code, count] of Object.entries(counts)) metrics.guardDelayed.set({ code }, count);
}

function showEdges(metrics: Metrics, { controller, book, ages, now }: State): void {
  const { edgeUp, edgeVersion, edgeAcknowledgedAge } = metrics;
  for (const gauge of [edgeUp, edgeVersion, edgeAcknowledgedAge]) gauge.reset();
  const mark = controller.published()?.mark;
  ages.noted(mark, now);
  for (const view of book.views(mark, now)) {
    const { name, status, state } = view;
    const edge = { edge: name };
    edgeUp.set(edge, status === 'current' || status === 'behind' ? 1 : 0);
    edgeVersion.set(edge, state?.mark?.version ?? 0);
    edgeAcknowledgedAge.set(edge, ages.seconds(view, now));
  }
}

function showClusters(metrics: Metrics, clusters: readonly ClusterStatus[]): void {
  const { clusterState, clusterAge, clusterIngressNodes, clusterRelists, clusterUnread } = metrics;
  // Of one that is gone nothing is said any more.
  const gauges = [clusterState, clusterAge, clusterIngressNodes, clusterRelists, clusterUnread];
  for (const gauge of gauges) gauge.reset();
  for (const status of clusters) {
    const cluster = status.name;
    for (const state of ['unseen', 'fresh', 'stale'] as const) {
      metrics.clusterState.set({ cluster, state }, status.state === state ? 1 : 0);
    }
    metrics.clusterAge.set({ cluster }, status.state === 'stale' ? status.ageSeconds : 0);
    metrics.clusterIngressNodes.set({ cluster }, status.ingressNodes.length);
    metrics.clusterRelists.inc({ cluster }, status.relists);
    metrics.clusterUnread.set({ cluster }, status.unread?.length ?? 0);
  }
}

function showCounts(metrics: Metrics, { controller, bounds }: State): void {
  metrics.appPods.reset();
  metrics.appUnroutedPods.reset();
  let shown = 0;
  let omitted = 0;
  for (const app of controller.apps()) {
    const facts = controller.facts(app);
    const counts = facts?.inventory.clusters.filter(({ absent }) => !absent) ?? [];
    const fits = shown + counts.length <= bounds.most;
    if (fits && facts) showPods(metrics, counts, facts);
    shown += fits ? counts.length : 0;
    omitted += fits ? 0 : counts.length;
  }
  metrics.seriesOmitted.set({ of: 'count' }, omitted);
}

function showDoubts(metrics: Metrics, controller: Controller): void {
  metrics.doubtedApps.reset();
  for (const { name } of controller.clusters()) metrics.doubtedApps.set({ cluster: name }, 0);
  for (const app of controller.apps()) {
    for (const { cluster, absent, doubt } of controller.facts(app)?.inventory.clusters ?? []) {
      if (!absent && doubt) metrics.doubtedApps.inc({ cluster });
    }
  }
}

type Counts = AppFacts['inventory']['clusters'];

function showPods(metrics: Metrics, counts: Counts, { inventory, weighed }: AppFacts): void {
  const { app } = inventory;
  for (const { cluster, pods } of counts) {
    metrics.appPods.set({ app, cluster }, pods);
    const reason = weighed?.reasons.get(cluster)?.code;
    if (reason === 'not-routed' || reason === 'no-ingress-nodes') {
      metrics.appUnroutedPods.set({ app, cluster, reason }, pods);
    }
  }
}
