// The end of a move: what others have on record, the mark, the debts, and then holds and room.
//
// On failure: it is tried for ever; until it is done the holds stand, and nothing is lost by that.

import { refOf } from '../../clusters/cluster-writer.ts';
import type { Outcome } from '../../jobs/kind.ts';
import { LEAVES } from '../flow/steps.ts';
import { nameOf } from '../manifests/manifest.ts';
import { done, wait, type Doing, type RunParts } from './doing.ts';
import { letGo } from './held.ts';
import { hooked } from './hooked.ts';
import { roomKey, type Debt, type Speaker } from './parts.ts';

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
  const mark = { app: app.app, namespace: app.namespace ?? '', from, to };
  await parts.marks.moved(speakerOf(doing), mark);
  await letGo(doing, parts.traffic);
  await parts.room.release(roomKey(job.id, app.app), scene.term);
  return done(`${app.app} is in ${to}`);
}

/** Offline: what the source still has, for when it returns; it gets no request until then. */
export async function owe(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app, scene } = doing;
  const { from, to } = job.plan;
  const why = `${app.app} was moved to ${to} by ${job.id} while ${from} was away`;
  const debts = app.objects.flatMap(({ manifest, uid }): Debt[] =>
    LEAVES.includes(manifest.kind)
      ? [{ app: app.app, cluster: from, object: refOf(manifest), uid, why }]
      : [],
  );
  await scene.check();
  await parts.debts.owe(speakerOf(doing), debts);
  return done(`owed: ${app.objects.map(({ manifest }) => nameOf(manifest)).join(', ')}`);
}

/** Whoever was told of a move that came to nothing. */
export async function released(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app, scene } = doing;
  const hook = await hooked(doing, parts.hooks, 'rollback');
  if (hook) return wait(hook.text, AGAIN_SECONDS);
  await letGo(doing, parts.traffic);
  await scene.check();
  await parts.room.release(roomKey(job.id, app.app), scene.term);
  return done(`${app.app} is as it was`);
}
