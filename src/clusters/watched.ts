// One list and watch of a cluster, as it goes. Comes in: what is followed. Goes out: where, how much of
// it there is, and its health, as they are at the moment of asking: rounds ask all the time. Nothing fails.

import type { Followed } from './resources.ts';
import type { ResourceHealth } from './health.ts';

export interface Watched extends ResourceHealth {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** How many objects there are. */
  readonly count: number;
}

export function watchedOf({ kind, pods, namespace, late, place, reflector }: Followed): Watched {
  const { title, path, labelSelector, fieldSelector } = place;
  return {
    kind,
    ...(pods && { pods }),
    ...(namespace !== undefined && { namespace }),
    ...(late && { late }),
    title,
    path,
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    get health() {
      return reflector.health();
    },
    get count() {
      return reflector.count();
    },
  };
}
