// Whether what a command names is there, where it has to be.
//
// Comes in: a cluster's name. Goes out: nothing, where there is such a cluster. On failure: a CommandFailure
// that says which there are. Of holds the API's answer says which move nothing (telling.ts).

import type { ClusterAnswer } from '../api/shapes.ts';
import { callerOf } from './asking.ts';
import type { PlaceOptions } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export async function needCluster(name: string, options: PlaceOptions): Promise<void> {
  const caller = await callerOf(options);
  const { body } = await caller.ask<{ readonly items: readonly ClusterAnswer[] }>('/clusters');
  const names = body.items.map((cluster) => cluster.name);
  if (name === 'vm' || names.includes(name)) return;
  const there = names.join(', ') || 'none';
  const text = `cluster-unknown: no cluster ${name}; there are: ${there}`;
  throw new CommandFailure(EXIT.notFound, text);
}
