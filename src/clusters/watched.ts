// One list and watch of a cluster, as it goes. Comes in: what is followed. Goes out: where, how much of
// it there is, and its health. Nothing fails.

import type { Followed } from './resources.ts';
import type { ResourceHealth } from './standing.ts';

export interface Watched extends ResourceHealth {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** How many objects there are. */
  readonly count: number;
}

export function watchedOf({ kind, pods, place, reflector }: Followed): Watched {
  const { title, path, labelSelector, fieldSelector } = place;
  return {
    kind,
    ...(pods && { pods }),
    title,
    path,
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    health: reflector.health(),
    count: reflector.count(),
  };
}
