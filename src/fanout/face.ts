// A cluster as placement and overrides see it. Pure.

import type { ClusterSettings } from '../clusters/settings.ts';
import type { FanoutCluster } from './model.ts';

export type Traits = Pick<
  ClusterSettings,
  'name' | 'labels' | 'provider' | 'region' | 'zones' | 'taints'
>;

export function faceOf(traits: Traits, ready: boolean): FanoutCluster {
  const { name, labels = {}, provider, region, zones = [], taints = [] } = traits;
  return {
    name,
    ready,
    labels,
    zones,
    taints,
    ...(provider !== undefined && { provider }),
    ...(region !== undefined && { region }),
  };
}
