// What a migration sees and says of weights. `live-traffic.ts` is the real one. Pure types.

import type { Address, AppName, ClusterName, Hold, Upstream } from '../../model.ts';
import type { Tally } from '../../edges/statistics.ts';
import type { JobHold } from '../../words/of-jobs.ts';

/** What is counted of an app in a cluster now. */
export interface Seen {
  /** Ready ones, by its endpoints. */
  readonly pods: number;
  readonly nodes: readonly Address[];
  /** Why it does not count, or not as it stands. */
  readonly why?: string;
}

export interface MoveTraffic {
  upstream(app: AppName): Upstream | undefined;
  seen(app: AppName, cluster: ClusterName): Seen | undefined;
  /** That stand, whoever said them. */
  holds(): readonly Hold[];
  /** In one commit; `instead`: ids of holds of the same job that end with it. */
  say(who: string, holds: readonly JobHold[], instead: readonly string[]): Promise<void>;
  lift(who: string, job: string, ids: readonly string[]): Promise<void>;
  /** Why not every edge has applied and saved what now stands of this app; undefined: all have. */
  unacknowledged(app: AppName): string | undefined;
  /** All that may send requests. */
  edges(): readonly string[];
  /** Of each edge that gave word, what it has counted at these servers. */
  tallies(app: AppName, servers: readonly Address[]): ReadonlyMap<string, Tally>;
  /** Who polled weights within so long and acknowledges nothing, or why that is not known. */
  pollers(withinMs: number): string | undefined;
}
