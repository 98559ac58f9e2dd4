// A process that runs migrations on clusters in memory.

import { foundKind } from '../../src/jobs/found.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { tracedPlaces } from '../../src/jobs/traces.ts';
import { migrationKind } from '../../src/migration/run/run.ts';
import type { MoveTraffic } from '../../src/migration/run/traffic.ts';
import type { Life } from './mortal.ts';
import { type MoveFleet, PLACES } from './move-fleet.ts';
import { startJobs, type Process } from './process.ts';

export const ENVIRONMENT = 'test';

export function startMoves(fleet: MoveFleet, journal: JobJournal, life?: Life): Process {
  const of = <T extends object>(name: string, thing: T): T => life?.of(name, thing) ?? thing;
  const writers = new Map([...fleet.clusters].map(([name, one]) => [name, of('cluster', one)]));
  const writerOf = async (name: string) => {
    const writer = writers.get(name);
    if (!writer) throw new Error(`no cluster ${name}`);
    return writer;
  };
  // What only reads is no effect, and is asked without waiting.
  const spoken = of('traffic', { say: fleet.say.bind(fleet), lift: fleet.lift.bind(fleet) });
  const traffic: MoveTraffic = {
    upstream: () => fleet.upstream(),
    seen: (app, cluster) => fleet.seen(app, cluster),
    standing: (job) => fleet.standing(job),
    unacknowledged: () => fleet.unacknowledged(),
    edges: () => fleet.edges(),
    tallies: (app, servers) => fleet.tallies(app, servers),
    pollers: () => fleet.pollers(),
    say: (who, holds, instead) => spoken.say(who, holds, instead),
    lift: (who, job, ids) => spoken.lift(who, job, ids),
  };
  const { room, hooks, owe, mark, unmark } = fleet.ledgers;
  const said = of('ledgers', { owe, mark, unmark });
  const clusters = () => PLACES;
  const places = tracedPlaces({ environment: ENVIRONMENT, clusters, writerOf });
  const kind = migrationKind({
    environment: ENVIRONMENT,
    writerOf,
    places,
    traffic,
    world: fleet,
    probe: () => fleet.probe(),
    clock: fleet.clock,
    room: of('room', room),
    hooks,
    owe: (speaker, owing) => said.owe(speaker, owing),
    mark: (speaker, moving) => said.mark(speaker, moving),
    unmark: (speaker, app) => said.unmark(speaker, app),
  });
  const liftAll = (who: string, job: string) => {
    const ids = fleet.standing(job).map(({ id }) => id);
    return traffic.lift(who, job, ids);
  };
  const found = foundKind({ lift: liftAll, places });
  const parts = { journal, places, clock: fleet.clock, ...(life && { life }) };
  return startJobs(
    parts,
    [kind as JobKind, found as JobKind],
    async ({ cluster, ...ref }, fence) => {
      const fenced = await (await writerOf(cluster)).fence(ref, fence.term);
      if (!fenced.ok) throw new Error(fenced.text);
    },
  );
}
