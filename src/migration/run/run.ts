// A migration as a job: each app from one cluster to another, step by step.
//
// Comes in: a job's record (jobs/kind.ts). Goes out: its next steps (flow/), and what each came to. On
// failure: while there is a way back an app goes back by itself; where somebody else has changed something,
// or there is no way back, everything stands as it is until a person has acted.
//
//     preflight.ts   everything that stands against it, once more     room.ts     room, booked
//     apply.ts       an object comes                                  ready.ts    pods, endpoints, probes
//     shift.ts       weights go over, gated (check.ts, pure)          quiet.ts    no request any more
//     proof.ts       whether the source may be deleted                remove.ts   an object leaves it
//     finish.ts      records, mark, debts, holds                      back.ts     the way back
//     kept.ts        what is on record of it (pure)                   again.ts    it is there again
//     held.ts        the holds of each state                          there.ts    what came, as it is
//     places.ts      so many at once shift to one destination
//     others.ts      moves that share an object (pure)                needed.ts   who needs it
//     memory.ts      between two looks                                parts.ts    ledgers and hooks
//     marked.ts      the job's mark where a step writes (jobs/marks.ts; jobs/clear.ts is its last step)

import { clear } from '../../jobs/clear.ts';
import type { JobKind, Outcome } from '../../jobs/kind.ts';
import { createMarks } from '../../jobs/marks.ts';
import type { Intent } from '../../jobs/record.ts';
import { failureOf } from '../../clusters/call-failure.ts';
import { BallastError } from '../../errors.ts';
import { hasBegun, next, type JobPlan } from '../flow/next.ts';
import { stepOf } from '../flow/steps.ts';
import { again, prepareAgain } from './again.ts';
import { apply, prepareApply } from './apply.ts';
import { backDrain, backObject, backWeights, prepareBack } from './back.ts';
import { wait, wayOf, type Doing, type MigrationJob, type RunParts } from './doing.ts';
import { finish, owe, released } from './finish.ts';
import { hooked } from './hooked.ts';
import { marked } from './marked.ts';
import { createMemory, createPatience } from './memory.ts';
import { createPlaces } from './places.ts';
import { preflight } from './preflight.ts';
import { drain, type Drained, type Quiet } from './quiet.ts';
import { ready, type Since } from './ready.ts';
import { prepareRemove, remove } from './remove.ts';
import { reserve } from './room.ts';
import { MIGRATION } from './submit.ts';
import { bake, serversOf, shift, type Gate } from './shift.ts';

type Act = (doing: Doing) => Promise<Outcome>;
type Prepare = (doing: Doing) => Promise<Intent | Outcome>;

export function migrationKind(parts: RunParts): JobKind<JobPlan> {
  const since = createMemory<Since>('step');
  const gates = createMemory<Gate>('step');
  const quiet = createMemory<Quiet>('app');
  /** Of the destination, on the way home. */
  const quietThere = createMemory<Quiet>('app');
  const patience = createPatience();
  const marks = createMarks(parts.environment);
  const places = createPlaces();
  const writing =
    (act: Act): Act =>
    async (doing) => {
      await marked(doing, parts, marks);
      return act(doing);
    };
  const doingOf = (job: MigrationJob, id: string, how: Pick<Doing, 'attempt' | 'scene'>): Doing => {
    const step = stepIn(job, id, how);
    return { ...step, spentMs: patience.spent(step, parts.clock.now()) };
  };
  const backs: Readonly<Record<string, Act>> = {
    weights: (doing) => backWeights(doing, parts),
    drain: (doing) => backDrain(doing, parts),
    release: (doing) => released(doing, parts),
  };
  const returns: Readonly<Record<string, Act>> = {
    ready: (doing) => ready(doing, parts, since),
    drain: (doing) => drain(doing, parts, quietThere),
  };
  const unmake = writing((doing) => backObject(doing, parts, quietThere));
  const draining: Prepare = async (doing) => {
    const data = { servers: serversOf(doing, parts, wayOf(doing).from) } satisfies Drained;
    return { ...plain(doing), data };
  };
  const acts: Readonly<Record<string, Act>> = {
    preflight: (doing) => preflight(doing, parts),
    reserve: (doing) => reserve(doing, parts),
    apply: writing((doing) => apply(doing, parts)),
    late: writing((doing) => apply(doing, parts)),
    ready: (doing) => ready(doing, parts, since),
    shift: (doing) => shift(doing, parts, gates),
    bake: (doing) => bake(doing, parts, gates),
    drain: (doing) => drain(doing, parts, quiet),
    delete: writing((doing) => remove(doing, parts, quiet)),
    owe: (doing) => owe(doing, parts),
    async finish(doing) {
      const outcome = await finish(doing, parts);
      if (outcome.kind === 'done') quiet.forget(doing);
      return outcome;
    },
    again: writing((doing) => again(doing, parts)),
    return: (doing) => (returns[partOf(doing)] ?? ((one) => shift(one, parts, gates)))(doing),
    back: (doing) => (backs[partOf(doing)] ?? unmake)(doing),
  };
  const prepares: Readonly<Record<string, Prepare>> = {
    apply: (doing) => prepareApply(doing, parts),
    late: (doing) => prepareApply(doing, parts),
    delete: (doing) => prepareRemove(doing, parts, quiet),
    async shift(doing) {
      if (hasBegun(doing.job, doing.app)) return plain(doing);
      // A place that is taken is not kept while a hook makes up its mind.
      return (
        places.full(doing) ??
        (await hooked(doing, parts.hooks, 'confirm')) ??
        places.take(doing) ??
        plain(doing)
      );
    },
    drain: draining,
    again: async (doing) => prepareAgain(doing),
    return: async (doing) => (partOf(doing) === 'drain' ? draining(doing) : plain(doing)),
    back: async (doing) => (backs[partOf(doing)] ? plain(doing) : prepareBack(doing)),
  };
  const ended = async (doing: Doing, act: Promise<Outcome>): Promise<Outcome> => {
    const outcome = await act;
    if (outcome.kind !== 'wait') patience.forget(doing);
    return outcome;
  };
  return {
    kind: MIGRATION,
    next,
    isOneWay: ({ plan }) => plan.mode === 'offline',
    async prepare(job, id, scene) {
      if (isOfJob(id)) return { text: id, objects: [] };
      const attempt = (job.steps[id]?.attempt ?? 0) + 1;
      const doing = doingOf(job, id, { attempt, scene });
      const prepare = prepares[verbOf(doing)] ?? (async () => plain(doing));
      return patiently(doing, () => prepare(doing));
    },
    async act(job, { id, attempt, intent }, scene) {
      if (isOfJob(id)) {
        marks.forget(job.id);
        const { mode, from, to } = job.plan;
        const clusters = mode === 'offline' ? [to] : [from, to];
        return clear({ id: job.id, clusters }, scene, parts.places);
      }
      const doing = { ...doingOf(job, id, { attempt, scene }), intent };
      const act = acts[verbOf(doing)];
      if (!act) throw new BallastError('internal', `no step ${id} is known`);
      return ended(
        doing,
        patiently(doing, () => act(doing)),
      );
    },
  };
}

const isOfJob = (id: string): boolean => stepOf(id).app === '';

function stepIn(
  job: MigrationJob,
  id: string,
  how: Pick<Doing, 'attempt' | 'scene'>,
): Omit<Doing, 'spentMs'> {
  const step = stepOf(id);
  const app = job.plan.apps.find((one) => one.app === step.app);
  if (!app) throw new BallastError('internal', `the plan has no app ${step.app}`);
  return { job, app, name: step.name, ...how };
}

const verbOf = ({ name }: Doing): string => name.split('.')[0] ?? '';
const partOf = ({ name }: Doing): string => name.split('.')[1] ?? '';

const plain = ({ name, app }: Doing): Intent => ({ text: `${name} of ${app.app}`, objects: [] });

/** What only looks waits for ever: a cluster that is silent has not said no. */
const LOOKS = new Set(['ready', 'shift', 'bake', 'drain', 'return']);
const PATIENCE_MS = 60_000;
const AGAIN_SECONDS = 2;

async function patiently<T>(doing: Doing, act: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await act();
  } catch (error) {
    if (!isOfCluster(error)) throw error;
    const { text } = failureOf(error);
    return isOver(doing)
      ? { kind: 'failed', text: `no answer for a minute: ${text}`, unheard: true }
      : { ...wait(text, AGAIN_SECONDS), unheard: true };
  }
}

function isOver(doing: Doing): boolean {
  return !LOOKS.has(verbOf(doing)) && doing.spentMs > PATIENCE_MS;
}

const isOfCluster = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof BallastError) &&
  (error.name === 'CallFailure' || 'code' in error);
