// The jobs of one start of a controller: all of src/jobs, wired as src/runs.ts wires it.
//
// Comes in: the controller, the simulated Redis and clusters. Goes out: jobs, served by its terms, and the
// drafts of migrations. On failure: what nobody should ever meet is handed to the watch.

import type { Controller } from '../../../src/controller.ts';
import type { EdgeBook } from '../../../src/edges/edge-book.ts';
import type { Statistics } from '../../../src/edges/statistics.ts';
import { BallastError } from '../../../src/errors.ts';
import { liveTraffic } from '../../../src/fanout/run/live-traffic.ts';
import { fanoutKind } from '../../../src/fanout/run/run.ts';
import { foundKind } from '../../../src/jobs/found.ts';
import { createJobs, type Jobs } from '../../../src/jobs/jobs.ts';
import type { JobKind } from '../../../src/jobs/kind.ts';
import { memoryWakes } from '../../../src/jobs/memory-wakes.ts';
import { tracedPlaces } from '../../../src/jobs/traces.ts';
import type { Lease } from '../../../src/edges/store.ts';
import { openBookings } from '../../../src/migration/capacity/bookings.ts';
import { liveLedgers } from '../../../src/migration/run/live-ledgers.ts';
import { liveMoveTraffic } from '../../../src/migration/run/live-traffic.ts';
import { migrationKind } from '../../../src/migration/run/run.ts';
import { jobsIn } from '../../../src/words/of-jobs.ts';
import type { TrueCluster } from '../clusters.ts';
import type { Redis } from '../redis.ts';
import type { Process } from '../time.ts';
import { type MoveDrafts, moveDrafts } from './moves.ts';
import { moveWorld, probeOf } from './move-world.ts';
import { type Acting, noted, type SimulatedObjects } from './objects.ts';

export interface RunnerParts {
  readonly process: Process;
  readonly redis: Redis;
  readonly objects: readonly SimulatedObjects[];
  readonly clusters: readonly TrueCluster[];
  readonly controller: Pick<Controller, 'facts' | 'published' | 'say'>;
  readonly book: EdgeBook;
  readonly statistics: Statistics;
  readonly wall: () => Date;
  readonly random: () => number;
  /** A step is about to be done. */
  readonly acted: (acting: Acting) => void;
  readonly told: (text: string) => void;
  readonly wrong: (text: string) => void;
}

export interface SimulatedRuns extends Jobs, MoveDrafts {}

/** Nobody else asks for weights, and nobody else has a word. */
const POLLERS = { lately: () => [], since: 0 };
const HOOKS = { ask: async () => ({ verdict: 'none', text: 'no hook' }) as const };

export function runJobs(parts: RunnerParts): SimulatedRuns {
  const { process, redis, controller, told, wrong } = parts;
  const { clock } = process;
  const writers = new Map(parts.objects.map((one) => [one.name, one.writerFrom(process)]));
  const writerOf = async (cluster: string) => {
    const writer = writers.get(cluster);
    if (!writer) throw new BallastError('cluster-unknown', cluster);
    return writer;
  };
  // No request is simulated: nothing is ever under way.
  const traffic = { ...liveTraffic({ ...parts, clock }), inFlight: () => 0 };
  const environment = 'simulated';
  const places = tracedPlaces({ environment, writerOf, clusters: () => [...writers.keys()] });
  const fanouts = fanoutKind({ environment, writerOf, places, traffic, wall: parts.wall });
  const found = foundKind({ lift: (who, job) => traffic.lift(who, job), places });
  let serving: Lease | undefined;
  const bookings = openBookings({
    pages: redis.pagesOf(process),
    heads: () => jobs.heads(),
    lease: () => serving,
  });
  const world = moveWorld(parts);
  const moves = migrationKind({
    ...liveLedgers({ bookings, hooks: HOOKS, controller }),
    environment,
    writerOf,
    places,
    traffic: liveMoveTraffic({ ...parts, pollers: POLLERS, clock }),
    world,
    probe: probeOf(parts.clusters),
    clock,
  });
  const { acted } = parts;
  const jobs: Jobs = createJobs({
    journal: redis.journalOf(process),
    wakes: memoryWakes(clock),
    clock,
    kinds: [
      noted(fanouts, acted) as JobKind,
      noted(moves, acted) as JobKind,
      noted(found, acted) as JobKind,
    ],
    wall: parts.wall,
    random: parts.random,
    traces: () => jobsIn(controller.published()?.held.holds ?? []),
    places,
    changed: () => undefined,
    unexpected: (error) =>
      wrong(`a job met ${error instanceof Error ? error.stack : String(error)}`),
    async fence({ cluster, ...ref }, { term }) {
      const fenced = await (await writerOf(cluster)).fence(ref, term);
      if (!fenced.ok) throw new BallastError('lost-term', fenced.text);
    },
    note: (job, text) => told(`${process.name}: job ${job.id}: ${text}`),
  });
  return {
    ...jobs,
    ...moveDrafts({ objects: parts.objects, world, bookings }),
    serve(lease) {
      serving = lease;
      const end = jobs.serve(lease);
      return () => {
        if (serving === lease) serving = undefined;
        return end();
      };
    },
  };
}
