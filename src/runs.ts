// Jobs, wired: the engine on Redis, the kinds of jobs there are, and how plans for them are made.
//
// Comes in: what the app has of clusters, weights and edges. Goes out: jobs, served for as long as a term
// lasts. On failure: as jobs/jobs.ts.

import type { Logger } from 'pino';
import { notePollers, type Pollers } from './api/pollers.ts';
import type { Clock } from './clock.ts';
import type { Registry } from './clusters/registry.ts';
import { shownRef } from './clusters/cluster-writer.ts';
import type { ClusterWorld } from './clusters/world.ts';
import { createWriters } from './clusters/writers.ts';
import type { Controller } from './controller.ts';
import type { EdgeBook } from './edges/edge-book.ts';
import type { HistoryStore } from './edges/history-store.ts';
import { NO_HOLDS } from './edges/holds-body.ts';
import type { RedisPlace } from './edges/redis-connection.ts';
import type { Statistics } from './edges/statistics.ts';
import type { Lease } from './edges/store.ts';
import { BallastError } from './errors.ts';
import { planLive } from './fanout/live/live.ts';
import type { Sealing } from './fanout/plan/seal.ts';
import type { AppNaming } from './fanout/plan/world.ts';
import { liveTraffic } from './fanout/run/live-traffic.ts';
import { fanoutKind } from './fanout/run/run.ts';
import { submit, type Submission, type Submitted } from './fanout/run/submit.ts';
import type { WriterOf } from './fanout/run/writes.ts';
import { bullWakes } from './jobs/bull-wakes.ts';
import { foundKind } from './jobs/found.ts';
import { createJobs, type Jobs } from './jobs/jobs.ts';
import type { JobKind } from './jobs/kind.ts';
import { openRedisJournal } from './jobs/redis-journal.ts';
import { tracedPlaces } from './jobs/traces.ts';
import { followJobs } from './telemetry/job-moves.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { openBookings, type Bookings } from './migration/capacity/bookings.ts';
import type { Migrations } from './migration/migrations.ts';
import { openMoves } from './migration/run/live.ts';
import { createProof } from './migration/debts/proof.ts';
import { debtKind } from './migration/debts/run.ts';
import { movedAway } from './words/of-debts.ts';
import { jobsIn } from './words/of-jobs.ts';

export interface RunsParts {
  readonly redis: RedisPlace & { readonly environment: string };
  readonly registry: Pick<Registry, 'orders'>;
  readonly world: ClusterWorld;
  readonly controller: () => Pick<Controller, 'published' | 'say' | 'facts'>;
  readonly book: EdgeBook;
  readonly statistics: Statistics;
  readonly history: Pick<HistoryStore, 'note'>;
  readonly naming: () => AppNaming;
  /** Of what Secrets hold; absent: without a key. */
  readonly sealing?: Sealing;
  readonly metrics: Metrics;
  readonly migrations: () => Pick<Migrations, 'look' | 'objects' | 'additions' | 'hooks'>;
  readonly clock: Clock;
  readonly wall: () => Date;
  readonly random: () => number;
  readonly log: Logger;
}

export interface Runs {
  readonly jobs: Jobs;
  /** Jobs are done under this lease until what it returns is called. */
  serve(lease: Lease): () => Promise<void>;
  readonly bookings: Bookings;
  /** Noted by the API: a deletion asks who may still send requests. */
  readonly pollers: Pollers;
  readonly writerOf: WriterOf;
  plan(submission: Submission): Promise<Submitted>;
  /** Sets the metrics of jobs. */
  show(): void;
  close(): Promise<void>;
}

/** How long a cluster may take to answer while a plan is made. */
const ANSWER_MS = 10_000;

export function openRuns(parts: RunsParts): Runs {
  const { registry, world, book, clock, log, history } = parts;
  const { environment } = parts.redis;
  const moves = followJobs(parts.metrics, clock);
  const writers = createWriters(() => registry.orders(), world);
  const journal = openRedisJournal({ ...parts.redis, onState: () => undefined });
  const trouble = (error: Error): void => log.warn({ reason: error.message }, 'waking jobs');
  const wakes = bullWakes({ ...parts.redis, trouble });
  const controller: ReturnType<RunsParts['controller']> = {
    published: () => parts.controller().published(),
    facts: (app) => parts.controller().facts(app),
    say: (word) => parts.controller().say(word),
  };
  let serving: Lease | undefined;
  const bookings = openBookings({
    pages: journal.pages,
    heads: () => jobs.heads(),
    lease: () => serving,
  });
  const writerOf = (cluster: string) => writers.writer(cluster);
  const traffic = liveTraffic({ ...parts, controller });
  const pollers = notePollers(clock);
  const places = tracedPlaces({
    environment,
    writerOf,
    clusters: () =>
      registry.orders().flatMap(({ settings: { name, jobs } }) => (jobs ? [name] : [])),
  });
  const migrations = openMoves({
    ...parts,
    pollers,
    environment,
    places,
    controller,
    writerOf,
    bookings,
    hooks: () => parts.migrations().hooks(),
    world: {
      look: (plan, app) => parts.migrations().look(plan, app),
      objects: (plan, app) => parts.migrations().objects(plan, app),
      additions: (cluster, namespace) => parts.migrations().additions(cluster, namespace),
    },
  });
  const sealing = parts.sealing && { sealing: parts.sealing };
  const fanouts = fanoutKind({
    ...{ environment, writerOf, places, traffic, wall: parts.wall },
    ...sealing,
  });
  const unproved = createProof({ ...parts, traffic });
  const debts = debtKind({ controller, writerOf, unproved });
  const kinds = [
    fanouts,
    migrations.kind,
    debts,
    foundKind({ lift: (who, job) => traffic.lift(who, job), places }),
  ];
  const jobs: Jobs = createJobs({
    journal,
    wakes,
    clock,
    kinds: kinds as unknown as readonly JobKind[],
    wall: parts.wall,
    random: parts.random,
    traces: () => jobsIn(controller.published()?.held.holds ?? []),
    places,
    changed: moves.changed,
    unexpected: (error) => log.error({ error: String(error) }, 'a job met what nobody expected'),
    async fence({ cluster, ...ref }, { term }) {
      const fenced = await (await writerOf(cluster)).fence(ref, term);
      if (!fenced.ok) throw new BallastError('lost-term', `${shownRef(ref)}: ${fenced.text}`);
    },
    note(job, text) {
      log.info({ job: job.id, text }, 'job');
      const line = { actor: job.begun.who, text: `job ${job.id}: ${text}` };
      void history.note(JSON.stringify(line)).catch(() => undefined);
    },
  });
  return {
    jobs,
    serve(lease) {
      serving = lease;
      const end = jobs.serve(lease);
      return () => {
        if (serving === lease) serving = undefined;
        return end();
      };
    },
    bookings,
    pollers,
    writerOf,
    plan: (submission) =>
      submit(submission, {
        environment,
        writerOf,
        naming: parts.naming,
        ...sealing,
        mayWrite: (cluster) =>
          registry.orders().some(({ settings: { name, jobs } }) => name === cluster && jobs),
        hasEdges: () => book.views(undefined, clock.now()).length > 0,
        async planLive(orders, options, room) {
          const how = { timeoutMs: ANSWER_MS, dryRun: true, ...(room && { room }) };
          const held = controller.published()?.held ?? NO_HOLDS;
          const booked = room && { booked: await bookings.all() };
          const live = { plan: options, movedAway: movedAway(held), ...booked, ...how };
          return (await planLive(orders, registry.orders(), world, live)).plan;
        },
      }),
    show: () => moves.show(jobs.known()),
    async close() {
      await Promise.all([wakes.close(), journal.close(), writers.close(), migrations.close()]);
    },
  };
}
