// What must hold of what fan-outs write to clusters.
//
// Comes in: every write that changed something, and jobs as they come to their end. Goes out: sentences of
// what is wrong. It compares objects with plans by its own hand.

import {
  type KubernetesObject,
  type ObjectRef,
  shownRef,
} from '../../../src/clusters/cluster-writer.ts';
import type { Entry } from '../../../src/fanout/plan/entry.ts';
import { FANOUT_LABEL } from '../../../src/fanout/plan/world.ts';
import { lanesOf, type RunPlan } from '../../../src/fanout/run/lanes.ts';
import { readStep, stepOf } from '../../../src/fanout/run/steps.ts';
import { holdId } from '../../../src/fanout/run/traffic.ts';
import { isFinal, type Job } from '../../../src/jobs/record.ts';
import { contentOf, type SimulatedObjects, type Written } from './objects.ts';

export interface ObjectWatchParts {
  readonly tell: (text: string) => void;
  readonly objects: readonly SimulatedObjects[];
  readonly mayDelete: (written: Written) => boolean;
  /** Edges that serve without the hold. */
  readonly without: (hold: string) => readonly string[];
}

export class ObjectWatch {
  readonly #parts: ObjectWatchParts;
  /** By job and step: what it wrote. */
  readonly #wrote = new Map<string, string>();
  /** By job: each object as it was when the job was made. */
  readonly #found = new Map<string, ReadonlyMap<string, string>>();
  readonly #made = new Map<unknown, string>();
  /** By place: the job that was made for it last, or wrote it; none: somebody else did. */
  readonly #writers = new Map<string, string>();

  constructor(parts: ObjectWatchParts) {
    this.#parts = parts;
  }

  /** Its first entry. */
  begun(job: Job): void {
    const { entries } = planOf(job);
    const found = entries.map((entry) => [placeOf(entry), contentOf(this.#look(entry))] as const);
    this.#found.set(job.id, new Map(found));
    for (const [place] of found) this.#writers.set(place, job.id);
  }

  touched(entry: Pick<Entry, 'cluster' | 'key'>): void {
    this.#writers.delete(placeOf(entry));
  }

  written(written: Written, job: Job, tell: (what: string) => void): void {
    const { acting, cluster, ref, after } = written;
    const key = `${job.id} ${acting?.step} ${cluster} ${shownRef(ref)}`;
    const content = contentOf(after);
    if ((this.#wrote.get(key) ?? content) !== content) tell('it wrote something else before');
    this.#wrote.set(key, content);
    this.#writers.set(`${cluster} ${keyOf(ref)}`, job.id);
    if (!written.before) this.#made.set(after?.metadata['uid'], job.id);
    if (!after) this.#checkDeletion(written, job, tell);
    this.#checkHeld(written, job, tell);
  }

  #checkDeletion(written: Written, job: Job, tell: (what: string) => void): void {
    const { before, acting } = written;
    const plan = planOf(job);
    const { verb, entry: index } = readStep(acting?.step ?? '');
    const entry = plan.entries[index];
    const isOurs = before?.metadata.labels?.[FANOUT_LABEL] === plan.name;
    if (!isOurs) tell('deleted what does not carry its label');
    const uid = before?.metadata['uid'];
    if (verb === 'undo') {
      if (this.#made.get(uid) !== job.id) tell('deleted what it had not made');
      return;
    }
    if (entry?.action !== 'delete' || entry.uid !== uid) tell('deleted what is not in its plan');
    if (!this.#parts.mayDelete(written)) tell('deleted before the list of edges was confirmed');
  }

  /** Pods are replaced where every edge has the hold. */
  #checkHeld(
    { ref, acting, before, after }: Written,
    job: Job,
    tell: (what: string) => void,
  ): void {
    const { verb, lane: id } = readStep(acting?.step ?? '');
    if (ref.kind !== 'Deployment' || verb !== 'apply' || !before || !after) return;
    const lane = lanesOf(planOf(job)).find((one) => one.id === id);
    const { held = [] } = (job.steps[stepOf('hold', id)]?.result?.data ?? {}) as {
      readonly held?: readonly string[];
    };
    for (const app of held) {
      const edges = this.#parts.without(holdId(job.id, lane?.id ?? id, app));
      if (edges.length > 0) tell(`${edges.join()} without the hold`);
    }
  }

  /** Of one that came to its end: everything is as it promised. */
  checkEnd(job: Job): void {
    if (!isFinal(job) || job.kind !== 'fanout' || job.state === 'Failed') return;
    const { entries } = planOf(job);
    for (const [index, entry] of entries.entries()) {
      const place = placeOf(entry);
      if (this.#writers.get(place) !== job.id || isPassedOver(job, index)) continue;
      const [is, due] = [contentOf(this.#look(entry)), this.#dueOf(job, entry)];
      if (isAs(job, is, due, entry)) continue;
      this.#parts.tell(`${job.id} is ${job.state}, but ${place} is ${is || 'gone'}, due is ${due}`);
    }
  }

  #dueOf({ id, state }: Job, entry: Entry): string {
    if (state === 'RolledBack') return this.#found.get(id)?.get(placeOf(entry)) ?? '';
    return entry.action === 'delete' ? '' : imageOf(entry.object);
  }

  #look({ cluster, key }: Pick<Entry, 'cluster' | 'key'>): KubernetesObject | undefined {
    const [kind = '', group = '', namespace = '', name = ''] = key.split('|');
    const apiVersion = group === '' ? 'v1' : `${group}/v1`;
    const all = this.#parts.objects.find((one) => one.name === cluster);
    return all?.objects.look({ apiVersion, kind, namespace, name });
  }
}

/** A step that was skipped, or a way back that left it. */
function isPassedOver(job: Job, index: number): boolean {
  return Object.values(job.steps).some(({ id, result }) => {
    const { entry, verb } = readStep(id);
    if (result?.kind !== 'skipped') return false;
    return entry === index || verb === 'hold' || verb === 'apply' || verb === 'undo';
  });
}

function isAs({ state }: Job, is: string, due: string, { action }: Entry): boolean {
  if (state === 'RolledBack' || action === 'delete') return is === due;
  return due === '' ? is !== '' : is.includes(due);
}

function imageOf(object: KubernetesObject | undefined): string {
  return /"image":"[^"]*"/.exec(JSON.stringify(object ?? {}))?.[0] ?? '';
}

const planOf = ({ plan }: Job): RunPlan => plan as RunPlan;

function keyOf({ apiVersion, kind, namespace = '', name }: ObjectRef): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return [kind, group, namespace, name].join('|');
}

const placeOf = ({ cluster, key }: Pick<Entry, 'cluster' | 'key'>): string => `${cluster} ${key}`;
