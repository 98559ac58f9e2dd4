// The way back of an app: its weights in one commit, the destination's last requests, and what came, the
// last first.
//
// Comes in: steps that were begun, whatever they came to. Goes out: objects and weights as before. On
// failure: an object is removed only where it carries our id and is the one that we made, and is given its
// old spec only where it is the one that we took over; else a person is asked. What another app needs stays,
// and goes with the last of them. On the way home it has served alone: then the same is proved before as of
// a source.

import {
  knownOf,
  refOf,
  type ClusterWriter,
  type KubernetesObject,
} from '../../clusters/cluster-writer.ts';
import { removeProved } from '../../clusters/removal.ts';
import { restored } from '../../fanout/run/restore.ts';
import type { Outcome } from '../../jobs/kind.ts';
import type { Intent } from '../../jobs/record.ts';
import { hasLeft } from '../flow/steps.ts';
import { at, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedObject } from '../plan/model.ts';
import { hasAll } from '../plan/there.ts';
import type { Before } from './apply.ts';
import { blocked, done, failed, objectOf, wait, type Doing, type RunParts } from './doing.ts';
import { isOurs } from './form.ts';
import { held, ownHolds } from './held.ts';
import type { Memory } from './memory.ts';
import { neededBy } from './needed.ts';
import { broughtBy, type Brought } from './others.ts';
import { sourceFaults } from './preflight.ts';
import { unproved } from './proof.ts';
import type { Quiet } from './quiet.ts';
import { serversOf } from './shift.ts';
import { underWay, unknownEdge } from './tallied.ts';

const SOON_SECONDS = 0.2;
/** What creates an object may be under way after its runner died, and nothing fences that. */
const LATE_MS = 60_000;

export async function backWeights(doing: Doing, parts: RunParts): Promise<Outcome> {
  const unsure = doing.job.doubted ? await unsureBack(doing, parts) : undefined;
  if (unsure) return unsure;
  return (await held(doing, parts.traffic)) ?? done('weights are as before');
}

/** What was deleted may not be on record, and what a predecessor had under way may still come. */
async function unsureBack(doing: Doing, parts: RunParts): Promise<Outcome | undefined> {
  const { job, app, spentMs } = doing;
  const { from } = job.plan;
  const faults = await sourceFaults(doing, parts);
  const planned = app.objects.find(({ manifest }) => nameOf(manifest) === app.workload);
  const live = planned && (await (await parts.writerOf(from)).read(refOf(planned.manifest)));
  if (live && at(live as Manifest, 'spec', 'replicas') === 0)
    faults.push(`${nameOf(live as Manifest)} in ${from} has no pods any more`);
  if (faults.length > 0) return blocked(`there is nothing to go back to: ${faults.join('; ')}`);
  return spentMs < LATE_MS ? wait('something may still be on its way', 2) : undefined;
}

export async function backDrain(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app } = doing;
  const { to, gates } = job.plan;
  const holds = await held(doing, parts.traffic);
  if (holds) return holds;
  const serves = ownHolds(doing, parts.traffic).some(
    ({ cluster, kind, weight = 0 }) => cluster === to && kind === 'pin' && weight > 0,
  );
  if (serves || !app.weights) return done(`${to} serves on as before`);
  const edges = parts.traffic.edges();
  const tallies = parts.traffic.tallies(app.app, serversOf(doing, parts, to));
  const now = parts.clock.now();
  const unknown = unknownEdge(edges, tallies, { since: now - doing.spentMs, now });
  if (unknown !== undefined) return wait(unknown);
  const left = underWay(edges, tallies);
  if (left === 0) return done(`nothing is under way in ${to}`);
  const text = left === undefined ? 'an edge does not tell what is under way' : `${left} under way`;
  const isLate = left !== undefined && doing.spentMs > gates.drainSeconds * 1000;
  return isLate ? failed(`${to}: ${text} after ${gates.drainSeconds} s`) : wait(`${to}: ${text}`);
}

export function prepareBack(doing: Doing): Intent | Outcome {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const { to } = doing.job.plan;
  const { manifest } = object;
  const objects = [{ cluster: to, ...refOf(manifest) }];
  return { text: `take back ${nameOf(manifest)} in ${to}`, objects };
}

export async function backObject(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Quiet>,
): Promise<Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const { job, app, scene } = doing;
  const { to } = job.plan;
  const placed = { cluster: to, ...refOf(object.manifest) };
  const brought = broughtBy(scene.jobs(), { job, app, object }, placed);
  if (!mayHaveCome(brought)) return done('nothing came of it');
  const needer = await neededBy(doing, parts, placed, beforeOf(brought) ? 'as it was' : 'goes');
  if (needer !== undefined) return done(`it stays: ${needer} needs it`);
  const doubt = hasLeft(job, app) ? await unproved(doing, parts, memory) : undefined;
  if (doubt) return doubt;
  return takenBack({ ...brought, doing, object, writer: await parts.writerOf(to) });
}

function mayHaveCome({ job, step, made }: Brought): boolean {
  if (made?.how === 'left') return false;
  return job.doubted === true || (step !== undefined && step.intent.objects.length > 0);
}

interface Back extends Brought {
  readonly doing: Doing;
  readonly writer: ClusterWriter;
  readonly object: PlannedObject;
}

async function takenBack(back: Back): Promise<Outcome> {
  const { doing, writer, object } = back;
  const { scene } = doing;
  const ref = refOf(object.manifest);
  await scene.check();
  // What a predecessor still has under way then fails.
  const fenced = await writer.fence(ref, scene.term);
  if (!fenced.ok) return wait(fenced.text, 2);
  const live = (await writer.read(ref)) as Manifest | undefined;
  const before = beforeOf(back);
  if (before) return givenBack(back, live, before);
  return live ? unmade(back, live) : uncome(back);
}

/** Of what was there already. */
function beforeOf({ step }: Brought): Manifest | null {
  return (step?.intent.data as Before | undefined)?.before ?? null;
}

function uncome({ doing, step, made }: Back): Outcome {
  const isSure = made !== undefined || step?.taken !== true || doing.spentMs >= LATE_MS;
  return isSure ? done('it is not there') : wait('it may still be on its way', 2);
}

async function unmade({ doing, job, writer, step, made }: Back, live: Manifest): Promise<Outcome> {
  const { scene } = doing;
  const other = `${nameOf(live)} in ${job.plan.to} is another one now`;
  // Never ours: it stood there all the time, or came from elsewhere since.
  if (!isOurs(live, job.id)) return made ? blocked(other) : done('it is another’s');
  if (!step && job.plan.request.adopt)
    return failed(`${nameOf(live)} may have been another’s before, and that is not on record`);
  if (live.metadata['deletionTimestamp'] !== undefined) return wait('it is going', SOON_SECONDS);
  const ref = refOf(live as KubernetesObject);
  const removed = await removeProved(writer, ref, (now) => {
    const isIt = isOurs(now as Manifest, job.id);
    const isMade = made === undefined || made.uid === now.metadata['uid'];
    return isIt && isMade ? undefined : other;
  });
  if (!removed.ok) return removed.code === 'doubted' ? blocked(removed.text) : again(removed);
  const uid = live.metadata.uid ?? '';
  scene.note(`removed ${nameOf(live)} in ${job.plan.to}, which had come, uid ${uid}`);
  return wait('it is going', SOON_SECONDS);
}

/** Of what was taken over: as much of it as we wrote. */
async function givenBack(
  { doing, job, writer, object }: Back,
  live: Manifest | undefined,
  before: Manifest,
): Promise<Outcome> {
  const { scene } = doing;
  const { to } = job.plan;
  if (!live || live.metadata.uid !== before.metadata.uid)
    return blocked(`${nameOf(before)} in ${to} is another one now`);
  const wanted = restored(before as never, object.manifest as never) as Manifest;
  const isLabelled = isOurs(live, job.id);
  if (!isLabelled && hasAll(live, wanted)) return done('it is as it was');
  const isOther = object.how !== 'merge' && !isLabelled;
  const known = knownOf(live as KubernetesObject);
  if (isOther || !known) return blocked(`${nameOf(before)} in ${to} was changed by somebody else`);
  await scene.check();
  const result = await writer.apply(wanted as KubernetesObject, { expect: known, force: true });
  if (!result.ok) return again(result);
  scene.note(`gave ${nameOf(before)} in ${to} back what it was`);
  return done('it is as it was');
}

/** Somebody wrote between our reading and our writing, a status most often: it is looked at again. */
function again({ code, text }: { readonly code: string; readonly text: string }): Outcome {
  return code === 'moved' ? wait(text, SOON_SECONDS) : failed(text);
}
