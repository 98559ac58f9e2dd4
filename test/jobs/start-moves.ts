// A process that runs migrations on clusters in memory.

import type { Lease } from '../../src/edges/store.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import type { SharedPages } from '../../src/jobs/shared-pages.ts';
import { openBookings } from '../../src/migration/capacity/bookings.ts';
import { migrationKind } from '../../src/migration/run/run.ts';
import type { MoveTraffic } from '../../src/migration/run/traffic.ts';
import type { Life } from './mortal.ts';
import type { MoveFleet } from './move-fleet.ts';
import { ENVIRONMENT, startOn, waysTo } from './on-clusters.ts';
import type { Process } from './process.ts';

interface Own {
  readonly life?: Life | undefined;
  /** With the real bookings of room on them. */
  readonly pages?: SharedPages;
}

export function startMoves(
  fleet: MoveFleet,
  journal: JobJournal,
  { life, pages }: Own = {},
): Process {
  const ways = waysTo(fleet.clusters, life);
  const { of, writerOf, places } = ways;
  // What only reads is no effect, and is asked without waiting.
  const spoken = of('traffic', { say: fleet.say.bind(fleet), lift: fleet.lift.bind(fleet) });
  const traffic: MoveTraffic = {
    upstream: (app) => fleet.upstream(app),
    seen: (app, cluster) => fleet.seen(app, cluster),
    holds: () => fleet.standing(),
    unacknowledged: () => fleet.unacknowledged(),
    edges: () => fleet.edges(),
    tallies: (app, servers) => fleet.tallies(app, servers),
    pollers: () => fleet.pollers(),
    say: (who, holds, instead) => spoken.say(who, holds, instead),
    lift: (who, job, ids) => spoken.lift(who, job, ids),
  };
  const { hooks, owe, mark, unmark } = fleet.ledgers;
  const said = of('ledgers', { owe, mark, unmark });
  let serving: Lease | undefined;
  const bookings =
    pages &&
    openBookings({
      pages: of('pages', pages),
      heads: () => process.heads(),
      lease: () => serving,
    });
  const kind = migrationKind({
    environment: ENVIRONMENT,
    writerOf,
    places,
    traffic,
    world: fleet,
    probe: () => fleet.probe(),
    clock: fleet.clock,
    room: bookings ?? of('room', fleet.ledgers.room),
    hooks,
    owe: (speaker, owing) => said.owe(speaker, owing),
    mark: (speaker, moving) => said.mark(speaker, moving),
    unmark: (speaker, app) => said.unmark(speaker, app),
  });
  const process = startOn(ways, {
    journal,
    clock: fleet.clock,
    kind: kind as JobKind,
    lift(who, job) {
      const ids = fleet.standing().flatMap((hold) => (hold.job === job ? [hold.id] : []));
      return traffic.lift(who, job, ids);
    },
  });
  return {
    ...process,
    serve(lease) {
      serving = lease;
      return process.serve(lease);
    },
  };
}
