// The two clusters of a fleet, and the moment in which all its edges hold what is due of an app.
//
// Comes in: a fleet; weights by cluster and node. Goes out: nothing once they are held. On failure: an
// error with what the edges hold and the end of Ballast's log.

import type { SimulatedCluster } from '../simulated/cluster.ts';
import type { Fleet } from './fleet.ts';
import { untilHeld } from './held.ts';

export function bothOf({ clusters }: Fleet): readonly [SimulatedCluster, SimulatedCluster] {
  const [east, west] = clusters;
  if (!east || !west) throw new Error('two clusters were started');
  return [east, west];
}

export function untilSettled(
  fleet: Fleet,
  weights: readonly (readonly number[])[],
  app = 'shop',
): Promise<void> {
  const byAddress = weights.flatMap((list, cluster) =>
    list.map((weight, node) => [fleet.address(cluster + 1, node + 1), weight] as const),
  );
  const why = () => fleet.ballast.log().slice(-2000);
  return untilHeld(fleet.edges, { app, weights: Object.fromEntries(byAddress), why });
}
