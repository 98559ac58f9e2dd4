// One object leaves the source.
//
// Comes in: the step; proof is asked for before its intent is on record, so that the way back is open until
// then, and again at every look. Goes out: gone. On failure: another UID, or a form that is not the one of
// the beginning, is somebody else's doing: it stays, and a person is asked.

import {
  knownOf,
  refOf,
  shownRef,
  type ClusterWriter,
  type KubernetesObject,
} from '../../clusters/cluster-writer.ts';
import { removeProved } from '../../clusters/removal.ts';
import { kept, restored } from '../../fanout/run/restore.ts';
import type { Outcome } from '../../jobs/kind.ts';
import type { Intent } from '../../jobs/record.ts';
import { at, fieldsOf, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedObject } from '../plan/model.ts';
import { dataOf, done, failed, objectOf, wait, type Doing, type RunParts } from './doing.ts';
import { formOf } from './form.ts';
import type { Memory } from './memory.ts';
import type { SourceForms } from './preflight.ts';
import { unproved } from './proof.ts';
import type { Quiet } from './quiet.ts';
import { WORKLOADS } from './there.ts';

/** Of an intent: as it was, should it have to be made again; null: it was gone already. */
export interface Deleted {
  readonly before: Manifest | null;
}

const SOON_SECONDS = 0.2;

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
  const before = live ? ((kept(live as never) as Manifest | undefined) ?? null) : null;
  const data = { before } satisfies Deleted;
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
  const { from } = doing.job.plan;
  const writer = await parts.writerOf(from);
  const live = (await writer.read(refOf(object.manifest))) as Manifest | undefined;
  if (!live) return done('gone');
  if (at(live, 'metadata', 'deletionTimestamp') !== undefined)
    return wait('it is going', SOON_SECONDS);
  const doubt = await unproved(doing, parts, memory);
  if (doubt) return doubt;
  const fault = foreign(doing, object, live);
  if (fault !== undefined) return failed(fault);
  const removing = { doing, object, writer, live };
  return (await emptied(removing)) ?? removeOne(removing);
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

interface Removing {
  readonly doing: Doing;
  readonly object: PlannedObject;
  readonly writer: ClusterWriter;
  readonly live: Manifest;
}

/** Its pods end first, while it could still bring them back. */
async function emptied({ doing, writer, live }: Removing): Promise<Outcome | undefined> {
  if (!WORKLOADS.includes(live.kind)) return undefined;
  const { from } = doing.job.plan;
  const expect = knownOf(live as KubernetesObject);
  const replicas = Number(at(live, 'spec', 'replicas') ?? 1);
  if (replicas === 0) {
    const pods = Number(at(live, 'status', 'replicas') ?? 0);
    return pods === 0 ? undefined : wait(`${pods} of its pods still run in ${from}`, SOON_SECONDS);
  }
  if (!expect) return failed(`${nameOf(live)} has no version`);
  await doing.scene.check();
  // With all that is ours of it already: what an apply leaves out of its own goes.
  const none = { ...live, spec: { replicas: 0 } };
  const wanted = restored(live as never, none as never) as Manifest;
  const spec = { ...fieldsOf(wanted['spec']), replicas: 0 };
  const result = await writer.apply({ ...wanted, spec } as KubernetesObject, {
    expect,
    force: true,
  });
  if (!result.ok) return again(result);
  doing.scene.note(`scaled ${nameOf(live)} in ${from} from ${replicas} to 0`);
  return wait('its pods end', SOON_SECONDS);
}

async function removeOne({ doing, object, writer, live }: Removing): Promise<Outcome> {
  await doing.scene.check();
  const removed = await removeProved(writer, refOf(object.manifest), (now) =>
    foreign(doing, object, now as Manifest),
  );
  if (!removed.ok) return again(removed);
  if (removed.was === 'absent') return done('gone');
  const { from } = doing.job.plan;
  doing.scene.note(`deleted ${nameOf(live)} in ${from}, uid ${object.uid}`);
  // Until it is gone: its finalizers may take their time.
  return wait('it is going', SOON_SECONDS);
}

/** Somebody wrote between our reading and our writing, a status most often: it is looked at again. */
function again({ code, text }: { readonly code: string; readonly text: string }): Outcome {
  return code === 'moved' ? wait(text, SOON_SECONDS) : failed(text);
}
