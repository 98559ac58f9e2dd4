// Whether a cluster is meant.

import type { ClusterFilter, FanoutCluster } from '../model.ts';
import { meetsAll, type Requirement } from '../../label-requirements.ts';

export function matchesCluster(cluster: FanoutCluster, filter: ClusterFilter): boolean {
  const { name, labels } = cluster;
  if (filter.names && !filter.names.includes(name)) return false;
  if (filter.exclude.includes(name) || !meetsAll(labels, filter.labels)) return false;
  const zones = filter.fields.filter(({ key }) => key === 'zone');
  const others = filter.fields.filter(({ key }) => key !== 'zone');
  return meetsAll(fieldsOf(cluster), others) && zones.every((zone) => meetsZone(cluster, zone));
}

function fieldsOf({ provider, region }: FanoutCluster): Record<string, string> {
  return {
    ...(provider !== undefined && { provider }),
    ...(region !== undefined && { region }),
  };
}

/** One zone of the cluster in the list is enough from Karmada 1.18 on; before, all had to be. */
function meetsZone({ zones }: FanoutCluster, { operator, values }: Requirement): boolean {
  const overlaps = zones.some((zone) => values.includes(zone));
  return operator === 'NotIn' ? !overlaps : overlaps;
}

/** Whether Karmada before 1.18 would have said otherwise. */
export function dependsOnVersion({ zones }: FanoutCluster, { fields }: ClusterFilter): boolean {
  return fields.some(({ key, operator, values }) => {
    if (key !== 'zone' || operator !== 'In') return false;
    const inside = zones.filter((zone) => values.includes(zone)).length;
    return inside > 0 && inside < zones.length;
  });
}
