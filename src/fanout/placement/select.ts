// Which clusters an order may go to.
//
// Comes in: a placement and all clusters. Goes out: for each of its groups those that fit, with their
// tier, and of all others the first reason why not. Nothing here fails: no cluster at all is a result,
// and the plan says so.

import type { ClusterFilter, FanoutCluster, Placement, Taint, Toleration } from '../model.ts';
import { matchesCluster } from './filter.ts';

export interface Selected {
  readonly group: string;
  /** By tier, then name. */
  readonly candidates: readonly Candidate[];
  readonly leftOut: readonly LeftOut[];
}

export interface Candidate {
  readonly cluster: string;
  /** The first filter of the group that it meets. */
  readonly tier: number;
  /** What is divided to it is lost: the namespace is not federated there. */
  readonly cut: boolean;
}

export interface LeftOut {
  readonly cluster: string;
  readonly why: string;
}

/** One entry for each group, in their order. `earlier`: clusters that have the object already. */
export function selectClusters(
  placement: Placement,
  clusters: readonly FanoutCluster[],
  earlier: ReadonlySet<string>,
): Selected[] {
  const sorted = clusters.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return placement.groups.map(({ name, tiers }) => {
    const candidates: Candidate[] = [];
    const leftOut: LeftOut[] = [];
    for (const cluster of sorted) {
      const tier = tiers.findIndex((filter) => matchesCluster(cluster, filter));
      const why = whyNot(cluster, { tier, placement, isEarlier: earlier.has(cluster.name) });
      if (why !== undefined) leftOut.push({ cluster: cluster.name, why });
      else candidates.push({ cluster: cluster.name, tier, cut: isCut(cluster, placement.within) });
    }
    const byTier = candidates.toSorted((left, right) => left.tier - right.tier);
    const strangers = strangersOf(tiers, sorted).map((cluster) => ({ cluster, why: 'not known' }));
    return { group: name, candidates: byTier, leftOut: [...leftOut, ...strangers] };
  });
}

interface Standing {
  readonly tier: number;
  readonly placement: Placement;
  readonly isEarlier: boolean;
}

function whyNot(cluster: FanoutCluster, standing: Standing): string | undefined {
  const { tier, placement, isEarlier } = standing;
  if (tier < 0) return 'not selected';
  if (placement.readyOnly && !cluster.ready) return 'not ready';
  if (placement.tolerations === undefined || isEarlier) return undefined;
  const taint = untolerated(taintsOf(cluster), placement.tolerations);
  if (!taint) return undefined;
  const value = taint.value === undefined ? '' : `=${taint.value}`;
  return `taint ${taint.key}${value}:${taint.effect} is not tolerated`;
}

function isCut(cluster: FanoutCluster, within: readonly ClusterFilter[]): boolean {
  return !within.every((filter) => matchesCluster(cluster, filter));
}

/** Karmada taints a cluster that is not ready; so a policy may tolerate it. */
function taintsOf({ ready, taints }: FanoutCluster): readonly Taint[] {
  const notReady: Taint = { key: 'cluster.karmada.io/not-ready', effect: 'NoSchedule' };
  return ready || taints.some(({ key }) => key === notReady.key) ? taints : [...taints, notReady];
}

const BARS = new Set(['NoSchedule', 'NoExecute']);

function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | undefined {
  return taints
    .filter(({ effect }) => BARS.has(effect))
    .find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator, value = '', effect } = toleration;
  // Left out or empty: any effect.
  if (effect && effect !== taint.effect) return false;
  // Without a key: Exists tolerates all.
  if (!key) return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}

/** Named, and not among the clusters. */
function strangersOf(
  tiers: readonly ClusterFilter[],
  clusters: readonly FanoutCluster[],
): string[] {
  const known = new Set(clusters.map(({ name }) => name));
  const named = tiers.flatMap(({ names = [] }) => names).filter((name) => !known.has(name));
  return [...new Set(named)].toSorted();
}
