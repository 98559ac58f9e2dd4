// What other moves have to do with an object: two apps may have one Secret, ConfigMap or account. Pure.
//
// Comes in: all jobs as they stand once the own intent is on record. Goes out: who needs the object, who takes
// it away just now, and by whom it came. Two that meet do so by their intents, of which one at least sees the
// other's: who takes away leaves what another has begun to bring, or needs on its way home, who brings waits
// while another takes away.

import { refOf, type ObjectRef } from '../../clusters/cluster-writer.ts';
import {
  isFinal,
  isOpen,
  type Job,
  type PlacedObject,
  type StepRecord,
} from '../../jobs/record.ts';
import { backSteps, hasLeft, homeSteps, idOf, isPast, outcomeOf } from '../flow/steps.ts';
import type { PlannedApp, PlannedObject } from '../plan/model.ts';
import type { Doing, MigrationJob } from './doing.ts';
import { MIGRATION } from './submit.ts';
import { stepOfObject, type Made } from './there.ts';

export interface Sharer {
  readonly job: MigrationJob;
  readonly app: PlannedApp;
  readonly object: PlannedObject;
}

/** For a person who reads of `job`. */
export function shownSharer(one: Sharer, job: Pick<Job, 'id'>): string {
  return one.job.id === job.id ? one.app.app : `${one.app.app} of ${one.job.id}`;
}

type Me = Pick<Doing, 'job' | 'app'>;

/** The object of that name, as another app has it in its plan. */
function sharers(jobs: readonly Job[], me: Me, placed: PlacedObject): Sharer[] {
  return jobs.filter(isMove).flatMap((job) =>
    job.plan.apps.flatMap((app) => {
      const object = app.objects.find(({ manifest }) => isSame(refOf(manifest), placed));
      return object && !isMine({ job, app }, me) ? [{ job, app, object }] : [];
    }),
  );
}

export function isMove(job: Job): job is MigrationJob {
  return job.kind === MIGRATION && !job.unreadable;
}

const isMine = ({ job, app }: Me, me: Me): boolean =>
  job.id === me.job.id && app.app === me.app.app;

function isSame(one: ObjectRef, other: ObjectRef): boolean {
  return (
    one.apiVersion === other.apiVersion &&
    one.kind === other.kind &&
    one.namespace === other.namespace &&
    one.name === other.name
  );
}

/** Those of a job that is at its end may have gone by another hand since. */
export function needing(jobs: readonly Job[], me: Me, placed: PlacedObject): Sharer[] {
  return sharers(jobs, me, placed).filter((one) => {
    const { from, to } = one.job.plan;
    return to === placed.cluster ? isThere(one) : from === placed.cluster && mayComeHome(one);
  });
}

/** It came, or is about to, and nothing that needs it has gone back: what needs an object goes before it. */
function isThere({ job, app, object }: Sharer): boolean {
  const coming = idOf({ app: app.app, name: stepOfObject(object) });
  if (!job.doubted && !Object.hasOwn(job.steps, coming)) return false;
  const way = hasLeft(job, app) ? homeSteps(job, app) : backSteps(job, app);
  const before = way.slice(0, way.indexOf(backOf(object)));
  return before.some((name) => !isPast(outcomeOf(job, { app: app.app, name })));
}

/** Its workload is deleted there, and the way home is open. */
function mayComeHome({ job, app }: Sharer): boolean {
  const isOver = isFinal(job) || isPast(outcomeOf(job, { app: app.app, name: 'finish' }));
  return !isOver && hasLeft(job, app);
}

/**
 * Who leaves there too, and is to find it: on its way home, or still to take it along itself. What needs it of
 * that one may be gone by then.
 */
export function leavingWith(
  jobs: readonly Job[],
  me: Me,
  placed: PlacedObject,
): Sharer | undefined {
  return sharers(jobs, me, placed).find((one) => {
    const { job, app, object } = one;
    if (job.plan.from !== placed.cluster || !mayComeHome(one)) return false;
    const own = idOf({ app: app.app, name: `delete.${object.step}` });
    return job.aborted !== undefined || !Object.hasOwn(job.steps, own);
  });
}

const backOf = ({ step }: PlannedObject): string => `back.${step}`;
const TAKES = /(^|:)(back|delete)\./;

/** A step of another app that may be about to delete it. */
export function takenAway(jobs: readonly Job[], me: Me, placed: PlacedObject): string | undefined {
  for (const { id, steps } of jobs) {
    const isOwn = (step: string): boolean =>
      id === me.job.id && step.startsWith(idOf({ app: me.app.app, name: '' }));
    const found = Object.values(steps).find(
      (step) =>
        isOpen(step) &&
        TAKES.test(step.id) &&
        !isOwn(step.id) &&
        step.intent.objects.some((one) => one.cluster === placed.cluster && isSame(one, placed)),
    );
    if (found) return `${found.id} of ${id}`;
  }
  return undefined;
}

/** By which step of which job an object came. */
export interface Brought {
  readonly job: MigrationJob;
  /** Absent: it is not on record. */
  readonly step: StepRecord | undefined;
  readonly made: Made | undefined;
}

/**
 * Of all who found it there, whoever made it or took it over, the first of them: it goes as it came with the
 * last who needs it. Another job's counts once that has gone back, and left it.
 */
export function broughtBy(jobs: readonly Job[], me: Sharer, placed: PlacedObject): Brought {
  const own = bringing(me);
  const others = sharers(jobs, me, placed).filter(
    (one) => one.job.plan.to === placed.cluster && (one.job.id === me.job.id || hasGoneBack(one)),
  );
  const all = [own, ...others.map(bringing)].filter(
    ({ made }) => made && made.how !== 'left' && made.uid === (own.made ?? made).uid,
  );
  const [adopted] = all.filter(({ made }) => made?.how === 'adopted').toSorted(inOrder);
  return adopted ?? (own.made?.how === 'left' ? (all[0] ?? own) : own);
}

function bringing({ job, app, object }: Sharer): Brought {
  const step = job.steps[idOf({ app: app.app, name: stepOfObject(object) })];
  return { job, step, made: step?.result?.data as Made | undefined };
}

function hasGoneBack({ job, app, object }: Sharer): boolean {
  return isPast(outcomeOf(job, { app: app.app, name: backOf(object) }));
}

function inOrder(a: Brought, b: Brought): number {
  return a.job.begun.at - b.job.begun.at || (a.step?.since ?? 0) - (b.step?.since ?? 0);
}
