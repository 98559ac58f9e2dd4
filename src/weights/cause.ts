// What moved between two inventories of an app: the cause of a change of weights. Pure.

import type { ClusterCount } from '../inventory/cluster-count.ts';
import type { AppInventory } from '../inventory/inventory.ts';

export const CAUSE_KINDS = [
  'pods',
  'nodes',
  'vms',
  'routes',
  'hosts',
  'policy',
  'cluster',
  'hold',
  'job',
  'ramp',
  'guard',
  'word',
  'endpoint',
  'first-look',
] as const;

export type CauseKind = (typeof CAUSE_KINDS)[number];

export interface Cause {
  readonly kind: CauseKind;
  /** `east: pods 20 to 40`. */
  readonly text: string;
}

/** Empty where nothing that is counted moved. */
export function causesOf(before: AppInventory | undefined, after: AppInventory): Cause[] {
  if (!before) return [{ kind: 'first-look', text: 'first look' }];
  const causes = after.clusters.flatMap((count, at): Cause[] => {
    if (count === before.clusters[at]) return [];
    const old = before.clusters.find((other) => other.cluster === count.cluster);
    if (old) return count.absent && old.absent ? [] : clusterCauses(old, count);
    return [{ kind: 'cluster', text: `${count.cluster}: new cluster` }];
  });
  for (const { cluster } of before.clusters) {
    if (!after.clusters.some((count) => count.cluster === cluster)) {
      causes.push({ kind: 'cluster', text: `${cluster}: removed from the configuration` });
    }
  }
  return [...causes, ...otherCauses(before, after)];
}

function otherCauses(before: AppInventory, after: AppInventory): Cause[] {
  const causes: Cause[] = [];
  if (before.vms.join() !== after.vms.join()) {
    causes.push({ kind: 'vms', text: `VMs ${before.vms.length} to ${after.vms.length}` });
  }
  if (before.hosts.join() !== after.hosts.join()) causes.push({ kind: 'hosts', text: 'hosts' });
  if (JSON.stringify(before.policy) !== JSON.stringify(after.policy)) {
    causes.push({ kind: 'policy', text: 'policy' });
  }
  return causes;
}

function clusterCauses(old: ClusterCount, now: ClusterCount): Cause[] {
  const causes: Cause[] = [];
  const say = (kind: CauseKind, text: string): void =>
    void causes.push({ kind, text: `${now.cluster}: ${text}` });
  if (old.kept !== now.kept) say('cluster', now.kept ? 'no longer seen' : 'seen');
  if (old.doubt && !now.doubt && hasFallen(old, now)) say('guard', 'a second list agrees');
  if (old.pods !== now.pods) say('pods', `pods ${old.pods} to ${now.pods}`);
  if (old.routed !== now.routed) {
    say('routes', now.routed === false ? 'no longer routed' : 'routed');
  }
  if (addresses(old) !== addresses(now)) {
    say('nodes', `ingress nodes ${old.ingressNodes.length} to ${now.ingressNodes.length}`);
  }
  return causes;
}

function hasFallen(old: ClusterCount, now: ClusterCount): boolean {
  return now.pods < old.pods || now.ingressNodes.length < old.ingressNodes.length;
}

function addresses(count: ClusterCount): string {
  return count.ingressNodes.map((node) => node.address).join();
}
