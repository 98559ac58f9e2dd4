// One resource of a cluster as it is followed: where it is, and who takes what it shows. Pure types.

import type { Change } from './record-index.ts';
import type { Meta, Raw } from './records.ts';

/**
 * `required`: without it the cluster is not fresh. `namespaced`: without it what its namespace says of apps
 * is unknown. The others may be forbidden or not there at all: they tell whether traffic is led to an
 * app, which Services a Rollout joins, or, `app-pods`, how many pods an app without Service has, which
 * is unknown then.
 */
export type ResourceKind =
  | 'required'
  | 'namespaced'
  | 'app-pods'
  | 'ingresses'
  | 'classes'
  | 'httproutes'
  | 'gateways'
  | 'rollouts';

export interface Resource<R extends Meta> {
  /** As in `endpointslices of prod`. */
  readonly title: string;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * What, with whichever resource, makes it be listed. `interruption`: breaks and calls without answer:
   * the API server may be back with an older etcd whose versions have passed ours, and a watch from there
   * would be of another past. `trouble`: also failures that were answered, so that all is of one moment.
   */
  readonly listAfter: 'interruption' | 'trouble';
  read(raw: Raw): R;
  /** Must not throw. */
  changed(changes: readonly Change<R>[]): void;
}
