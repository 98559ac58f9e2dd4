// Where an object's containers are, for the steps that mean all of them or one by name.
//
// Karmada knows Pod, ReplicaSet, Deployment, DaemonSet, StatefulSet and Job, and no init containers.
// Here they reach Argo Rollouts too; CronJobs and init containers only where that is asked for.

import { isMap } from '../document.ts';
import { podPath } from '../kinds.ts';
import type { Manifest } from '../model.ts';

export interface Reach {
  readonly cronJobs: boolean;
  readonly initContainers: boolean;
}

export interface Container {
  readonly tokens: readonly (string | number)[];
  readonly container: Record<string, unknown>;
}

export function containersOf(object: Manifest, { cronJobs, initContainers }: Reach): Container[] {
  const path = podPath(object);
  if (path === undefined || (object.kind === 'CronJob' && !cronJobs)) return [];
  let pod: unknown = object;
  for (const key of path) pod = isMap(pod) ? pod[key] : undefined;
  if (!isMap(pod)) return [];
  const keys = initContainers ? ['containers', 'initContainers'] : ['containers'];
  return keys.flatMap((key) => {
    const list: unknown = pod[key];
    if (!Array.isArray(list)) return [];
    return list.flatMap((container: unknown, index) =>
      isMap(container) ? [{ tokens: [...path, key, index], container }] : [],
    );
  });
}

/** Every container, whatever it is for. */
export function allContainers(object: Manifest): Container[] {
  return containersOf(object, { cronJobs: true, initContainers: true });
}
