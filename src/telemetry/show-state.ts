// Sets the gauges that show a state from memory, at the moment somebody asks for them.

import type { SourceStatus } from '../clusters/registry.ts';
import type { Controller } from '../controller.ts';
import type { EdgeBook, EdgeView } from '../edges/edge-book.ts';
import type { ClusterStatus } from '../model.ts';
import type { Published } from '../edges/published.ts';
import type { AppFacts } from '../round.ts';
import { HOLDS } from '../edges/document.ts';
import { isForgotten } from '../weights/hold-changes.ts';
import type { Ramp } from '../weights/ramps.ts';
import type { Rehearsal } from '../migration/rehearsal/report.ts';
import type { Metrics } from './metrics.ts';

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
}

/** The text of /metrics. */
export async function showState(metrics: Metrics, state: State): Promise<string> {
  const { controller } = state;
  showLeader(metrics, controller);
  showClusters(metrics, controller.clusters());
  showHolds(metrics, state);
  showRamps(metrics, controller);
  showDelays(metrics, controller);
  showRehearsal(metrics, state);
  metrics.clusterSourceTrouble.reset();
  for (const { source, trouble } of state.sources) {
    metrics.clusterSourceTrouble.set({ source }, trouble.length);
  }
  metrics.appPods.reset();
  metrics.appUnroutedPods.reset();
  metrics.serverWeight.reset();
  metrics.doubtedApps.reset();
  for (const { name } of controller.clusters()) metrics.doubtedApps.set({ cluster: name }, 0);
  for (const app of controller.apps()) {
    showPods(metrics, app, controller.facts(app));
    showWeights(metrics, app, controller.published());
  }
  metrics.edgeUp.reset();
  metrics.edgeVersion.reset();
  for (const edge of state.book.views(controller.published()?.mark, state.now)) {
    showEdge(metrics, edge);
  }
  return metrics.registry.metrics();
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
  }
  const forgotten = holds.filter((hold) => isForgotten(hold, wall, forgottenHours));
  metrics.holdsForgotten.set(forgotten.length);
  metrics.holdsUnreadable.set(published?.unreadable.has(HOLDS) ? 1 : 0);
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

/** Of a controller that never rehearsed nothing is said: another may lead. */
function showRehearsal(metrics: Metrics, { rehearsal, wall }: State): void {
  const { rehearsedAge, backupAge, unrecoverable, rehearsalRung } = metrics;
  for (const gauge of [rehearsedAge, backupAge, unrecoverable, rehearsalRung]) gauge.reset();
  if (!rehearsal) return rehearsedAge.remove();
  rehearsedAge.set(Math.max(0, (wall - rehearsal.at) / 1000));
  for (const { cluster, apps, destinations } of rehearsal.clusters) {
    const since = Math.max(0, Math.round((wall - rehearsal.at) / 1000));
    for (const { app, ageSeconds } of apps)
      if (ageSeconds !== undefined) backupAge.set({ app, cluster }, ageSeconds + since);
    const lost = apps.filter(({ trouble }) => trouble !== undefined);
    unrecoverable.set({ cluster }, lost.length);
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

function showWeights(metrics: Metrics, app: string, published: Published | undefined): void {
  for (const { address, from, weight } of published?.app(app)?.upstream.servers ?? []) {
    metrics.serverWeight.set({ app, from, server: address }, weight);
  }
}

function showEdge(metrics: Metrics, edge: EdgeView): void {
  const up = edge.status === 'current' || edge.status === 'behind';
  metrics.edgeUp.set({ edge: edge.name }, up ? 1 : 0);
  metrics.edgeVersion.set({ edge: edge.name }, edge.state?.mark?.version ?? 0);
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
    metrics.clusterRelists.set({ cluster }, status.relists);
    metrics.clusterUnread.set({ cluster }, status.unread?.length ?? 0);
  }
}

function showPods(metrics: Metrics, app: string, facts: AppFacts | undefined): void {
  const counts = facts?.inventory.clusters.filter(({ absent }) => !absent) ?? [];
  for (const { cluster, pods, doubt } of counts) {
    if (doubt) metrics.doubtedApps.inc({ cluster });
    metrics.appPods.set({ app, cluster }, pods);
    const reason = facts?.weighed?.reasons.get(cluster)?.code;
    if (reason === 'not-routed' || reason === 'no-ingress-nodes') {
      metrics.appUnroutedPods.set({ app, cluster, reason }, pods);
    }
  }
}
