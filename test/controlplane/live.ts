// What lives in a control plane: an object as it is there, a node that takes pods, what a Rollout says.

import type { V1Node } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { ApiError, type Ref } from './client.ts';
import type { ControlPlane } from './cluster.ts';
import { node } from './objects.ts';
import { until } from './until.ts';

export async function live(
  plane: ControlPlane,
  object: object,
): Promise<KubernetesObject | undefined> {
  try {
    return await plane.admin.get<KubernetesObject>(object as Ref);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

export async function takesOrMakes(plane: ControlPlane, name: string): Promise<void> {
  const wish = node({ name, address: '127.1.1.1' });
  if (!(await live(plane, wish))) await plane.admin.create(wish);
  await until('the node takes pods', () => takesPods(plane, name));
}

async function takesPods(plane: ControlPlane, name: string): Promise<boolean> {
  const { spec, status } = await plane.admin.get<V1Node>(node({ name }));
  return status?.allocatable?.['cpu'] !== undefined && (spec?.taints ?? []).length === 0;
}

export interface RolloutStatus {
  readonly phase?: string;
  readonly observedGeneration?: string;
  readonly stableRS?: string;
  readonly currentPodHash?: string;
}
