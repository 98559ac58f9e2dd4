// Clusters turn stale and fresh again: told once each.
//
// Comes in: the clusters as they are. Goes out: whether one has turned since it was asked last. On failure:
// there is none here.

import type { ControllerParts } from './controller-parts.ts';

export interface ClusterStates {
  changed(): boolean;
}

export function noteStates({
  clusters,
  reporter,
}: Pick<ControllerParts, 'clusters' | 'reporter'>): ClusterStates {
  const states = new Map<string, string>();
  return {
    changed() {
      const all = clusters.readers().map((one) => one.status());
      const turned = all.filter(({ name, state }) => states.get(name) !== state);
      for (const { name, state, reason } of turned) {
        states.set(name, state);
        reporter.cluster(name, state, reason);
      }
      return turned.length > 0;
    },
  };
}
