// The end of a move: what others have on record, the mark, the debts, and then holds and room.
//
// On failure: it is tried for ever; until it is done the holds stand, and nothing is lost by that.

import { refOf, shownRef } from '../../clusters/cluster-writer.ts';
import type { Outcome } from '../../jobs/kind.ts';
import { roomKey } from '../capacity/ledger.ts';
import { hasLeft, leaving } from '../flow/steps.ts';
import { done, wait, type Doing, type RunParts } from './doing.ts';
import { letGo } from './held.ts';
import { hooked } from './hooked.ts';
import type { Speaker } from './parts.ts';

const AGAIN_SECONDS = 5;

export function speakerOf({ job, scene }: Doing): Speaker {
  return { job: job.id, who: job.begun.who, fence: scene.term };
}

export async function finish(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app, scene } = doing;
  const { from, to } = job.plan;
  const hook = await hooked(doing, parts.hooks, 'metadata');
  if (hook) return wait(hook.text, AGAIN_SECONDS);
  await scene.check();
  const moving = { app: app.app, namespace: app.namespace ?? '', from, to };
  await parts.mark(speakerOf(doing), moving);
  await letGo(doing, parts.traffic);
  await parts.room.release(roomKey(job.id, app.app), scene.term);
  return done(`${app.app} is in ${to}`);
}

/** Offline: what the source still has, for when it returns; it gets no request until then. */
export async function owe(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app, scene } = doing;
  const { from, to } = job.plan;
  const why = `${app.app} was moved to ${to} by ${job.id} while ${from} was away`;
  const objects = leaving(app).map(({ manifest, uid }) => ({ ...refOf(manifest), uid }));
  if (objects.length === 0) return done('nothing is owed');
  await scene.check();
  await parts.owe(speakerOf(doing), { app: app.app, cluster: from, objects, why });
  return done(`owed: ${objects.map(shownRef).join(', ')}`);
}

/** Whoever was told of a move that came to nothing. */
export async function released(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app, scene } = doing;
  const hook = await hooked(doing, parts.hooks, 'rollback');
  if (hook) return wait(hook.text, AGAIN_SECONDS);
  await letGo(doing, parts.traffic);
  await scene.check();
  if (hasLeft(job, app)) await parts.unmark(speakerOf(doing), app.app);
  await parts.room.release(roomKey(job.id, app.app), scene.term);
  return done(`${app.app} is as it was`);
}
