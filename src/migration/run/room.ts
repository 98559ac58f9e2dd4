// Room at the destination, booked before anything comes and kept until its pods are there.
//
// Of an app whose workload is there already, by an attempt before, nothing is booked: every estimate sees it.
//
// From the moment its pods end at the source their room there is booked, so that the way home stays open.
//
// On failure: no room is waited for until the deadline, for another's booking may end; then the app is
// deferred. What cannot be read is no room.

import type { V1PodSpec } from '@kubernetes/client-node';
import { refOf } from '../../clusters/cluster-writer.ts';
import type { Failure, Outcome, Waiting } from '../../jobs/kind.ts';
import { bookedText, roomKey } from '../capacity/ledger.ts';
import { needOf, type Need } from '../capacity/need.ts';
import { place, roomOf } from '../capacity/room.ts';
import { at, nameOf, textsAt, type Manifest } from '../manifests/manifest.ts';
import { done, failed, wait, type Doing, type RunParts } from './doing.ts';
import { isOurs } from './form.ts';

const AGAIN_SECONDS = 5;

export async function reserve(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job } = doing;
  const trouble = await bookRoom(doing, parts);
  if (trouble === undefined) return done('room is booked');
  const { deadlineSeconds } = job.plan.gates;
  const text = `no room in ${job.plan.to}: ${trouble}`;
  const left = deadlineSeconds - doing.spentMs / 1000;
  return left > 0 ? wait(text, Math.min(AGAIN_SECONDS, left)) : failed(text);
}

/** What was booked may have run out while nobody worked on it. */
export async function keepRoom(
  doing: Doing,
  parts: RunParts,
): Promise<Waiting | Failure | undefined> {
  const { job, app, scene } = doing;
  if (await parts.room.renew(roomKey(job.id, app.app), scene.term)) return undefined;
  const trouble = await bookRoom(doing, parts);
  return trouble === undefined
    ? undefined
    : { kind: 'failed', text: `its room is another’s now: ${trouble}` };
}

/** Why there is none. */
async function bookRoom(doing: Doing, parts: RunParts): Promise<string | undefined> {
  const { job, app, scene } = doing;
  if (await isThere(doing, parts)) return undefined;
  const pods = app.replicas?.after ?? 0;
  const key = roomKey(job.id, app.app);
  const need = await needThere(doing, parts);
  if (typeof need === 'string') return need;
  await scene.check();
  const ask = { key, destination: job.plan.to, pods, need, fence: scene.term };
  return await parts.room.book(ask, async (others) => {
    const { destination } = await parts.world.look(job.plan, app);
    if (!destination) return `${job.plan.to} could not be read`;
    const fit = place(roomOf(destination, others), need, pods);
    if (fit.pods === pods) return undefined;
    const text = `${fit.pods} of ${pods} fit (${fit.why})`;
    return others.length === 0 ? text : `${text}; booked: ${bookedText(others)}`;
  });
}

/** Before the pods of a workload end at the source: it had their room, so nobody is asked. */
export async function keepWayHome(
  doing: Doing,
  { room, world }: RunParts,
  live: Manifest,
): Promise<void> {
  const { job, app, scene } = doing;
  const pods = Number(at(live, 'spec', 'replicas') ?? 1);
  const template = app.objects
    .map(({ manifest }) => at(manifest, 'spec', 'template'))
    .find((one) => at(one, 'spec', 'containers') !== undefined);
  if (pods === 0 || nameOf(live) !== app.workload || template === undefined) return;
  const labels = textsAt(template, 'metadata', 'labels');
  const spec = at(template, 'spec') as V1PodSpec;
  const { from: destination } = job.plan;
  const { namespace = '' } = app;
  const added = await world.additions(destination, namespace);
  const need = needOf({ namespace, labels, spec }, added);
  await scene.check();
  const key = roomKey(job.id, app.app);
  await room.book({ key, destination, pods, need, fence: scene.term }, () => undefined);
}

async function isThere({ job, app }: Doing, { writerOf }: RunParts): Promise<boolean> {
  const planned = app.objects.find(({ manifest }) => nameOf(manifest) === app.workload);
  if (!planned) return false;
  const writer = await writerOf(job.plan.to);
  const live = await writer.read(refOf(planned.manifest));
  return live !== undefined && isOurs(live as Manifest, job.id);
}

async function needThere({ job, app }: Doing, { world }: RunParts): Promise<Need | string> {
  const { need, findings } = await world.look(job.plan, app);
  if (need) return need;
  const [first] = findings;
  return first ? `${first.object}: ${first.text}` : 'it could not be read';
}
