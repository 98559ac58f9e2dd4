// Whether somebody else needs an object that is about to go: a move that is there or on its way, or what lives
// there and names it.
//
// Comes in: a step that would delete it, its intent on record. Goes out: who needs it, in words; undefined:
// nobody. On failure: a cluster that does not answer throws; kinds that jobs may not list there are not
// looked at, for they may not write them either.

import { refOf, type ClusterWriter } from '../../clusters/cluster-writer.ts';
import { isFinal, type PlacedObject } from '../../jobs/record.ts';
import { idOf } from '../flow/steps.ts';
import { nameOf } from '../manifests/manifest.ts';
import { BETWEEN } from '../manifests/needers.ts';
import type { Doing, RunParts } from './doing.ts';
import { needersThere } from './needers-there.ts';
import { needing, shownSharer, type Sharer } from './others.ts';
import { stepOfObject, type Made } from './there.ts';

export async function neededBy(
  doing: Doing,
  parts: RunParts,
  placed: PlacedObject,
  how: 'goes' | 'as it was' = 'goes',
): Promise<string | undefined> {
  const move = await movedNeeder(doing, parts, placed);
  if (move) return shownSharer(move, doing.job);
  // Whoever was there before did with what it was.
  return how === 'goes' ? livingNeeder(doing, parts, placed) : undefined;
}

/** Another app that a migration brought there, or brings. */
async function movedNeeder(
  { job, app, scene }: Doing,
  parts: RunParts,
  placed: PlacedObject,
): Promise<Sharer | undefined> {
  const all = needing(scene.jobs(), { job, app }, placed);
  const going = all.find((one) => !isFinal(one.job));
  if (going || all.length === 0) return going;
  const writer = await parts.writerOf(placed.cluster);
  for (const one of all) if (await livesThere(one, writer)) return one;
  return undefined;
}

async function livesThere({ job, app }: Sharer, writer: ClusterWriter): Promise<boolean> {
  const workload = app.objects.find(({ manifest }) => nameOf(manifest) === app.workload);
  if (!workload) return false;
  const step = job.steps[idOf({ app: app.app, name: stepOfObject(workload) })];
  const made = step?.result?.data as Made | undefined;
  const live = await writer.read(refOf(workload.manifest));
  return live !== undefined && live.metadata['uid'] === made?.uid;
}

async function livingNeeder(
  doing: Doing,
  parts: RunParts,
  { cluster, apiVersion, kind, ...metadata }: PlacedObject,
): Promise<string | undefined> {
  const writer = await parts.writerOf(cluster);
  // By its name alone: whoever it leads to has done without it.
  const { needers } = await needersThere(writer, { apiVersion, kind, metadata }, ownOf(doing));
  return needers[0];
}

/** What needs nothing any more; an account that came along may stay for others, with what it names. */
function ownOf({ job, app }: Doing): ReadonlySet<string> {
  const going = app.objects.filter((object) => {
    const step = job.steps[idOf({ app: app.app, name: stepOfObject(object) })];
    const isMade = (step?.result?.data as Made | undefined)?.how === 'made';
    return !BETWEEN.includes(object.manifest.kind) || !isMade;
  });
  return new Set(going.map(({ manifest }) => nameOf(manifest)));
}
