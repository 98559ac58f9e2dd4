// A controller in the simulation: all of src/controller.ts, wired as src/app.ts wires it.
//
// Comes in: the simulated world. Goes out: a process that can be killed, stopped and started anew. On
// failure: what no controller should ever tell is handed to the watch.

import { fixedClusters } from '../../src/clusters/memory.ts';
import { createController, type Controller } from '../../src/controller.ts';
import { counterOf } from '../../src/edges/counter.ts';
import { startCourier } from '../../src/edges/courier.ts';
import { openEdgeBook, type EdgeBook } from '../../src/edges/edge-book.ts';
import { questionEdges } from '../../src/edges/question.ts';
import { collectStatistics, type Statistics } from '../../src/edges/statistics.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { tellVms } from '../../src/inventory/vms-told.ts';
import type { Reporter } from '../../src/telemetry/reporter.ts';
import { Sight, type TrueCluster } from './clusters.ts';
import type { SimulatedEdge } from './edge.ts';
import type { Acting, SimulatedObjects } from './jobs/objects.ts';
import { runJobs, type SimulatedRuns } from './jobs/runner.ts';
import type { Redis } from './redis.ts';
import { Process, type Time } from './time.ts';

export const TOLD = 'shop';
export const VMS = ['10.9.0.1:80', '10.9.0.2:80'];
const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
const LEASE_MS = 5000;
export const RULES = {
  told: new Map([[TOLD, { app: TOLD, policy: POLICY }]]),
  policy: POLICY,
  hostsFromIngress: true,
  base: 10,
  secondLookMs: 4000,
  ramp: { percent: 25, seconds: 2, errorPercent: 5 },
  share: { clusterPoints: 40, upstreamPoints: 50 },
};
const LIMITED = { ...RULES, share: { clusterPoints: 40, upstreamPoints: 50 } };

export interface ControllerParts {
  readonly time: Time;
  readonly redis: Redis;
  readonly clusters: readonly TrueCluster[];
  readonly edges: readonly SimulatedEdge[];
  readonly random: () => number;
  /** What jobs write to; absent: it runs none. */
  readonly objects?: readonly SimulatedObjects[];
  readonly jobsRandom: () => number;
  readonly acted: (acting: Acting) => void;
  /** The guard limits how far shares rise in a minute. */
  readonly limited: boolean;
  readonly told: (text: string) => void;
  readonly wrong: (text: string) => void;
  readonly known: (cluster: string, app: string, serves: boolean) => void;
}

export class SimulatedController {
  readonly name: string;
  readonly #parts: ControllerParts;
  #starts = 0;
  #stop = new AbortController();
  #sights: readonly Sight[] = [];
  /** Of its time of day. */
  skewMs = 0;
  process: Process | undefined;
  controller: Controller | undefined;
  book: EdgeBook | undefined;
  jobs: SimulatedRuns | undefined;

  constructor(name: string, parts: ControllerParts) {
    this.name = name;
    this.#parts = parts;
    this.start();
  }

  start(): void {
    const { time, clusters, edges, random, known } = this.#parts;
    this.#starts += 1;
    this.#close();
    const process = new Process(time, this.name, () => this.#close());
    const stop = new AbortController();
    this.#stop = stop;
    this.process = process;
    const { clock } = process;
    this.#sights = clusters.map((truth) => new Sight({ truth, process, random, known }));
    const book = openEdgeBook(new Map(edges.map(({ name }) => [name, `http://${name}`])));
    const links = edges.map((edge) => edge.linkFrom(process));
    const statistics = collectStatistics();
    const vms = joinVms([tellVms([{ name: TOLD, vms: VMS.map((address) => ({ address })) }])]);
    const couriers = links.map((link) =>
      startCourier(
        link,
        clock,
        {
          onTermOver: (highest) => controller.termOver(counterOf(highest)),
          onState: (state) => book.hear(state, clock.now()),
          onRefused: () => undefined,
          onReach: (edge, isReached, reason) =>
            book.setTrouble(edge, isReached ? undefined : reason),
          onPushed: () => undefined,
        },
        stop.signal,
      ),
    );
    const jobs = this.#parts.objects && this.#runJobs(process, book, statistics);
    this.jobs = jobs;
    const controller = createController({
      ...(jobs && { duty: (lease) => jobs.serve(lease) }),
      clusters: fixedClusters(this.#sights),
      vms,
      rules: () => (this.#parts.limited ? LIMITED : RULES),
      term: {
        store: this.#parts.redis.of(process),
        links,
        edges: edges.map(({ name }) => name),
        holder: `${this.name}#${this.#starts}`,
        address: `http://${this.name}`,
        leaseMs: LEASE_MS,
        clock,
        random,
      },
      push: (push) => {
        for (const courier of couriers) courier.send(push);
      },
      book,
      clock,
      wall: () => this.wall(),
      errors: (app, servers) => statistics.errors(app, servers, clock.now()),
      reporter: this.#reporter(),
    });
    this.controller = controller;
    this.book = book;
    void controller.run(stop.signal).then(
      () => {
        this.#parts.told(`${this.name} ended`);
        process.kill();
      },
      (error: unknown) => this.#parts.wrong(`${this.name} ended: ${String(error)}`),
    );
    void vms.follow((dirty) => controller.mark(dirty), stop.signal);
    void questionEdges(links, { statistics, book, clock }, stop.signal);
  }

  #runJobs(process: Process, book: EdgeBook, statistics: Statistics): SimulatedRuns {
    const { redis, clusters, objects = [], jobsRandom: random, acted, told, wrong } = this.#parts;
    const mine = (): Controller => {
      if (this.controller) return this.controller;
      throw new Error('it has not begun');
    };
    return runJobs({
      process,
      redis,
      clusters,
      objects,
      book,
      statistics,
      random,
      acted,
      told,
      wrong,
      controller: {
        facts: (app) => mine().facts(app),
        published: () => mine().published(),
        say: (word) => mine().say(word),
      },
      wall: () => this.wall(),
    });
  }

  wall(): Date {
    return new Date(1_000_000_000_000 + this.#parts.time.now + this.skewMs);
  }

  get alive(): boolean {
    return this.process?.alive === true;
  }

  /** SIGTERM: it hands over. */
  stop(): void {
    this.#stop.abort();
  }

  kill(): void {
    this.process?.kill();
  }

  shorten(cluster: string, part: number): void {
    const sight = this.#sights.find(({ name }) => name === cluster);
    if (!sight) return;
    sight.shortBy = part;
    sight.relist();
  }

  #close(): void {
    for (const sight of this.#sights) void sight.close();
    this.#sights = [];
  }

  #reporter(): Reporter {
    const { told, wrong } = this.#parts;
    const { name } = this;
    return {
      cluster: (cluster, state) => told(`${name}: ${cluster} is ${state}`),
      secondLook: (cluster) => told(`${name}: second look at ${cluster}`),
      round: () => undefined,
      committed: ({ stamp, changes }) =>
        told(`${name}: committed ${stamp.version} ${changes.map(({ app }) => app).join()}`),
      ramp: (app, from, state) => told(`${name}: ${from} on its way up in ${app} is ${state}`),
      settled: () => undefined,
      said: ({ actor, text }) => told(`${name}: ${actor} said ${text}`),
      unreadable: (apps) => {
        if (apps.size > 0) wrong(`${name}: unreadable ${[...apps].join('; ')}`);
      },
      recountDiffers: (app) => wrong(`${name}: a recount differs for ${app}`),
      term: (term, seeded) => told(`${name}: leads in term ${term}, seeded ${seeded}`),
      termOver: (why) => told(`${name}: its term is over: ${why}`),
      unexpected: (error) =>
        wrong(`${name}: unexpected ${error instanceof Error ? error.stack : String(error)}`),
    };
  }
}
