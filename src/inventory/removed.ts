// Clusters that nobody names any more while something is still published from them.
//
// Comes in: what is published, who is there. Goes out: a status for each, stale, with its reason. On
// failure: there is none.

import type { Clock } from '../clock.ts';
import type { AppName, ClusterName, ClusterStatus, Upstream } from '../model.ts';
import { removedText } from './inventory.ts';

interface Documents {
  readonly mark: { readonly term: number; readonly version: number };
  apps(): Iterable<AppName>;
  app(app: AppName): { readonly upstream: Upstream } | undefined;
}

export interface Removed {
  statuses(
    published: Documents | undefined,
    present: readonly ClusterStatus[],
  ): readonly ClusterStatus[];
}

export function noteRemoved(clock: Clock): Removed {
  /** When each was first missed. */
  const since = new Map<ClusterName, number>();
  let read = '';
  let sources: ReadonlySet<ClusterName> = new Set();

  /** Every document is looked through once a commit. */
  const sourcesOf = (published: Documents): ReadonlySet<ClusterName> => {
    const { term, version } = published.mark;
    if (read === `${term}-${version}`) return sources;
    read = `${term}-${version}`;
    const names = new Set<ClusterName>();
    for (const app of published.apps()) {
      for (const { from } of published.app(app)?.upstream.servers ?? []) names.add(from);
    }
    names.delete('vm');
    sources = names;
    return names;
  };

  return {
    statuses(published, present) {
      const gone = new Set(published ? sourcesOf(published) : []);
      for (const { name } of present) gone.delete(name);
      for (const name of since.keys()) if (!gone.has(name)) since.delete(name);
      return [...gone].toSorted().map((name) => {
        const missed = since.get(name) ?? clock.now();
        since.set(name, missed);
        return {
          name,
          state: 'stale',
          ageSeconds: (clock.now() - missed) / 1000,
          reason: removedText(name),
          ingressNodes: [],
          leftOut: [],
          relists: 0,
        };
      });
    },
  };
}
