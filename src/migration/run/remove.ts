// One object leaves the source.
//
// Comes in: the step; proof is asked for before its intent is on record, so that the way back is open until
// then, and again at every look. Goes out: gone, or left to others who need it there, or leave it too. On failure: another
// UID, or a form that is not the one of the beginning, is somebody else's doing: it stays, and a person is
// asked.

import { refOf, shownRef, type KubernetesObject } from '../../clusters/cluster-writer.ts';
import type { Outcome } from '../../jobs/kind.ts';
import type { Intent } from '../../jobs/record.ts';
import { nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedApp, PlannedObject } from '../plan/model.ts';
import { dataOf, done, failed, objectOf, type Doing, type RunParts } from './doing.ts';
import { formOf } from './form.ts';
import { deletedOf, keptOf, type Deleted } from './kept.ts';
import { leave } from './leave.ts';
import type { Memory } from './memory.ts';
import { leavingWith, shownSharer } from './others.ts';
import type { SourceForms } from './preflight.ts';
import { unproved } from './proof.ts';
import type { Quiet } from './quiet.ts';
import { keepWayHome } from './room.ts';
import { WORKLOADS } from './there.ts';

export async function prepareRemove(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Quiet>,
): Promise<Intent | Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const doubt = await unproved(doing, parts, memory);
  if (doubt) return doubt;
  const { from } = doing.job.plan;
  const ref = refOf(object.manifest);
  const live = (await (await parts.writerOf(from)).read(ref)) as Manifest | undefined;
  const fault = live && foreign(doing, object, live);
  if (fault !== undefined) return failed(fault);
  // Of a second attempt: what the first one has left of it is not how it was.
  const data: Deleted = deletedOf(doing, object) ?? keptOf(doing, object, live);
  const text = `delete ${shownRef(ref)} in ${from}, uid ${object.uid}`;
  return { text, objects: [{ cluster: from, ...ref }], data };
}

export async function remove(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Quiet>,
): Promise<Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const { job, app, scene } = doing;
  const { from } = job.plan;
  const ref = refOf(object.manifest);
  const writer = await parts.writerOf(from);
  const live = (await writer.read(ref)) as Manifest | undefined;
  if (!live) return done('gone');
  const doubt = await unproved(doing, parts, memory);
  if (doubt) return doubt;
  const sharer = leavingWith(scene.jobs(), { job, app }, { cluster: from, ...ref });
  if (sharer) return done(`it stays in ${from} for ${shownSharer(sharer, job)}, which leaves too`);
  await keepWayHome(doing, parts, live);
  const other = (now: KubernetesObject): string | undefined =>
    foreign(doing, object, now as Manifest);
  const own = ownOf(doing.app);
  return leave({ cluster: from, writer, live: live as KubernetesObject, doubt: other, own, scene });
}

/** Also what somebody else makes for it there. */
function ownOf({ objects, behind }: PlannedApp): ReadonlySet<string> {
  const moved = objects.map(({ manifest }) => nameOf(manifest));
  return new Set([...moved, ...behind.map(({ object }) => object)]);
}

function foreign(
  doing: Doing,
  { manifest, uid }: PlannedObject,
  live: Manifest,
): string | undefined {
  const name = `${nameOf(manifest)} in ${doing.job.plan.from}`;
  if (uid === '' || live.metadata.uid !== uid) return `${name} is another one now`;
  const forms = dataOf<SourceForms>(doing, 'preflight') ?? {};
  const isSame = forms[nameOf(live)] === formOf(live, WORKLOADS.includes(live.kind));
  return isSame ? undefined : `${name} was changed since the migration began`;
}
