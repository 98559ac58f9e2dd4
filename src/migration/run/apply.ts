// One object of the plan comes to the destination.
//
// Comes in: the step, with what was there before on record. Goes out: its UID and form, for whoever has to
// know it again. On failure: another's of that name stops it, unless the request adopts; what carries our
// id is ours, whether its UID was heard or not.

import {
  knownOf,
  refOf,
  shownRef,
  type ApplyResult,
  type ClusterWriter,
  type KubernetesObject,
} from '../../clusters/cluster-writer.ts';
import { canonical } from '../../fanout/plan/canonical.ts';
import { kept } from '../../fanout/run/restore.ts';
import type { Outcome } from '../../jobs/kind.ts';
import type { Intent } from '../../jobs/record.ts';
import { masked } from '../manifests/identity.ts';
import { listOf, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedObject } from '../plan/model.ts';
import { hasAll } from '../plan/there.ts';
import { blocked, done, failed, objectOf, wait, type Doing, type RunParts } from './doing.ts';
import { formOf, isOurs, labelled } from './form.ts';
import { held } from './held.ts';
import { takenAway } from './others.ts';
import { keepRoom } from './room.ts';
import { isScaled, type Made } from './there.ts';

/** Of an intent: the object as it was; null: there was none, or none that a journal may keep. */
export interface Before {
  readonly before: Manifest | null;
}

export async function prepareApply(doing: Doing, parts: RunParts): Promise<Intent | Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const { job, app, name } = doing;
  const ref = refOf(object.manifest);
  const live = (await (await parts.writerOf(job.plan.to)).read(ref)) as Manifest | undefined;
  // Of a second attempt: what the first one has written is not how it was.
  const first = job.steps[`${app.app}:${name}`]?.intent.data as Before | undefined;
  const now = live && !isOurs(live, job.id) ? recorded(live) : null;
  const data: Before = first ?? { before: now };
  const objects = [{ cluster: job.plan.to, ...ref }];
  return { text: `apply ${shownRef(ref)} in ${job.plan.to}`, objects, data };
}

/** How it was; nothing of a Secret: nobody could make it anew from that. */
export function recorded(live: Manifest): Manifest | null {
  return live.kind === 'Secret' ? null : (kept(live as never) as Manifest);
}

export async function apply(doing: Doing, parts: RunParts): Promise<Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const holds = await held(doing, parts.traffic);
  if (holds) return holds;
  // What comes late finds its pods there, and their room given back.
  const noRoom = object.late ? undefined : await keepRoom(doing, parts);
  if (noRoom) return noRoom;
  const { job, app, scene } = doing;
  const placed = { cluster: job.plan.to, ...refOf(object.manifest) };
  const taker = takenAway(scene.jobs(), { job, app }, placed);
  if (taker !== undefined) return wait(`${taker} takes it away just now`);
  const writer = await parts.writerOf(job.plan.to);
  const live = (await writer.read(refOf(object.manifest))) as Manifest | undefined;
  if (live && isOurs(live, job.id)) return done('it is there', madeOf(doing, live, 'made'));
  const manifest = await manifestOf(doing, parts, object);
  if (typeof manifest === 'string') return failed(manifest);
  const writing = { doing, object, manifest, writer };
  return live ? over(writing, live) : create(writing);
}

function madeOf({ app }: Doing, live: Manifest, how: Made['how']): Made {
  const { uid = '' } = live.metadata;
  return { uid, form: formOf(live, isScaled(app, live)), how };
}

/** A text: why it cannot be written. The data of a Secret is read now, and on no record. */
async function manifestOf(
  { job, app }: Doing,
  { world }: RunParts,
  { manifest }: PlannedObject,
): Promise<Manifest | string> {
  if (manifest.kind !== 'Secret') return manifest;
  const objects = await world.objects(job.plan, app);
  const found = objects.find((one) => nameOf(one.manifest) === nameOf(manifest));
  if (!found) return `${nameOf(manifest)} is not at the source any more`;
  const isSame = canonical(masked(found.manifest)) === canonical(manifest);
  return isSame ? found.manifest : `${nameOf(manifest)} changed since the plan was made`;
}

interface Writing {
  readonly doing: Doing;
  readonly object: PlannedObject;
  readonly manifest: Manifest;
  readonly writer: ClusterWriter;
}

async function create({ doing, object, manifest, writer }: Writing): Promise<Outcome> {
  const { job, scene } = doing;
  await scene.check();
  const wanted = labelled(manifest, job.id, object.uid);
  const result = await writer.apply(wanted, { expect: 'absent' });
  return outcomeOf(doing, result, 'made');
}

/** Another's is there. */
async function over(writing: Writing, live: Manifest): Promise<Outcome> {
  const { doing, object, writer, manifest } = writing;
  const { job, scene } = doing;
  const wanted = object.how === 'merge' ? merged(live, manifest) : manifest;
  if (hasAll(live, wanted))
    return done('it is there already, the same', madeOf(doing, live, 'left'));
  const name = `${nameOf(manifest)} in ${job.plan.to}`;
  const mayWrite = object.how === 'merge' || (job.plan.request.adopt && manifest.kind !== 'Secret');
  if (!mayWrite) return failed(`${name} is another’s`);
  const expect = knownOf(live as KubernetesObject);
  if (!expect) return blocked(`${name} has no version`);
  await scene.check();
  const all = object.how === 'merge' ? wanted : labelled(wanted, job.id, object.uid);
  return outcomeOf(doing, await writer.apply(all, { expect, force: true }), 'adopted');
}

function outcomeOf(doing: Doing, result: ApplyResult, how: Made['how']): Outcome {
  // Somebody came between our look and our write: it is looked at again.
  if (!result.ok) return result.code === 'moved' ? wait(result.text, 0.2) : failed(result.text);
  const { job, scene } = doing;
  const live = result.object as Manifest;
  scene.note(`${how} ${nameOf(live)} in ${job.plan.to}, uid ${live.metadata.uid ?? ''}`);
  return done(how, madeOf(doing, live, how));
}

/** Of an account: what is there stays, what is missing comes. */
function merged(live: Manifest, manifest: Manifest): Manifest {
  const lists = ['secrets', 'imagePullSecrets'].flatMap((key) => {
    const mine = listOf(manifest[key]);
    if (mine.length === 0) return [];
    const there = listOf(live[key]);
    const names = new Set(there.map(({ name }) => name));
    return [[key, [...there, ...mine.filter(({ name }) => !names.has(name))]] as const];
  });
  const { name, namespace } = manifest.metadata;
  const { apiVersion, kind } = manifest;
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return { apiVersion, kind, metadata, ...Object.fromEntries(lists) };
}
