// What one cluster has of one app, as it counts. Pure.

import type { ClusterName, ClusterState, IngressNode, Reason } from '../model.ts';

export const NO_PODS: Reason = { code: 'no-pods', text: 'no ready pod' };

/** How much of an app counts in a cluster. */
export interface Extent {
  readonly pods: number;
  readonly nodes: number;
}

/** A fall that waits for a second list. */
export interface Doubt extends Extent {
  /** When the list came that showed so little. */
  readonly since: number;
}

/** One cluster's part in an app. */
export interface ClusterCount {
  readonly cluster: ClusterName;
  readonly state: ClusterState;
  readonly ageSeconds: number;
  readonly pods: number;
  readonly routed: boolean | 'unchecked';
  readonly hosts: readonly string[];
  readonly ingressNodes: readonly IngressNode[];
  readonly reason?: Reason;
  /** Nothing is known of it yet: what is published from this cluster stays, weight by weight. */
  readonly kept: boolean;
  /** No source names it any more; its servers give way to whoever has their address now. */
  readonly removed?: true;
  /** Nothing of the app is there, nor published from there: one count serves all such apps. */
  readonly absent?: true;
  /** Of which list it is (second-look.ts). */
  readonly listedAt?: number;
  /** It has fallen by a list, and waits for a second one. */
  readonly doubt?: Doubt;
}
