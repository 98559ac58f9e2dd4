// What moved between two inventories of an app, in words: the cause of a change of weights. Pure.

import type { ClusterCount } from '../inventory/cluster-count.ts';
import type { AppInventory } from '../inventory/inventory.ts';

/** `east: pods 20 to 40`; empty where nothing that is counted moved. */
export function causesOf(before: AppInventory | undefined, after: AppInventory): string[] {
  if (!before) return ['first look'];
  const causes: string[] = [];
  for (const count of after.clusters) {
    const old = before.clusters.find((other) => other.cluster === count.cluster);
    causes.push(...(old ? clusterCauses(old, count) : [`${count.cluster}: new cluster`]));
  }
  for (const old of before.clusters) {
    if (!after.clusters.some((count) => count.cluster === old.cluster)) {
      causes.push(`${old.cluster}: removed from the configuration`);
    }
  }
  if (before.vms.join() !== after.vms.join()) {
    causes.push(`VMs ${before.vms.length} to ${after.vms.length}`);
  }
  if (before.hosts.join() !== after.hosts.join()) causes.push('hosts');
  return causes;
}

function clusterCauses(old: ClusterCount, now: ClusterCount): string[] {
  const causes: string[] = [];
  const say = (text: string): void => void causes.push(`${now.cluster}: ${text}`);
  if (old.kept !== now.kept) say(now.kept ? 'no longer seen' : 'seen');
  if (old.pods !== now.pods) say(`pods ${old.pods} to ${now.pods}`);
  if (old.routed !== now.routed) say(now.routed === false ? 'no longer routed' : 'routed');
  if (addresses(old) !== addresses(now)) {
    say(`ingress nodes ${old.ingressNodes.length} to ${now.ingressNodes.length}`);
  }
  return causes;
}

function addresses(count: ClusterCount): string {
  return count.ingressNodes.map((node) => node.address).join();
}
