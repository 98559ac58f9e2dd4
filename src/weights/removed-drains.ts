// Which clusters that no source names any more are to be drained, and which drains are over. Pure.
//
// Comes in: how all clusters stand, who is named, the holds. Goes out: names of clusters to drain, ids of
// holds to lift. On failure: there is none; in doubt nobody is drained.
//
//   a cluster that no source names                   follows
//   for a while, every source being well             drained, slowly
//   two or more, and a third of all, at once         nobody: a source lost them, or a person decides
//   of which a hold speaks already                   that hold stands: whoever freezes it keeps it
//   is named and seen again, or deleted              its drain is lifted

import type { ClusterName, ClusterStatus, Hold } from '../model.ts';

export interface RemovedRule {
  readonly afterSeconds: number;
  readonly rampSeconds: number;
}

export interface RemovedView {
  /** Those that are there, and those that are gone and still published. */
  readonly statuses: readonly ClusterStatus[];
  readonly isNamed: (cluster: ClusterName) => boolean;
  readonly holds: readonly Hold[];
  /** Each source has answered, and nothing in it is in trouble. */
  readonly sourcesWell: boolean;
}

export interface RemovedMoves {
  readonly drain: readonly ClusterName[];
  readonly lift: readonly string[];
}

export function removedDrainId(cluster: ClusterName): string {
  return `removed-${cluster}`;
}

export function moveRemoved(view: RemovedView, rule: RemovedRule | undefined): RemovedMoves {
  return { drain: toDrain(view, rule), lift: toLift(view) };
}

function toDrain(
  { statuses, isNamed, holds, sourcesWell }: RemovedView,
  rule: RemovedRule | undefined,
): ClusterName[] {
  if (!rule || !sourcesWell) return [];
  const removed = statuses.filter(({ name }) => !isNamed(name));
  if (removed.length >= 2 && removed.length * 3 >= statuses.length) return [];
  const isHeld = (name: ClusterName): boolean =>
    holds.some(({ cluster, app, server }) => cluster === name && !app && !server);
  return removed
    .filter(({ name, ageSeconds }) => ageSeconds >= rule.afterSeconds && !isHeld(name))
    .map(({ name }) => name);
}

function toLift({ statuses, isNamed, holds }: RemovedView): string[] {
  const byName = new Map(statuses.map((status) => [status.name, status]));
  return holds.flatMap(({ id, cluster = '' }) => {
    if (id !== removedDrainId(cluster)) return [];
    const status = byName.get(cluster);
    const isBack = isNamed(cluster) && status?.state === 'fresh';
    return isBack || !status ? [id] : [];
  });
}
