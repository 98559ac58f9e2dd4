// The words by which a person takes an app over or gives it up, or a cluster.
//
// Comes in: names, confirmed by the API. Goes out: words, decided from what stands at their turn. On
// failure: a BallastError that says why not now.

import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName } from '../model.ts';
import type { PublishedView } from '../round.ts';
import type { Word } from './word.ts';

/** What an edge's endpoint owns becomes the controller's, as the configuration has it. */
export function adoptApp(actor: string, app: AppName): Word {
  return {
    actor,
    text: `adopt ${app}`,
    kind: 'word',
    decide(published) {
      if (ownApp(published, app).owner !== 'endpoint') {
        throw new BallastError('not-adoptable', `${app} is the controller’s already`);
      }
      return {
        apps: new Set([app]),
        adopts: app,
        suppose: (name, found) =>
          name === app && found ? { ...found, owner: 'controller' } : found,
      };
    },
  };
}

/** `standing`: how the app is named now. Its hosts go to whoever waits for them, in the same commit. */
export function deleteApp(
  actor: string,
  app: AppName,
  standing: (app: AppName) => 'known' | 'unseen' | 'orphaned',
): Word {
  return {
    actor,
    text: `delete ${app}`,
    kind: 'word',
    decide(published) {
      ownApp(published, app);
      const now = standing(app);
      if (now === 'known') throw new BallastError('still-named', `${app} is named now`);
      if (now === 'unseen') {
        const text = `a cluster, or a source of VMs, that may have ${app} is not seen yet`;
        throw new BallastError('still-named', text);
      }
      return { apps: new Set(), deletes: app };
    },
  };
}

/** Takes the servers of a cluster that nobody names any more out of every upstream. */
export function dropCluster(
  actor: string,
  cluster: ClusterName,
  isNamed: (cluster: ClusterName) => boolean,
): Word {
  return {
    actor,
    text: `delete cluster ${cluster}`,
    kind: 'word',
    decide(published) {
      if (isNamed(cluster)) throw new BallastError('still-named', `${cluster} is named now`);
      const apps = new Set<AppName>();
      for (const app of published.apps()) {
        const servers = published.app(app)?.upstream.servers ?? [];
        const own = servers.filter(({ from }) => from === cluster);
        const busy = own.find(({ weight }) => weight > 0);
        if (busy) {
          const text = `${busy.address} of ${cluster} has weight ${busy.weight} in ${app}`;
          throw new BallastError('still-serving', text);
        }
        if (own.length > 0) apps.add(app);
      }
      if (apps.size === 0) {
        throw new BallastError('cluster-unknown', `nothing is published from ${cluster}`);
      }
      return { apps, suppose: (_app, found) => found && without(found, cluster) };
    },
  };
}

function ownApp(published: Published, app: AppName): PublishedView {
  const found = published.app(app);
  if (found) return found;
  const why = published.unreadable.get(app);
  const text =
    why === undefined
      ? `nothing is published for ${app}`
      : `what is published for ${app} cannot be read (${why})`;
  throw new BallastError('app-unknown', text);
}

/** The bytes stay those that are published: what is taken out is a change. */
function without(found: PublishedView, cluster: ClusterName): PublishedView {
  const servers = found.upstream.servers.filter(({ from }) => from !== cluster);
  return { ...found, upstream: { ...found.upstream, servers } };
}
