// Jobs in the simulated world: what they write to, who speaks to them, and what must hold of them.
//
// Comes in: actions. Goes out: their effects. On failure: an action that finds nobody does nothing.

import type { KubernetesObject } from '../../../src/clusters/cluster-writer.ts';
import { HOLDS } from '../../../src/edges/document.ts';
import type { Job } from '../../../src/jobs/record.ts';
import type { Hold } from '../../../src/model.ts';
import { addressOf, type Action } from '../actions.ts';
import type { Chance } from '../chance.ts';
import type { TrueCluster } from '../clusters.ts';
import type { SimulatedController } from '../controllers.ts';
import type { SimulatedEdge } from '../edge.ts';
import type { Network } from '../network.ts';
import type { Redis } from '../redis.ts';
import type { Time } from '../time.ts';
import { holdsOf, type Watch } from '../watch.ts';
import { SimulatedObjects, type Written } from './objects.ts';
import { mendMoved, settleMoved } from './moved.ts';
import { JobPeople } from './people.ts';
import { beginWith, extraRef } from './releases.ts';
import { Requests } from './requests.ts';
import { lettingGo, taking } from './steps.ts';
import { ObjectWatch } from './watch-objects.ts';
import { MoveWatch } from './watch-moves.ts';
import { watchWrite } from './watch-writes.ts';
import { JobWatch } from './watch.ts';

export interface JobsParts {
  readonly time: Time;
  readonly chance: Chance;
  readonly network: Network;
  readonly redis: Redis;
  readonly clusters: readonly TrueCluster[];
  readonly watch: Watch;
  readonly told: (text: string) => void;
  /** Apps are moved too. */
  readonly moves: boolean;
}

/** A move takes longer than all else. */
const MOVES_SEEN_TO = [3000, 12_000, 30_000, 60_000, 120_000, 240_000];
const CONFIRMED_MS = 60_000;

/** Of the actions. */
export type JobAction = Extract<
  Action,
  { readonly do: 'release' | 'move' | 'job-say' | 'job-lift' | 'by-hand' | 'confirm-edges' }
>;

export class SimulatedJobs {
  readonly objects: readonly SimulatedObjects[];
  readonly journals: JobWatch;
  readonly requests = new Requests();
  readonly #fanouts: ObjectWatch;
  readonly #moves: MoveWatch;
  readonly #parts: JobsParts;
  #people: JobPeople | undefined;

  constructor(parts: JobsParts) {
    this.#parts = parts;
    const { time, redis, clusters, network, watch, told } = parts;
    const tell = (text: string): void => watch.tell(text);
    const onWritten = (written: Written): void => {
      told(
        `${written.by.name} wrote ${written.ref.kind} ${written.ref.name} in ${written.cluster}`,
      );
      watchWrite(written, watching);
    };
    this.objects = clusters.map((truth) => new SimulatedObjects(truth, { network, onWritten }));
    this.journals = new JobWatch({ now: () => time.now, tell, lifts: lettingGo, holds: taking });
    const { objects } = this;
    const mayDelete = ({ by }: Written): boolean => this.journals.mayDelete(redis.idOf(by));
    const without = (has: (hold: Hold) => boolean): readonly string[] => this.#without(has);
    this.#fanouts = new ObjectWatch({
      tell,
      objects,
      mayDelete,
      without: (hold) => without(({ id }) => id === hold),
    });
    const senders = (app: string, cluster: string): readonly string[] =>
      this.#senders(app, cluster);
    const now = (): number => time.now;
    this.#moves = new MoveWatch({ tell, objects, mayDelete, senders, without, now });
    const watching = {
      tell,
      job: (id: string): Job | undefined => this.journals.job(id),
      lock: ({ by }: Written, { apps }: Job): string | undefined => {
        const { locks } = redis.jobs(by);
        return apps.map((app) => locks.get(app)).find((one) => one !== undefined);
      },
      kinds: { fanout: this.#fanouts, migration: this.#moves },
    };
    beginWith(objects, clusters);
    if (parts.moves) settleMoved(objects, clusters, parts.chance.of('homes'));
    redis.onEntry = (entry, before, by, here) => {
      const { id } = entry.head;
      const isNew = !this.journals.job(id);
      this.journals.entered(entry, before, by, here);
      const job = this.journals.job(id);
      if (!job) return;
      told(`${by.name}: ${id} ${job.state} ${entry.steps.map(stepText).join(', ')} ${job.why}`);
      const kind = job.kind === 'migration' ? this.#moves : this.#fanouts;
      if (isNew && job.kind !== 'found') kind.begun(job);
      this.#moves.entered(job, entry.steps);
      if (!isNew) this.#fanouts.checkEnd(job);
    };
    redis.onEntryAnswered = (head, by) => this.journals.answered(head, by);
    redis.onJobRead = (job, by, here) => this.journals.read(job, by, here);
    redis.onConfirmed = (here) => this.journals.confirmed(here);
    watch.onHolds = (before, after, by) => {
      const ids = new Set(after.map(({ id }) => id));
      this.journals.gone(
        before.filter(({ id }) => !ids.has(id)),
        by,
      );
    };
  }

  edges: readonly SimulatedEdge[] = [];

  meet(controllers: readonly SimulatedController[]): void {
    const { time, chance, told } = this.#parts;
    const random = chance.of('job words');
    const { objects, journals: watch } = this;
    this.#people = new JobPeople(time, {
      controllers,
      objects,
      watch,
      told,
      random: () => random.next(),
    });
  }

  play(action: JobAction): void {
    switch (action.do) {
      case 'release':
        this.#people?.release(action.release);
        return;
      case 'move':
        this.#people?.move(action.move);
        return;
      case 'job-say':
        this.#people?.say(action.word);
        return;
      case 'job-lift':
        this.#people?.liftOfJob();
        return;
      case 'confirm-edges':
        this.#people?.confirmEdges();
        return;
      case 'by-hand':
        this.#byHand(action.cluster, action.app);
    }
  }

  /** After every step. */
  look(): void {
    this.#moves.look();
  }

  /** Once the faults are over, people see to what waits for them. */
  heal(lift: (hold: string) => void): void {
    const { time, redis, clusters, moves } = this.#parts;
    for (const ms of [2000, 5000, 9000]) time.after(ms, () => this.#people?.answerAll());
    if (!moves) return;
    mendMoved(this.objects, clusters);
    // What people hold, and what they have to say, would let a move wait for ever.
    for (const ms of MOVES_SEEN_TO) {
      time.after(ms, () => {
        // Late: what is deleted before is seen.
        if (ms >= CONFIRMED_MS) this.#people?.confirmEdges();
        this.#people?.answerAll();
        const held = holdsOf(redis.dump.documents.get(HOLDS));
        for (const { id, job } of held) if (job === undefined) lift(id);
      });
    }
  }

  unsettled(): string | undefined {
    const { redis } = this.#parts;
    const { jobs } = redis.jobs();
    for (const job of jobs.values()) {
      this.#fanouts.checkEnd(job);
      this.#moves.checkEnd(job);
    }
    const held = holdsOf(redis.dump.documents.get(HOLDS));
    return this.journals.unsettled({
      jobs,
      held,
      waits: (id) => this.#people?.waits(id) ?? [],
    });
  }

  /** Somebody deletes an object and makes another of its name, label and all. */
  #byHand(cluster: string, app: string): void {
    const { objects } = this.objects.find(({ name }) => name === cluster) ?? {};
    const ref = extraRef(app);
    const live = objects?.look(ref);
    if (!objects || !live) return;
    const { uid, resourceVersion } = live.metadata as Record<string, string>;
    void objects.remove(ref, { uid: uid ?? '', resourceVersion: resourceVersion ?? '' });
    objects.applyAs('kubectl', bare(live));
    this.#fanouts.touched({ cluster, key: `ConfigMap||prod|${ref.name}` });
  }

  /** Edges that send an app's requests there. */
  #senders(app: string, cluster: string): readonly string[] {
    const nodes = [1, 2, 3, 4].map((node) => addressOf(cluster, node));
    return this.edges
      .filter(({ process, memory }) => {
        const picks = memory.picks.get(app) ?? [];
        return process?.alive && picks.some((address) => nodes.includes(address));
      })
      .map(({ name }) => name);
  }

  /** Edges that know of no such hold. */
  #without(has: (hold: Hold) => boolean): readonly string[] {
    return this.edges
      .filter(({ process, memory }) => {
        const held = holdsOf(memory.documents.get(HOLDS));
        return process?.alive && !held.some(has);
      })
      .map(({ name }) => name);
  }
}

function bare({ apiVersion, kind, metadata, data }: KubernetesObject): KubernetesObject {
  const { name, namespace = 'prod', labels = {} } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, labels }, data };
}

const stepText = ({ id, result }: Job['steps'][string]): string =>
  `${id}: ${result ? `${result.kind} ${result.text}` : 'begun'}`;
