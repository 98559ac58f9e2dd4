// What a fan-out's job says to weights and hears from edges: hold a cluster, wait until every edge has it
// and nothing is under way there, give it back.
//
// Comes in: a lane. Goes out: outcomes. On failure: what is not known is waited for: an edge that is silent
// may still send requests there. A hold that would take an app's last server is left out, and that is said.

import { BallastError, type ErrorCode } from '../../errors.ts';
import type { AppName, Stamp, Upstream } from '../../model.ts';
import type { Outcome, Scene } from '../../jobs/kind.ts';
import { isOpen, type Job } from '../../jobs/record.ts';
import type { JobHold } from '../../words/of-jobs.ts';
import { servesAlone } from './floor.ts';
import { isLater, type Lane, type RunPlan } from './lanes.ts';
import { readStep, stepOf } from './steps.ts';

/** What jobs see and say of weights. */
export interface Traffic {
  upstream(app: AppName): Upstream | undefined;
  /** Ready pods by cluster, VMs under `vm`. */
  pods(app: AppName): ReadonlyMap<string, number>;
  /** Holds of a job that stand, by their ids. */
  holdsOf(job: string): readonly string[];
  hold(who: string, holds: readonly JobHold[]): Promise<Stamp>;
  /** Those of them that stand, or all that the job has; of none that does nothing is said. */
  lift(who: string, job: string, ids?: readonly string[]): Promise<void>;
  /** Why not every edge has these holds yet; undefined: all have. */
  unacknowledged(ids: readonly string[], apps: readonly AppName[]): string | undefined;
  /** Requests under way at an app's servers of a cluster, as told within so many milliseconds. */
  inFlight(app: AppName, cluster: string, withinMs: number): number | undefined;
  /** Requests to an app's servers of a cluster within so many milliseconds, as the edges count them. */
  errors(app: AppName, cluster: string, withinMs: number): Figures;
}

export interface Figures {
  readonly requests: number;
  readonly failures: number;
}

export interface Held {
  /** Apps. */
  readonly held: readonly AppName[];
}

const LOOK_SECONDS = 0.25;
/** nginx's longest time-outs as they come: what is under way then is not going to end by itself. */
const LIMIT_MS = 60_000;
const TURN_SECONDS = 1;
/** The guard's words for a server that is needed. */
const NEEDED: ReadonlySet<ErrorCode> = new Set([
  'would-empty',
  'too-few-clusters',
  'too-few-servers',
]);

export const holdId = (job: string, lane: string, app: AppName): string => `${job}.${lane}.${app}`;

export async function hold(
  job: Job<RunPlan>,
  { id, cluster, holds: apps }: Lane,
  { term }: Scene,
  traffic: Traffic,
): Promise<Outcome> {
  const needed = apps.filter((app) => servesAlone(traffic.upstream(app), cluster));
  const mine = traffic.holdsOf(job.id);
  // Another lane of this job has the others: its turn ends.
  const going = mine.filter((one) => !isOwn(one, job.id, id) && isGoing(job, one, id));
  const waits = needed.find((app) => going.some((one) => one.endsWith(`.${app}`)));
  if (waits !== undefined) {
    return { kind: 'wait', text: `${waits} has no other cluster now`, seconds: TURN_SECONDS };
  }
  const held = apps.filter((app) => !needed.includes(app));
  const why = `fan-out ${job.name}`;
  const holds = held.map((app): JobHold => {
    const own = { id: holdId(job.id, id, app), job: job.id, fence: term };
    return { ...own, app, cluster, kind: 'drain', who: job.begun.who, why };
  });
  const said = needed.length === 0 ? '' : `; not ${needed.join(', ')}: nothing else serves it`;
  if (holds.length === 0) return { kind: 'done', text: said.slice(2), data: { held } };
  try {
    await traffic.hold(job.begun.who, holds);
  } catch (error) {
    if (!(error instanceof BallastError) || !NEEDED.has(error.code)) throw error;
    // What an earlier attempt has held stands all the same, and is given back with the lane.
    const standing = held.filter((app) => mine.includes(holdId(job.id, id, app)));
    // Others that this job holds come back; then it is asked again.
    if (going.length > 0 && standing.length < held.length) {
      return { kind: 'wait', text: error.message, seconds: TURN_SECONDS };
    }
    return { kind: 'done', text: `not held: ${error.message}`, data: { held: standing } };
  }
  return { kind: 'done', text: `held: ${held.join(', ')}${said}`, data: { held } };
}

/**
 * Of a lane that is under way: its turn ends. One that failed stays until a person speaks; one that the
 * record does not know, that begins anew, or that was held before this one began anew and is of a later
 * wave, may only come behind it.
 */
function isGoing({ id, steps, plan }: Job<RunPlan>, hold: string, lane: string): boolean {
  const own = Object.values(steps).filter((step) => isOwn(hold, id, readStep(step.id).lane));
  const isForward = isOpen(steps[stepOf('hold', lane)]);
  if (isForward && own.some((step) => isLater(plan, readStep(step.id).lane, lane))) return false;
  const isFailed = own.some(({ result, again }) => result?.kind === 'failed' && !again);
  return !isFailed && own.some((step) => isHolding(step.id) && !step.again);
}

const isHolding = (step: string): boolean => ['hold', 'hold-again'].includes(readStep(step).verb);

const isOwn = (hold: string, job: string, lane: string): boolean =>
  hold.startsWith(`${job}.${lane}.`);

export function acknowledge(job: Job, { id, holds: apps }: Lane, traffic: Traffic): Outcome {
  const stand = traffic.holdsOf(job.id).filter((one) => isOwn(one, job.id, id));
  const missing = traffic.unacknowledged(stand, apps);
  if (missing !== undefined) return { kind: 'wait', text: missing, seconds: LOOK_SECONDS };
  return { kind: 'done', text: 'every edge has it' };
}

export function quiet(
  { cluster, holds: apps }: Lane,
  { waitedMs }: Scene,
  traffic: Traffic,
): Outcome {
  const left = apps.map((app) => traffic.inFlight(app, cluster, waitedMs));
  const isQuiet = left.every((count) => count === 0);
  if (isQuiet) return { kind: 'done', text: 'nothing is under way' };
  const text = left.some((count) => count === undefined)
    ? 'not every edge tells what is under way'
    : `${left.reduce<number>((sum, count) => sum + (count ?? 0), 0)} requests under way`;
  if (waitedMs > LIMIT_MS) return { kind: 'done', text: `${text} after a minute` };
  return { kind: 'wait', text, seconds: LOOK_SECONDS };
}

/**
 * The controller's word comes before its pods stand in the endpoints, by which a cluster is weighed: given
 * back in between, it would serve with fewer. Undefined: they are seen, or a minute has passed.
 */
export function unseen(
  cluster: string,
  wanted: ReadonlyMap<AppName, number>,
  { waitedMs }: Pick<Scene, 'waitedMs'>,
  traffic: Pick<Traffic, 'pods'>,
): Outcome | undefined {
  if (waitedMs > LIMIT_MS) return undefined;
  for (const [app, count] of wanted) {
    const seen = traffic.pods(app).get(cluster) ?? 0;
    if (seen >= count) continue;
    const text = `${seen} of ${count} pods of ${app} are seen to serve`;
    return { kind: 'wait', text, seconds: LOOK_SECONDS };
  }
  return undefined;
}

export async function release(
  job: Job,
  { id }: Lane,
  who: string,
  traffic: Traffic,
): Promise<Outcome> {
  const stand = traffic.holdsOf(job.id).filter((one) => isOwn(one, job.id, id));
  if (stand.length > 0) await traffic.lift(who, job.id, stand);
  return { kind: 'done', text: stand.length > 0 ? 'given back' : 'nothing was held' };
}
