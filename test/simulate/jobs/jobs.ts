// Jobs in the simulated world: what they write to, who speaks to them, and what must hold of them.
//
// Comes in: actions. Goes out: their effects. On failure: an action that finds nobody does nothing.

import type { KubernetesObject } from '../../../src/clusters/cluster-writer.ts';
import { HOLDS } from '../../../src/edges/document.ts';
import type { Job } from '../../../src/jobs/record.ts';
import type { Action } from '../actions.ts';
import type { Chance } from '../chance.ts';
import type { TrueCluster } from '../clusters.ts';
import type { SimulatedController } from '../controllers.ts';
import type { SimulatedEdge } from '../edge.ts';
import type { Network } from '../network.ts';
import type { Redis } from '../redis.ts';
import type { Time } from '../time.ts';
import { holdsOf, type Watch } from '../watch.ts';
import { SimulatedObjects, type Written } from './objects.ts';
import { JobPeople } from './people.ts';
import { beginWith, extraRef } from './releases.ts';
import { lettingGo, taking } from './steps.ts';
import { ObjectWatch } from './watch-objects.ts';
import { JobWatch } from './watch.ts';

export interface JobsParts {
  readonly time: Time;
  readonly chance: Chance;
  readonly network: Network;
  readonly redis: Redis;
  readonly clusters: readonly TrueCluster[];
  readonly watch: Watch;
  readonly told: (text: string) => void;
}

/** Of the actions. */
export type JobAction = Extract<
  Action,
  { readonly do: 'release' | 'job-say' | 'job-lift' | 'by-hand' | 'confirm-edges' }
>;

export class SimulatedJobs {
  readonly objects: readonly SimulatedObjects[];
  readonly journals: JobWatch;
  readonly #writes: ObjectWatch;
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
      this.#writes.written(written);
    };
    this.objects = clusters.map((truth) => new SimulatedObjects(truth, { network, onWritten }));
    this.journals = new JobWatch({ now: () => time.now, tell, lifts: lettingGo, holds: taking });
    this.#writes = new ObjectWatch({
      tell,
      objects: this.objects,
      job: (id) => this.journals.job(id),
      lock: ({ by }, { apps }) => {
        const { locks } = redis.jobs(by);
        return apps.map((app) => locks.get(app)).find((one) => one !== undefined);
      },
      mayDelete: ({ by }) => this.journals.mayDelete(redis.idOf(by)),
      without: (hold) => this.#without(hold),
    });
    beginWith(this.objects, clusters);
    redis.onEntry = (entry, before, by, here) => {
      const { id } = entry.head;
      const isNew = !this.journals.job(id);
      this.journals.entered(entry, before, by, here);
      const job = this.journals.job(id);
      if (!job) return;
      told(`${by.name}: ${id} ${job.state} ${entry.steps.map(stepText).join(', ')} ${job.why}`);
      if (isNew) this.#writes.begun(job);
      else this.#writes.checkEnd(job);
    };
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

  /** Once the faults are over, people see to what waits for them. */
  heal(): void {
    for (const ms of [2000, 5000, 9000])
      this.#parts.time.after(ms, () => this.#people?.answerAll());
  }

  unsettled(): string | undefined {
    const { redis } = this.#parts;
    const { jobs } = redis.jobs();
    for (const job of jobs.values()) this.#writes.checkEnd(job);
    return this.journals.unsettled(jobs, holdsOf(redis.dump.documents.get(HOLDS)));
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
    this.#writes.touched({ cluster, key: `ConfigMap||prod|${ref.name}` });
  }

  #without(hold: string): readonly string[] {
    return this.edges
      .filter(({ process, memory }) => {
        const held = holdsOf(memory.documents.get(HOLDS));
        return process?.alive && !held.some(({ id }) => id === hold);
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
