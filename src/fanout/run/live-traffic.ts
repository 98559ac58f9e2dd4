// What jobs see and say of weights, by the controller that leads.

import { acknowledgedBy } from '../../api/acknowledged.ts';
import type { Clock } from '../../clock.ts';
import type { Controller } from '../../controller.ts';
import { HOLDS } from '../../edges/document.ts';
import type { EdgeBook } from '../../edges/edge-book.ts';
import type { Statistics } from '../../edges/statistics.ts';
import { BallastError } from '../../errors.ts';
import type { AppName } from '../../model.ts';
import { holdForJob, liftForJob } from '../../words/of-jobs.ts';
import type { Traffic } from './traffic.ts';

export interface TrafficParts {
  readonly controller: Pick<Controller, 'published' | 'say'>;
  readonly book: Pick<EdgeBook, 'views'>;
  readonly statistics: Pick<Statistics, 'inFlight'>;
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
  return {
    upstream: (app) => controller.published()?.app(app)?.upstream,
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
    inFlight(app, cluster, withinMs) {
      const servers = controller.published()?.app(app)?.upstream.servers ?? [];
      const own = servers.filter(({ from }) => from === cluster).map(({ address }) => address);
      return statistics.inFlight(app, own, clock.now() - withinMs);
    },
  };
}
