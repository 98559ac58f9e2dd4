// The holds of an app's move: what is to stand in its present state, said in one commit, and whether every
// edge has it.
//
// On failure: the guard's refusal passes through, and is a failure of the step; an edge that is silent is
// waited for, because it may still send requests where none should go.

import type { Waiting } from '../../jobs/kind.ts';
import type { Hold } from '../../model.ts';
import type { JobHold } from '../../words/of-jobs.ts';
import { appState } from '../flow/app-state.ts';
import { holdsOf } from '../flow/holds.ts';
import { wait, wayOf, type Doing } from './doing.ts';
import type { MoveTraffic } from './traffic.ts';
import { weightFault } from './weights-seen.ts';

type Said = Pick<Hold, 'id' | 'app' | 'cluster' | 'kind' | 'weight'>;

/** That are to stand now. */
export function wantedHolds({ job, app, scene }: Doing): JobHold[] {
  const holds = holdsOf(job.plan, app, appState(job, app)) ?? [];
  const { who } = job.begun;
  const why = `migration ${job.id}: ${job.plan.from} to ${job.plan.to}`;
  return holds.map((hold) => {
    const id = `${job.id}.${app.app}.${hold.kind}.${hold.cluster ?? 'all'}`;
    return { ...hold, id, who, why, job: job.id, fence: scene.term };
  });
}

export function ownHolds({ job, app }: Doing, traffic: MoveTraffic): Hold[] {
  return traffic.holds().filter((hold) => hold.job === job.id && hold.app === app.app);
}

/** Why other weights are published than its holds say; undefined: they are what is to be. */
export function weightTrouble(doing: Doing, traffic: MoveTraffic): string | undefined {
  const { job, app } = doing;
  const others = traffic.holds().filter((hold) => hold.job !== job.id);
  return weightFault(traffic.upstream(app.app), wantedHolds(doing), wayOf(doing), others);
}

/** Undefined: they stand, and every edge has them. */
export async function held(doing: Doing, traffic: MoveTraffic): Promise<Waiting | undefined> {
  const wanted = wantedHolds(doing);
  const stand = ownHolds(doing, traffic);
  if (!isSame(wanted, stand)) {
    const ids = new Set(wanted.map(({ id }) => id));
    const over = stand.flatMap(({ id }) => (ids.has(id) ? [] : [id]));
    const { who } = doing.job.begun;
    await doing.scene.check();
    if (wanted.length > 0) await traffic.say(who, wanted, over);
    else await traffic.lift(who, doing.job.id, over);
  }
  return unacknowledged(doing, traffic);
}

/** As `held`, where nothing may be said any more: what is not so is waited for. */
export function stillHeld(doing: Doing, traffic: MoveTraffic): Waiting | undefined {
  if (!isSame(wantedHolds(doing), ownHolds(doing, traffic)))
    return wait('its holds do not stand as they were said');
  return unacknowledged(doing, traffic);
}

function unacknowledged({ app }: Doing, traffic: MoveTraffic): Waiting | undefined {
  if (traffic.edges().length === 0)
    return wait('no edge is known: nothing proves where requests go');
  const missing = traffic.unacknowledged(app.app);
  return missing === undefined ? undefined : wait(missing);
}

export async function letGo(doing: Doing, traffic: MoveTraffic): Promise<void> {
  const ids = ownHolds(doing, traffic).map(({ id }) => id);
  if (ids.length === 0) return;
  await doing.scene.check();
  await traffic.lift(doing.job.begun.who, doing.job.id, ids);
}

function isSame(wanted: readonly Said[], stand: readonly Said[]): boolean {
  return textOf(wanted) === textOf(stand);
}

function textOf(holds: readonly Said[]): string {
  const words = holds.map(({ id, app, cluster, kind, weight }) =>
    JSON.stringify([id, app, cluster, kind, weight]),
  );
  return words.toSorted().join();
}
