// The whole of it: clusters, Redis, two controllers, three edges and people, on one virtual time.
//
// Comes in: actions. Goes out: their effects. On failure: an action that finds nobody does nothing.

import { Chance } from './chance.ts';
import { TrueCluster } from './clusters.ts';
import { SimulatedController } from './controllers.ts';
import { SimulatedEdge } from './edge.ts';
import type { EdgeMemory } from './edge-memory.ts';
import { hasMoves, hasReleases } from './jobs/draw.ts';
import { SimulatedJobs } from './jobs/jobs.ts';
import { Network } from './network.ts';
import { People } from './people.ts';
import { APPS, CLUSTERS, CONTROLLERS, EDGES, LEADER, type Action } from './actions.ts';
import { Redis } from './redis.ts';
import { Time } from './time.ts';
import { Watch } from './watch.ts';

export class World {
  readonly time = new Time();
  readonly watch: Watch;
  readonly network: Network;
  readonly redis: Redis;
  readonly clusters: readonly TrueCluster[];
  readonly edges: readonly SimulatedEdge[];
  readonly controllers: readonly SimulatedController[];
  readonly people: People;
  /** Absent: a run without. */
  readonly jobs: SimulatedJobs | undefined;
  readonly #told: (text: string) => void;
  #isOver = false;

  constructor(seed: number, trace?: string[]) {
    const chance = new Chance(seed);
    const { time } = this;
    const told = trace
      ? (text: string): void => void trace.push(`${time.now.toFixed(1)} ${text}`)
      : () => undefined;
    this.#told = told;
    const watch = new Watch(() => time.now);
    this.watch = watch;
    this.network = new Network(time, chance);
    this.redis = new Redis(time, this.network, (before, after, by) => {
      watch.wrote(before, after, by);
      told(`redis: ${by} wrote ${after.record?.term}.${after.version}`);
    });
    this.clusters = CLUSTERS.map((name) => new TrueCluster(name));
    const random = chance.of('truth');
    for (const cluster of this.clusters) {
      cluster.nodes = [1, 2, 3].slice(0, random.between(1, 3));
      for (const app of APPS.slice(0, -1)) {
        if (random.next() < 0.7) cluster.pods.set(app, random.between(1, 12));
      }
    }
    const { network, redis, clusters } = this;
    const parts = { time, chance, network, redis, clusters, watch, told, moves: hasMoves(seed) };
    const jobs = parts.moves || hasReleases(seed) ? new SimulatedJobs(parts) : undefined;
    this.jobs = jobs;
    const edges = EDGES.map((name) => {
      const next = chance.of(name);
      const counts = (memory: EdgeMemory) => jobs?.requests.of(memory) ?? [];
      const random = (): number => next.next();
      return new SimulatedEdge(name, { time, network, redis, told, random, counts });
    });
    this.edges = edges;
    if (jobs) jobs.edges = edges;
    this.controllers = CONTROLLERS.map((name) => {
      const next = chance.of(name);
      const ofJobs = chance.of(`jobs of ${name}`);
      return new SimulatedController(name, {
        time,
        redis,
        clusters,
        edges,
        told,
        random: () => next.next(),
        ...(jobs && { objects: jobs.objects }),
        jobsRandom: () => ofJobs.next(),
        acted: (acting) => jobs?.journals.acted(acting.job, acting.step),
        // Then all takes minutes to settle.
        limited: seed % 4 === 0,
        wrong: (text) => watch.tell(text),
        known: (cluster, app, serves) => watch.known(name, `${cluster} ${app}`, serves),
      });
    });
    this.people = new People(time, { controllers: this.controllers, watch, told });
    jobs?.meet(this.controllers);
  }

  /** After every step. */
  look(): boolean {
    for (const edge of this.edges) this.watch.look(edge);
    this.watch.lookForHolds(this.edges);
    this.jobs?.look();
    return this.watch.wrong.length > 0;
  }

  play(action: Action): void {
    this.#told(`-- ${JSON.stringify(action)}`);
    const later = (ms: number, act: () => void): void =>
      void this.time.after(ms, () => {
        if (!this.#isOver) act();
      });
    switch (action.do) {
      case 'pods':
        this.#cluster(action.cluster).setPods(action.app, action.pods);
        return;
      case 'nodes':
        this.#cluster(action.cluster).setNodes(action.nodes);
        return;
      case 'gone':
        for (const cluster of this.clusters) cluster.setPods(action.app, undefined);
        return;
      case 'hold':
        this.people.hold(action.hold);
        return;
      case 'lift':
        this.people.lift(action.id);
        return;
      case 'delete':
        this.people.delete(action.app);
        return;
      case 'put':
        void this.#edge(action.edge).write(action.app, action.weight);
        if (action.cluster !== undefined) this.#cluster(action.cluster).setPods(action.app, 3);
        return;
      case 'adopt':
        this.people.adopt(action.app);
        return;
      case 'forged':
        this.#edge(action.edge).hearForgery(action.part);
        return;
      case 'weather': {
        const { from, to, ...kind } = action.weather;
        const weather = {
          ...kind,
          ...(from !== undefined && { from: this.#nameOf(from) }),
          ...(to !== undefined && { to: this.#nameOf(to) }),
        };
        later(action.ms, this.network.begin(weather));
        return;
      }
      case 'redis-down':
        this.redis.isDown = true;
        later(action.ms, () => {
          this.redis.isDown = false;
        });
        return;
      case 'redis-restart':
        this.redis.restart();
        return;
      case 'redis-wiped':
        this.redis.wipe();
        return;
      case 'redis-back':
        this.redis.goBack(action.part, action.keepsRunId);
        return;
      case 'fail-over':
        this.redis.failOver(
          action.behind,
          action.clients.map((name) => this.#nameOf(name)),
        );
        later(action.ms, () => this.redis.endOldMaster());
        return;
      case 'redis-clock':
        this.redis.skewMs += action.ms;
        return;
      case 'wall-clock':
        this.#controller(action.controller).skewMs += action.ms;
        return;
      case 'crash':
      case 'crash-at-step':
      case 'stop': {
        const controller = this.#controller(action.controller);
        if (action.do === 'crash') controller.kill();
        else if (action.do === 'stop') controller.process?.resume(() => controller.stop());
        else if (controller.process) controller.process.stepsLeft = action.step;
        later(action.ms, () => this.#revive(controller));
        return;
      }
      case 'still':
        this.#still(action.process, action.ms);
        return;
      case 'deaf':
        for (const name of action.controllers) this.#cluster(action.cluster).setDeaf(name, true);
        later(action.ms, () => {
          for (const name of action.controllers) this.#cluster(action.cluster).setDeaf(name, false);
        });
        return;
      case 'short-list':
        this.#controller(action.controller).shorten(action.cluster, action.part);
        return;
      case 'edge-crash':
        this.#edge(action.edge).kill();
        later(action.ms, () => this.#startEdge(this.#edge(action.edge), action.isDamaged));
        return;
      case 'release':
      case 'move':
      case 'job-say':
      case 'job-lift':
      case 'by-hand':
      case 'confirm-edges':
        this.jobs?.play(action);
        return;
      case 'edge-full':
        this.#edge(action.edge).full.add(action.app);
        later(action.ms, () => this.#edge(action.edge).full.delete(action.app));
    }
  }

  /** All faults end, and what was down starts. What clocks show stays as wrong as it is. */
  heal(): void {
    this.#isOver = true;
    this.#told('-- faults end');
    this.network.clear();
    this.redis.isDown = false;
    this.redis.endOldMaster();
    for (const cluster of this.clusters) {
      for (const name of CONTROLLERS) if (cluster.deaf.has(name)) cluster.setDeaf(name, false);
    }
    for (const edge of this.edges) {
      edge.full.clear();
      if (edge.process) edge.process.stillUntil = 0;
      this.#startEdge(edge, false);
    }
    for (const controller of this.controllers) {
      if (controller.process) {
        controller.process.stillUntil = 0;
        controller.process.stepsLeft = Number.POSITIVE_INFINITY;
      }
      this.#revive(controller);
    }
    this.jobs?.heal((hold) => this.people.lift(hold));
  }

  #revive(controller: SimulatedController): void {
    if (controller.alive) return;
    this.watch.forgot(controller.name);
    controller.start();
    this.#told(`${controller.name} starts`);
  }

  #startEdge(edge: SimulatedEdge, isDamaged: boolean): void {
    if (edge.process?.alive) return;
    const content = edge.start(isDamaged);
    this.#told(`${edge.name} starts from ${content ? `snapshot ${content.sequence}` : 'nothing'}`);
    this.watch.started(edge, content);
  }

  #still(name: string, ms: number): void {
    const one = [...this.controllers, ...this.edges].find((any) => any.name === this.#nameOf(name));
    if (one?.process) one.process.stillUntil = this.time.now + ms;
  }

  /** Nobody leads: the first one. */
  #nameOf(name: string): string {
    if (name !== LEADER) return name;
    const leads = this.controllers.find(
      (one) => one.alive && one.controller?.leader().leading === true,
    );
    return (leads ?? this.controllers[0])?.name ?? name;
  }

  #cluster(name: string): TrueCluster {
    return named(this.clusters, name);
  }

  #edge(name: string): SimulatedEdge {
    return named(this.edges, name);
  }

  #controller(name: string): SimulatedController {
    return named(this.controllers, this.#nameOf(name));
  }
}

function named<One extends { readonly name: string }>(all: readonly One[], name: string): One {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}
