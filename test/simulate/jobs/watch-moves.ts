// What must hold of migrations: a source loses something only where nobody is asked any more and a person
// has confirmed the edges, every edge has the holds by which that is so, nothing is written twice, each write
// stands behind a mark of its job, no cluster takes more than it has room for, and at the end an app is whole
// in one place and no mark is left.
//
// Comes in: every write that changed something, jobs as they begin, go on and end. Goes out: sentences of
// what is wrong. It compares objects with what was there before by its own hand.

import {
  type KubernetesObject,
  type ObjectRef,
  refOf,
  shownRef,
} from '../../../src/clusters/cluster-writer.ts';
import type { JobPlan } from '../../../src/migration/flow/next.ts';
import type { PlannedApp } from '../../../src/migration/plan/model.ts';
import { isFinal, type Job, type StepRecord } from '../../../src/jobs/record.ts';
import type { AppName, ClusterName, Hold } from '../../../src/model.ts';
import { MOVED, replicasOf, ROOM } from './moved.ts';
import { contentOf, type SimulatedObjects, workloadOf, type Written } from './objects.ts';
import { LATE_MS } from './watch.ts';
import { tracesOf } from './watch-traces.ts';

export interface MoveWatchParts {
  readonly tell: (text: string) => void;
  readonly now: () => number;
  readonly objects: readonly SimulatedObjects[];
  readonly mayDelete: (written: Written) => boolean;
  /** Edges that send requests of an app to a cluster. */
  readonly senders: (app: AppName, cluster: ClusterName) => readonly string[];
  /** Edges that have no such hold. */
  readonly without: (has: (hold: Hold) => boolean) => readonly string[];
}

/** Of what belongs to a workload; what its pods read may be another's too, and stays. */
const LEAVES = new Set(['HorizontalPodAutoscaler', 'Ingress', 'Deployment', 'Service']);

type MoveJob = Job<JobPlan>;
type Tell = (what: string) => void;

interface Writing {
  readonly written: Written;
  readonly job: MoveJob;
  readonly app: PlannedApp;
  readonly tell: Tell;
}

export class MoveWatch {
  readonly #parts: MoveWatchParts;
  /** By job, app and cluster: each object as it was when the job was made. */
  readonly #found = new Map<string, readonly string[]>();
  /** By job, attempt of a step and object: what it wrote. */
  readonly #wrote = new Map<string, Set<string>>();
  /** By app: the job that was made for it last. */
  readonly #last = new Map<AppName, string>();
  /** Where apps leave, from the first deletion on. */
  readonly #leaving = new Map<AppName, ClusterName>();
  /** Since when a job must not delete any more. */
  readonly #doubted = new Map<string, number>();

  constructor(parts: MoveWatchParts) {
    this.#parts = parts;
  }

  begun(job: Job): void {
    const { plan } = job as MoveJob;
    for (const app of plan.apps) {
      this.#last.set(app.app, job.id);
      for (const cluster of [plan.from, plan.to])
        this.#found.set(`${job.id} ${app.app} ${cluster}`, this.#contents(cluster, app));
    }
  }

  /** `steps`: that were written with it. */
  entered(job: Job, steps: readonly StepRecord[]): void {
    // One that is restored, and blocked, has all of them.
    if (job.kind === 'migration' && job.blocked === undefined)
      for (const step of steps) this.#checkAcknowledged(job as MoveJob, step);
    if (job.doubted && !this.#doubted.has(job.id)) this.#doubted.set(job.id, this.#parts.now());
    // From a journal that was put back it goes the same way once more.
    if (job.doubted && job.blocked !== undefined) this.#forget(job.id);
    if (isFinal(job)) for (const app of job.apps) this.#leaving.delete(app);
    this.checkEnd(job);
  }

  written(written: Written, mine: Job, tell: Tell): void {
    const job = mine as MoveJob;
    const [name = '', step = ''] = written.acting?.step.split(':') ?? [];
    const app = job.plan.apps.find((one) => one.app === name);
    if (!app) return tell('the plan has no such app');
    const writing = { written, job, app, tell };
    this.#checkOnce(writing, step);
    const there = this.#parts.objects.filter((one) => one.name === written.cluster);
    if (tracesOf(job.id, there).length === 0) tell('nothing marks it there');
    const { from, to } = job.plan;
    if (written.cluster === from && step.startsWith('delete.')) this.#checkLeaving(writing);
    else if (written.cluster === to && step.startsWith('back.')) this.#checkBack(writing);
    else if (written.cluster === to && /^(apply|late)\./.test(step)) this.#checkComing(writing);
    else tell('it is no step that writes there');
  }

  /** Weights that went over, or home, are every edge's before it goes further. */
  #checkAcknowledged({ id, plan }: MoveJob, step: StepRecord): void {
    const [, name, percent] = /^(.+):(?:shift|return)\.([1-9][0-9]*)$/.exec(step.id) ?? [];
    const app = plan.apps.find((one) => one.app === name);
    if (!app || step.again || step.result?.kind !== 'done') return;
    const parts = app.weights?.steps.find((one) => one.step === `${percent} %`)?.parts ?? [];
    for (const { from, sum } of parts) {
      const edges = this.#parts.without(
        (one) => one.job === id && one.app === name && one.cluster === from && one.weight === sum,
      );
      const what = `${id} is done with ${step.id}, but ${edges.join()} without its hold`;
      if (edges.length > 0) this.#parts.tell(`${what} of ${from} at ${sum}`);
    }
  }

  /** Nobody sends there: by its own word, of which every edge knows. */
  #checkHeld({ job, app, tell }: Writing, cluster: ClusterName): void {
    const edges = this.#parts.without(
      (one) =>
        one.job === job.id &&
        one.app === app.app &&
        one.cluster === cluster &&
        (one.kind === 'drain' || one.weight === 0),
    );
    if (edges.length > 0) tell(`${edges.join()} without its hold of ${cluster}`);
  }

  #forget(job: string): void {
    for (const key of this.#wrote.keys()) if (key.startsWith(`${job} `)) this.#wrote.delete(key);
  }

  /** Forth and back again: somebody wrote what was written before. */
  #checkOnce({ written, job, tell }: Writing, step: string): void {
    const { acting, cluster, ref, after } = written;
    const attempt = job.steps[acting?.step ?? '']?.attempt ?? 0;
    const key = `${job.id} ${acting?.step} ${attempt} ${cluster} ${shownRef(ref)}`;
    const all = this.#wrote.get(key) ?? new Set<string>();
    if (all.has(contentOf(after))) tell('it wrote that before');
    // A workload is emptied before it goes.
    if (all.size > 0 && !step.startsWith('delete.')) tell('it wrote something else before');
    this.#wrote.set(key, all.add(contentOf(after)));
  }

  #checkLeaving({ written, job, app, tell }: Writing): void {
    const { from, to } = job.plan;
    const senders = this.#parts.senders(app.app, from);
    if (senders.length > 0) tell(`${senders.join()} send there`);
    // Without a server there it has nothing to hold.
    if (hasPart(app, '100 %', from)) this.#checkHeld({ written, job, app, tell }, from);
    if (!this.#parts.mayDelete(written)) tell('deleted before the list of edges was confirmed');
    const since = this.#doubted.get(job.id) ?? Number.POSITIVE_INFINITY;
    if (this.#parts.now() - since > LATE_MS) tell('deleted, though Redis was lost under it');
    const uids = new Set(app.objects.map(({ uid }) => uid));
    if (!uids.has(String(written.before?.metadata['uid']))) tell('deleted what is not in its plan');
    if (!this.#look(to, workloadOf(app.app))) tell(`deleted, and nothing is in ${to}`);
    this.#leaving.set(app.app, from);
  }

  #checkComing(writing: Writing): void {
    const { written, job, app, tell } = writing;
    if (!servedBefore(job, app)) this.#checkHeld(writing, job.plan.to);
    if (written.after?.metadata.labels?.['ballast.io/migration'] !== job.id)
      tell('it does not carry its label');
    const { objects } = this.#parts.objects.find(({ name }) => name === written.cluster) ?? {};
    const workloads = MOVED.flatMap((name) => objects?.look(workloadOf(name)) ?? []);
    const pods = workloads.reduce((sum, one) => sum + replicasOf(one), 0);
    if (pods > ROOM) tell(`${pods} pods come to where ${ROOM} have room`);
  }

  #checkBack({ written, job, app, tell }: Writing): void {
    const { before, after, ref } = written;
    if (before?.metadata.labels?.['ballast.io/migration'] !== job.id)
      tell('it took back what had not come by it');
    const { to } = job.plan;
    if (ref.kind !== 'Deployment' || after || servedBefore(job, app)) return;
    this.#checkHeld({ written, job, app, tell }, to);
    const senders = this.#parts.senders(app.app, to);
    if (senders.length > 0) tell(`${senders.join()} send there`);
  }

  /** After every step. */
  look(): void {
    for (const [app, cluster] of this.#leaving) {
      const senders = this.#parts.senders(app, cluster);
      if (senders.length === 0) continue;
      this.#parts.tell(`${senders.join()} send requests of ${app} to ${cluster}, which it leaves`);
      this.#leaving.delete(app);
    }
  }

  checkEnd(job: Job): void {
    if (job.kind !== 'migration' || !isFinal(job)) return;
    const { plan, steps } = job as MoveJob;
    this.#checkCleared(job);
    if (Object.values(steps).some(({ result }) => result?.kind === 'skipped')) return;
    for (const app of plan.apps) {
      if (this.#last.get(app.app) !== job.id) continue;
      const isMoved = steps[`${app.app}:finish`]?.result?.kind === 'done';
      if (isMoved) this.#checkMoved(job as MoveJob, app);
      else this.#checkAsBefore(job as MoveJob, app);
    }
  }

  #checkCleared({ id, state, steps }: Job): void {
    const { result } = steps['clear-again'] ?? steps['clear'] ?? {};
    if (result?.kind === 'skipped' || result?.text.startsWith('left behind')) return;
    const left = tracesOf(id, this.#parts.objects);
    if (left.length > 0) this.#parts.tell(`${id} is ${state}, but left ${left.join(', ')}`);
  }

  #checkMoved({ id, plan }: MoveJob, app: PlannedApp): void {
    for (const { manifest, uid } of app.objects) {
      const ref = refOf(manifest as KubernetesObject);
      const left = this.#look(plan.from, ref)?.metadata['uid'] === uid;
      const shown = shownRef(ref);
      if (left && LEAVES.has(manifest.kind)) this.#parts.tell(`${id}: ${shown} is in ${plan.from}`);
      if (!this.#look(plan.to, ref)) this.#parts.tell(`${id}: ${shown} is not in ${plan.to}`);
    }
    const workload = this.#look(plan.to, workloadOf(app.app));
    const count = workload && replicasOf(workload);
    if (count !== app.replicas?.after) this.#parts.tell(`${id}: ${count} pods are in ${plan.to}`);
  }

  #checkAsBefore({ id, plan, state }: MoveJob, app: PlannedApp): void {
    for (const cluster of [plan.from, plan.to]) {
      const before = this.#found.get(`${id} ${app.app} ${cluster}`) ?? [];
      for (const [index, is] of this.#contents(cluster, app).entries()) {
        const was = before[index];
        const what = `${id} is ${state}, but ${cluster} has`;
        if (is !== was) this.#parts.tell(`${what} ${is || 'nothing'}, and had ${was || 'nothing'}`);
      }
    }
  }

  #contents(cluster: ClusterName, { objects }: PlannedApp): string[] {
    return objects.map(({ manifest }) =>
      contentOf(this.#look(cluster, refOf(manifest as KubernetesObject))),
    );
  }

  #look(cluster: ClusterName, ref: ObjectRef): KubernetesObject | undefined {
    return this.#parts.objects.find(({ name }) => name === cluster)?.objects.look(ref);
  }
}

function servedBefore({ plan }: MoveJob, app: PlannedApp): boolean {
  return hasPart(app, 'now', plan.to);
}

/** By its plan's table of weights. */
function hasPart({ weights }: PlannedApp, step: string, cluster: ClusterName): boolean {
  const { parts } = weights?.steps.find((one) => one.step === step) ?? {};
  return parts?.some(({ from }) => from === cluster) === true;
}
