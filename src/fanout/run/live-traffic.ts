// What jobs see and say of weights, by the controller that leads.

import { acknowledgedBy } from '../../api/acknowledged.ts';
import type { Clock } from '../../clock.ts';
import type { Controller } from '../../controller.ts';
import { HOLDS } from '../../edges/document.ts';
import type { EdgeBook } from '../../edges/edge-book.ts';
import type { Statistics } from '../../edges/statistics.ts';
import { BallastError } from '../../errors.ts';
import type { Address, AppName } from '../../model.ts';
import { holdForJob, liftForJob } from '../../words/of-jobs.ts';
import type { Traffic } from './traffic.ts';

export interface TrafficParts {
  readonly controller: Pick<Controller, 'published' | 'facts' | 'say'>;
  readonly book: Pick<EdgeBook, 'views'>;
  readonly statistics: Pick<Statistics, 'inFlight' | 'errors'>;
  readonly clock: Clock;
}

export function liveTraffic({ controller, book, statistics, clock }: TrafficParts): Traffic {
  /** Since which version of this term all of them stand; undefined: one does not. */
  const since = (ids: readonly string[]): number | undefined => {
    const published = controller.published();
    const versions = ids.map((id) => published?.heldSince.get(id));
    return versions.includes(undefined)
      ? undefined
      : Math.max(0, ...versions.filter((one) => one !== undefined));
  };
  const serversOf = (app: AppName, cluster: string): Address[] => {
    const servers = controller.published()?.app(app)?.upstream.servers ?? [];
    return servers.filter(({ from }) => from === cluster).map(({ address }) => address);
  };
  return {
    upstream: (app) => controller.published()?.app(app)?.upstream,
    pods(app) {
      const { clusters = [], vms = [] } = controller.facts(app)?.inventory ?? {};
      const counts = clusters.map(({ cluster, pods }): [string, number] => [cluster, pods]);
      return new Map([...counts, ['vm', vms.length]]);
    },
    holdsOf: (job) =>
      (controller.published()?.held.holds ?? [])
        .filter((hold) => hold.job === job)
        .map(({ id }) => id),
    hold: (who, holds) => controller.say(holdForJob(who, holds)),
    async lift(who, job, ids) {
      try {
        await controller.say(liftForJob(who, job, ids));
      } catch (error) {
        // An earlier try had it written.
        if (!(error instanceof BallastError) || error.code !== 'hold-unknown') throw error;
      }
    },
    unacknowledged(ids, apps) {
      const term = controller.published()?.mark.term;
      const version = since(ids);
      if (term === undefined || version === undefined) return 'a hold does not stand yet';
      const concerns = (app: AppName): boolean => app === HOLDS || apps.includes(app);
      const { edges } = acknowledgedBy(book, { stamp: { term, version }, concerns }, clock.now());
      const missing = edges.find((edge) => edge.missing !== undefined);
      if (missing) return `${missing.name}: ${missing.missing}`;
      return edges.length === 0 ? 'no edge is known' : undefined;
    },
    inFlight: (app, cluster, withinMs) =>
      statistics.inFlight(app, serversOf(app, cluster), clock.now() - withinMs),
    errors(app, cluster, withinMs) {
      const now = clock.now();
      return statistics.errors(app, serversOf(app, cluster), now, now - withinMs);
    },
  };
}
