// What migrations see and say of weights, by the controller that leads.

import { acknowledgedBy } from '../../api/acknowledged.ts';
import type { Pollers } from '../../api/pollers.ts';
import type { Clock } from '../../clock.ts';
import type { Controller } from '../../controller.ts';
import { HOLDS } from '../../edges/document.ts';
import type { EdgeBook } from '../../edges/edge-book.ts';
import type { Published } from '../../edges/published.ts';
import type { Statistics } from '../../edges/statistics.ts';
import { BallastError } from '../../errors.ts';
import type { ClusterCount } from '../../inventory/cluster-count.ts';
import type { AppName } from '../../model.ts';
import { whyNothing } from '../../weights/rule.ts';
import { holdForJob, liftForJob } from '../../words/of-jobs.ts';
import type { MoveTraffic, Seen } from './traffic.ts';

export interface MoveTrafficParts {
  readonly controller: Pick<Controller, 'published' | 'say' | 'facts'>;
  readonly book: Pick<EdgeBook, 'views'>;
  readonly statistics: Pick<Statistics, 'tallies'>;
  readonly pollers: Pick<Pollers, 'lately' | 'since'>;
  readonly clock: Clock;
}

export function liveMoveTraffic(parts: MoveTrafficParts): MoveTraffic {
  const { controller, book, statistics, pollers, clock } = parts;
  return {
    upstream: (app) => controller.published()?.app(app)?.upstream,
    seen(app, cluster) {
      const counts = controller.facts(app)?.inventory.clusters ?? [];
      const count = counts.find((one) => one.cluster === cluster);
      return count && seenOf(count);
    },
    holds: () => controller.published()?.held.holds ?? [],
    async say(who, holds, instead) {
      await controller.say(holdForJob(who, holds, instead));
    },
    async lift(who, job, ids) {
      try {
        await controller.say(liftForJob(who, job, ids));
      } catch (error) {
        // An earlier try had it written.
        if (!(error instanceof BallastError) || error.code !== 'hold-unknown') throw error;
      }
    },
    unacknowledged(app) {
      const published = controller.published();
      if (!published) return 'nothing is published yet';
      const concerns = (one: AppName): boolean => one === HOLDS || one === app;
      const stamp = { term: published.mark.term, version: versionOf(published, app) };
      const { edges } = acknowledgedBy(book, { stamp, concerns }, clock.now());
      const missing = edges.find((edge) => edge.missing !== undefined);
      return missing && `${missing.name}: ${missing.missing}`;
    },
    edges: () => book.views(undefined, clock.now()).map(({ name }) => name),
    tallies: (app, servers) => statistics.tallies(app, servers),
    pollers(withinMs) {
      const [one] = pollers.lately(withinMs);
      if (one) {
        const age = Math.round((clock.now() - one.at) / 1000);
        return `${one.caller} at ${one.address} polled ${one.what} ${age} s ago, and acknowledges nothing`;
      }
      const known = clock.now() - pollers.since;
      if (known >= withinMs) return undefined;
      return `who polls weights is known since ${Math.round(known / 1000)} s only`;
    },
  };
}

/** At which what is held, and the app's document, stand as they do now: a hold of one id may say another. */
function versionOf(published: Published, app: AppName): number {
  const { mark, holdsAt } = published;
  const { term = 0, version = 0 } = published.app(app)?.stamp ?? {};
  return term === mark.term ? Math.max(holdsAt, version) : holdsAt;
}

function seenOf(count: ClusterCount): Seen {
  const { pods, ingressNodes, kept, state, reason } = count;
  const isKnown = !kept && state === 'fresh';
  const why = isKnown ? whyUncounted(count) : (reason?.text ?? 'it is not seen as it is now');
  const nodes = ingressNodes.map(({ address }) => address);
  return { pods, nodes, ...(why !== undefined && { why }) };
}

/** Too few pods are counted elsewhere. */
function whyUncounted(count: ClusterCount): string | undefined {
  return count.pods === 0 ? undefined : whyNothing(count)?.text;
}
