// One object of the source is there again, after its deletion was begun.
//
// Comes in: the record of its deletion. Goes out: its UID and form, as of what comes to a destination. On
// failure: another's of that name blocks; what still stands is scaled up and else left as it is; what another
// move takes away just now is waited for. Nothing of the destination goes before all of it is there and serves.

import {
  knownOf,
  refOf,
  shownRef,
  type ClusterWriter,
  type KubernetesObject,
} from '../../clusters/cluster-writer.ts';
import type { Outcome } from '../../jobs/kind.ts';
import type { Intent } from '../../jobs/record.ts';
import { at, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedObject } from '../plan/model.ts';
import { blocked, done, failed, objectOf, wait, type Doing, type RunParts } from './doing.ts';
import { formOf, isOurs, labelled } from './form.ts';
import { held } from './held.ts';
import { deletedOf } from './kept.ts';
import { scaled } from './leave.ts';
import { takenAway } from './others.ts';
import { isScaled, WORKLOADS, type Made } from './there.ts';

const SOON_SECONDS = 0.2;

export function prepareAgain(doing: Doing): Intent | Outcome {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const { from } = doing.job.plan;
  const ref = refOf(object.manifest);
  return { text: `make ${shownRef(ref)} in ${from} again`, objects: [{ cluster: from, ...ref }] };
}

export async function again(doing: Doing, parts: RunParts): Promise<Outcome> {
  const object = objectOf(doing);
  if (!object) return failed(`the plan has no ${doing.name}`);
  const holds = await held(doing, parts.traffic);
  if (holds) return holds;
  const { job, app, scene } = doing;
  const ref = refOf(object.manifest);
  const taker = takenAway(scene.jobs(), { job, app }, { cluster: job.plan.from, ...ref });
  if (taker !== undefined) return wait(`${taker} takes it away just now`);
  const writer = await parts.writerOf(job.plan.from);
  await scene.check();
  // A deletion that nobody heard the end of then fails.
  const fenced = await writer.fence(ref, scene.term);
  if (!fenced.ok) return wait(fenced.text, 2);
  const live = (await writer.read(ref)) as Manifest | undefined;
  const coming = { doing, object, writer };
  return live ? stands(coming, live) : made(coming);
}

interface Coming {
  readonly doing: Doing;
  readonly object: PlannedObject;
  readonly writer: ClusterWriter;
}

async function made({ doing, object, writer }: Coming): Promise<Outcome> {
  const { job, scene } = doing;
  const before = deletedOf(doing, object)?.before;
  if (!before) return done('it was gone before');
  await scene.check();
  const wanted = labelled(before, job.id, object.uid);
  const result = await writer.apply(wanted, { expect: 'absent' });
  if (!result.ok) return refusal(result);
  const live = result.object as Manifest;
  scene.note(`made ${nameOf(live)} in ${job.plan.from} again, uid ${live.metadata.uid ?? ''}`);
  return there(doing, live, 'made');
}

async function stands(coming: Coming, live: Manifest): Promise<Outcome> {
  const { doing, object } = coming;
  const { job } = doing;
  if (live.metadata['deletionTimestamp'] !== undefined) return wait('it is going', SOON_SECONDS);
  if (isOurs(live, job.id)) return there(doing, live, 'made');
  if (live.metadata.uid !== object.uid)
    return blocked(`${nameOf(live)} in ${job.plan.from} is another one now`);
  const pods = podsOf(deletedOf(doing, object)?.before ?? undefined);
  const isEmptied = WORKLOADS.includes(live.kind) && podsOf(live) === 0 && pods > 0;
  return isEmptied ? filled(coming, live, pods) : there(doing, live, 'left');
}

const podsOf = (workload: Manifest | undefined): number =>
  Number(at(workload, 'spec', 'replicas') ?? 0);

async function filled({ doing, writer }: Coming, live: Manifest, pods: number): Promise<Outcome> {
  const { job, scene } = doing;
  const expect = knownOf(live as KubernetesObject);
  if (!expect) return failed(`${nameOf(live)} has no version`);
  await scene.check();
  const result = await writer.apply(scaled(live as KubernetesObject, pods), {
    expect,
    force: true,
  });
  if (!result.ok) return refusal(result);
  scene.note(`scaled ${nameOf(live)} in ${job.plan.from} from 0 to ${pods}`);
  return there(doing, result.object as Manifest, 'left');
}

function there({ app }: Doing, live: Manifest, how: Made['how']): Outcome {
  const { uid = '' } = live.metadata;
  const made: Made = { uid, form: formOf(live, isScaled(app, live)), how };
  return done(how === 'made' ? 'it is there again' : 'it is there still', made);
}

/** Somebody wrote between our reading and our writing, a status most often: it is looked at again. */
function refusal({ code, text }: { readonly code: string; readonly text: string }): Outcome {
  return code === 'moved' ? wait(text, SOON_SECONDS) : failed(text);
}
