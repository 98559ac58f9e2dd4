// What jobs write to: the objects of a cluster, and each controller's way there.
//
// Comes in: a writer's calls, over the network. Goes out: what the cluster made of them, and to the watch
// every write that changed something, with the step that it is of. On failure: no answer, though it may
// have been done, or may be done later.

import { AsyncLocalStorage } from 'node:async_hooks';
import { CallFailure } from '../../../src/clusters/call-failure.ts';
import {
  type ClusterWriter,
  FENCE_ANNOTATION,
  type KubernetesObject,
  type ObjectRef,
  refOf,
} from '../../../src/clusters/cluster-writer.ts';
import type { JobKind } from '../../../src/jobs/kind.ts';
import { MemoryObjects } from '../../jobs/memory-objects.ts';
import type { TrueCluster } from '../clusters.ts';
import type { Network } from '../network.ts';
import type { Process } from '../time.ts';

const PATIENCE_MS = 5000;

/** On whose behalf something is called. */
export interface Acting {
  readonly job: string;
  readonly step: string;
}

const acting = new AsyncLocalStorage<Acting>();

/** All that a kind's acts call is known to be theirs. */
export function noted<Plan>(kind: JobKind<Plan>, acted: (acting: Acting) => void): JobKind<Plan> {
  return {
    ...kind,
    act(job, step, scene) {
      const mine = { job: job.id, step: step.id };
      acted(mine);
      return acting.run(mine, () => kind.act(job, step, scene));
    },
  };
}

export interface Written {
  readonly cluster: string;
  readonly ref: ObjectRef;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
  readonly by: Process;
  /** Absent: no step of a job did it. */
  readonly acting: Acting | undefined;
}

export class SimulatedObjects {
  readonly objects: MemoryObjects;
  readonly #truth: TrueCluster;
  readonly #network: Network;
  readonly #onWritten: (written: Written) => void;

  constructor(
    truth: TrueCluster,
    parts: { readonly network: Network; readonly onWritten: (written: Written) => void },
  ) {
    this.#truth = truth;
    this.#network = parts.network;
    this.#onWritten = parts.onWritten;
    this.objects = new MemoryObjects(truth.name);
    this.objects.badImages.add(BAD);
    this.objects.onReady = (name) => this.#count(name);
  }

  get name(): string {
    return this.#truth.name;
  }

  writerFrom(by: Process): ClusterWriter {
    const { objects } = this;
    const write = <Answer>(ref: ObjectRef, act: () => Promise<Answer>): Promise<Answer> => {
      const mine = acting.getStore();
      return this.#call(by, () => {
        const before = objects.look(ref);
        // Done at once, before there is an answer.
        const answer = act();
        const after = objects.look(ref);
        const news = { cluster: this.name, ref, before, after, by, acting: mine };
        if (contentOf(before) !== contentOf(after)) this.#onWritten(news);
        return answer;
      });
    };
    return {
      name: this.name,
      read: (ref) => this.#call(by, () => objects.read(ref)),
      list: (ref, selector) => this.#call(by, () => objects.list(ref, selector)),
      apply: (object, options) => write(refOf(object), () => objects.apply(object, options)),
      remove: (ref, expect) => write(ref, () => objects.remove(ref, expect)),
      fence: (ref, fence) => this.#call(by, () => objects.fence(ref, fence)),
      close: async () => undefined,
    };
  }

  /** All that is there, as one process reads it. */
  allFrom(by: Process): Promise<{ objects: readonly KubernetesObject[]; nodes: number }> {
    const { nodes } = this.#truth;
    return this.#call(by, async () => ({ objects: this.objects.all(), nodes: nodes.length }));
  }

  async #call<Answer>(by: Process, act: () => Promise<Answer>): Promise<Answer> {
    if (this.#truth.deaf.has(by.name)) {
      await by.clock.sleep(PATIENCE_MS);
      throw silent();
    }
    const place = { name: this.name };
    return this.#network.call(by, place, PATIENCE_MS, act).catch((error: unknown) => {
      throw error instanceof Error && error.message === 'no answer' ? silent() : error;
    }) as Promise<Answer>;
  }

  /** What is made anew has pods; what is replaced keeps as many, and what is to have none has none. */
  #count(name: string): void {
    const workload = this.objects.look(workloadOf(name));
    const { replicas } = (workload?.['spec'] ?? {}) as { readonly replicas?: number };
    if (!workload) this.#truth.setPods(name, undefined);
    else if (replicas === 0) this.#truth.setPods(name, 0);
    else if (!this.#truth.pods.has(name)) {
      const { availableReplicas = 0 } = (workload['status'] ?? {}) as {
        readonly availableReplicas?: number;
      };
      if (availableReplicas > 0) this.#truth.setPods(name, availableReplicas);
    }
  }
}

/** Its pods never become ready. */
export const BAD = 'bad';
export const NAMESPACE = 'prod';

export function workloadOf(app: string): ObjectRef {
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: app };
}

/** What a person would call it: not who owns what, nor what a fence or a status says. */
export function contentOf(object: KubernetesObject | undefined): string {
  if (!object) return '';
  const { metadata, status: _, ...rest } = object;
  const { [FENCE_ANNOTATION]: __, ...annotations } = metadata.annotations ?? {};
  return JSON.stringify([rest, metadata.labels ?? {}, annotations]);
}

const silent = (): CallFailure => new CallFailure({ text: 'no answer in time', scope: 'cluster' });
