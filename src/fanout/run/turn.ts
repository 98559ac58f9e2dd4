// Whether a lane may leave the traffic of its apps now. Pure, but for what it asks of the traffic.
//
// Comes in: a lane that is about to be held. Goes out: undefined where it may; else what it waits for, or
// why it is refused. It waits for clusters that this job holds and will give back; one that is held from
// before a doubt, and has not begun again, may only come behind this one. Where too few pods serve without
// any of those, it waits a minute, for they may be on their way.

import type { Outcome, Scene } from '../../jobs/kind.ts';
import { isOpen } from '../../jobs/record.ts';
import type { AppName } from '../../model.ts';
import { podPath } from '../kinds.ts';
import { belowFloor, servesAlone, servingPods } from './floor.ts';
import { isLater, type Lane, lanesOf } from './lanes.ts';
import { isStopped } from './next.ts';
import type { FanoutJob } from './on-record.ts';
import { stepOf, type Verb } from './steps.ts';
import { holdId, type Traffic } from './traffic.ts';

const PATIENCE_MS = 60_000;
const TURN_SECONDS = 1;

type Asked = Pick<Traffic, 'upstream' | 'pods' | 'holdsOf'>;

export function turnOf(
  job: FanoutJob,
  lane: Lane,
  scene: Pick<Scene, 'waitedMs'>,
  traffic: Asked,
): Outcome | undefined {
  // Of a version that knew of no floors.
  if (!job.plan.floors) return undefined;
  for (const app of lane.holds) {
    const turn = turnIn(app, { job, lane, scene, traffic });
    if (turn) return turn;
  }
  return undefined;
}

interface Asking {
  readonly job: FanoutJob;
  readonly lane: Lane;
  readonly scene: Pick<Scene, 'waitedMs'>;
  readonly traffic: Asked;
}

function turnIn(app: AppName, { job, lane, scene, traffic }: Asking): Outcome | undefined {
  const { floors = {}, strategy } = job.plan;
  const { cluster } = lane;
  const upstream = traffic.upstream(app);
  const serving = servingPods(upstream, traffic.pods(app));
  // What serves alone is not drained, and that is said; what does not serve takes nothing away.
  if (servesAlone(upstream, cluster) || (serving.get(cluster) ?? 0) === 0) return undefined;
  const out = outOf(job, lane, app, traffic);
  const few = belowFloor({ app, cluster }, serving, floors[app]);
  if (few !== undefined) return out[0] ? turnBehind(out[0], app) : patient(few, scene);
  // Without a word of the strategy one cluster of an app at a time is out.
  const first = strategy.floor ? undefined : out.find((one) => hadPods(job, one));
  return first && turnBehind(first, app);
}

function turnBehind({ cluster }: Lane, app: AppName): Outcome {
  const text = `${cluster} is out of the traffic of ${app}`;
  return { kind: 'wait', text, seconds: TURN_SECONDS };
}

/** Before fewer pods run there: they may serve. */
export function mayLower(
  job: FanoutJob,
  { cluster, lowers = [] }: Lane,
  scene: Pick<Scene, 'waitedMs'> & { readonly entry: number },
  traffic: Asked,
): Outcome | undefined {
  const lowering = lowers.find(({ entry }) => entry === scene.entry);
  if (!lowering) return undefined;
  const { app } = lowering;
  const serving = servingPods(traffic.upstream(app), traffic.pods(app));
  const few = belowFloor({ ...lowering, cluster }, serving, job.plan.floors?.[app]);
  return few === undefined ? undefined : patient(few, scene);
}

function patient(text: string, { waitedMs }: Pick<Scene, 'waitedMs'>): Outcome {
  if (waitedMs >= PATIENCE_MS) return { kind: 'failed', text };
  return { kind: 'wait', text, seconds: TURN_SECONDS };
}

/** Those that this job holds for the app, and is going to give back. */
function outOf(job: FanoutJob, lane: Lane, app: AppName, traffic: Asked): Lane[] {
  const stand = traffic.holdsOf(job.id);
  const others = lanesOf(job.plan).filter(
    (one) => one.id !== lane.id && stand.includes(holdId(job.id, one.id, app)),
  );
  const goesBack = job.plan.strategy.onFailure === 'rollback-cluster';
  return others.filter((one) => isGoing(job, one, lane) && (goesBack || !isStopped(job, one)));
}

function isGoing({ steps, plan }: FanoutJob, { id }: Lane, asking: Lane): boolean {
  if (isOpen(steps[stepOf('hold', asking.id)]) && isLater(plan, id, asking.id)) return false;
  return HOLDS.some((verb) => {
    const step = steps[stepOf(verb, id)];
    return step !== undefined && !step.again;
  });
}

const HOLDS: readonly Verb[] = ['hold', 'hold-again'];

/** What is new in a cluster is held too, and takes nothing away. */
function hadPods({ plan }: FanoutJob, { writes }: Lane): boolean {
  return writes.some((index) => {
    const entry = plan.entries[index];
    const object = entry?.action === 'create' ? undefined : entry?.object;
    return object !== undefined && podPath(object) !== undefined && entry?.replicas?.before !== 0;
  });
}
