// Who waits for a second list, and of which cluster it has to be asked.
//
// Comes in: the inventories of each round. Goes out: a list, when it is time for it, and the apps to
// look at again when it is in. On failure: there is none; a list that fails is made again by the cluster.

import type { Clock } from '../clock.ts';
import type { ClusterReader } from '../clusters/cluster.ts';
import type { AppName, ClusterName } from '../model.ts';
import type { Doubt } from './cluster-count.ts';
import type { AppInventory } from './inventory.ts';
import { isLate } from './second-look.ts';

export interface Doubts {
  note(inventory: AppInventory): void;
  /** Asks for the lists that are due; answers whose second list is in. */
  follow(readers: readonly ClusterReader[]): Set<AppName>;
}

interface DoubtParts {
  readonly clock: Clock;
  readonly reporter: { secondLook(cluster: ClusterName, apps: number): void };
}

export function noteDoubts({ clock, reporter }: DoubtParts, waitMs: () => number): Doubts {
  const doubts = new Map<ClusterName, Map<AppName, Doubt>>();
  /** When each was last asked to list anew. */
  const lists = new Map<ClusterName, number>();

  const isDue = (name: ClusterName, { since }: Doubt): boolean => {
    const due = since + waitMs();
    return clock.now() >= due && (lists.get(name) ?? Number.NEGATIVE_INFINITY) < due;
  };

  return {
    note({ app, clusters }) {
      for (const { cluster, doubt } of clusters) {
        const own = doubts.get(cluster);
        if (doubt) doubts.set(cluster, (own ?? new Map<AppName, Doubt>()).set(app, doubt));
        else if (own?.delete(app) && own.size === 0) doubts.delete(cluster);
      }
    },
    follow(readers) {
      const again = new Set<AppName>();
      for (const reader of readers) {
        const own = doubts.get(reader.name);
        if (!own) continue;
        for (const [app, doubt] of own) if (isLate(doubt, reader.looks(), waitMs())) again.add(app);
        if (![...own.values()].some((doubt) => isDue(reader.name, doubt))) continue;
        lists.set(reader.name, clock.now());
        reporter.secondLook(reader.name, own.size);
        reader.relist();
      }
      return again;
    },
  };
}
