// A fan-out as a job: cluster by cluster out of the traffic, written, looked at, and back into it.
//
// Comes in: a job's record (jobs/kind.ts). Goes out: its next steps, and what each came to. On failure: as
// the strategy says: the job pauses, takes the cluster or everything back, or goes on; a way back that
// fails blocks, with all holds standing.
//
//     lanes.ts    a plan as lanes of steps                 next.ts     which steps are next (pure)
//     traffic.ts  holds, acknowledgements, quiet           writes.ts   what is written, and taken back
//     gate.ts     whether what was written is so (pure)    restore.ts  an object as it was (pure)
//     unmoved.ts  for how long nothing moves in it         copies.ts   Secrets, as they are to be and were
//     error-rate.ts  whether it serves well, by the edges
//     back.ts     the way back (pure)            on-record.ts what the record says of a lane (pure)
//     turn.ts     whether a cluster may leave the traffic  floor.ts    how few pods may serve (pure)

import { shownRef } from '../../clusters/cluster-writer.ts';
import { BallastError } from '../../errors.ts';
import { clear } from '../../jobs/clear.ts';
import type { JobKind, Outcome, Scene } from '../../jobs/kind.ts';
import { createMarks, type Marking } from '../../jobs/marks.ts';
import type { Intent, StepRecord } from '../../jobs/record.ts';
import type { TracedPlaces } from '../../jobs/traces.ts';
import { replicasOf } from '../kinds.ts';
import type { Manifest } from '../model.ts';
import { openingWriter } from '../live/opening-writer.ts';
import type { Entry } from '../plan/entry.ts';
import { isSecret, type Sealing } from '../plan/seal.ts';
import { isClosed } from './closed-hours.ts';
import { keepBefore, secretsIn } from './copies.ts';
import { watchErrors } from './error-rate.ts';
import { judge } from './gate.ts';
import { type Lane, lanesOf, type RunPlan } from './lanes.ts';
import { nextOfFanout } from './next.ts';
import type { FanoutJob } from './on-record.ts';
import { readStep, stepOf, type StepName } from './steps.ts';
import { acknowledge, hold, quiet, release, type Traffic, unseen } from './traffic.ts';
import { mayLower, turnOf } from './turn.ts';
import { createUnmoved } from './unmoved.ts';
import {
  earlierOf,
  type Keep,
  patiently,
  prepareUndo,
  prepareWrite,
  refOfEntry,
  undo,
  write,
  type WriterOf,
} from './writes.ts';

export const FANOUT = 'fanout';

export interface RunParts {
  readonly environment: string;
  readonly writerOf: WriterOf;
  readonly places: Pick<TracedPlaces, 'clear'>;
  readonly traffic: Traffic;
  readonly wall: () => Date;
  /** Of what Secrets hold, as in the plans; absent: without a key. */
  readonly sealing?: Sealing;
}

const GATE_SECONDS = 1;
const CLOSED_SECONDS = 30;

interface Doing {
  readonly job: FanoutJob;
  readonly lane: Lane;
  readonly name: StepName;
  readonly scene: Scene;
}

export function fanoutKind(parts: RunParts): JobKind<RunPlan> {
  const { writerOf, traffic, environment, places } = parts;
  const unmoved = createUnmoved();
  const marks = createMarks(environment);

  const acts: Readonly<Record<StepName['verb'], (doing: Doing) => Promise<Outcome>>> = {
    hold: async ({ job, lane, scene }) =>
      turnOf(job, lane, scene, traffic) ?? hold(job, lane, scene, traffic),
    acknowledge: async ({ job, lane }) => acknowledge(job, lane, traffic),
    quiet: async ({ lane, scene }) => quiet(lane, scene, traffic),
    apply: (doing) =>
      named(
        entryOf(doing),
        patiently(doing.scene, () => apply(doing)),
      ),
    gate: (doing) => patiently(doing.scene, () => gate(doing)),
    release: ({ job, lane }) => release(job, lane, job.begun.who, traffic),
    watch: async ({ job, lane, scene }) => watchErrors(job, lane, scene, traffic),
    async soak({ job, scene }) {
      const left = job.plan.strategy.soakSeconds - scene.waitedMs / 1000;
      if (left <= 0) return { kind: 'done', text: 'soaked' };
      return { kind: 'wait', text: `${Math.ceil(left)} s more`, seconds: left };
    },
    async 'hold-again'({ job, lane, scene }) {
      const turn = turnOf(job, lane, scene, traffic);
      // The way back is not refused.
      return turn?.kind === 'wait' ? turn : hold(job, lane, scene, traffic);
    },
    'acknowledge-again': async ({ job, lane }) => acknowledge(job, lane, traffic),
    'quiet-again': async ({ lane, scene }) => quiet(lane, scene, traffic),
    undo: (doing) =>
      named(
        entryOf(doing),
        patiently(doing.scene, () => takeBack(doing)),
      ),
    'gate-again': (doing) => patiently(doing.scene, () => gateAgain(doing)),
    'release-again': ({ job, lane }) =>
      release(job, lane, job.aborted?.who ?? job.begun.who, traffic),
    clear: (doing) => clearUp(doing),
    'clear-again': (doing) => clearUp(doing),
  };

  const clearUp = ({ job, scene }: Doing): Promise<Outcome> => {
    marks.forget(job.id);
    return clear(job, scene, places);
  };
  /** As its plan was made, also by a version that had no key. */
  const sealingOf = ({ plan }: FanoutJob) => (plan.keyed ? parts.sealing : undefined);
  const ownerOf = ({ id }: FanoutJob) => ({ job: id, environment });
  /** The plan has marks of what Secrets hold: the cluster has copies. */
  const writerFor = async (job: FanoutJob, cluster: string) => {
    const writer = await writerOf(cluster);
    const sealing = sealingOf(job);
    return openingWriter(writer, (ref) => secretsIn(writer, ownerOf(job), ref, sealing), sealing);
  };
  const entryOf = ({ job, name }: Doing) => {
    const entry = job.plan.entries[name.entry];
    if (entry) return entry;
    throw new BallastError('internal', `the plan has no entry ${name.entry}`);
  };
  const apply = async (doing: Doing): Promise<Outcome> => {
    const entry = entryOf(doing);
    const why = entry.action === 'delete' ? await doing.scene.unconfirmed() : undefined;
    if (why !== undefined) return { kind: 'blocked', text: `${why}, then retry` };
    const { job, scene } = doing;
    const writer = await writerFor(job, entry.cluster);
    await marks.put(markingOf(job, entry), writer, scene);
    const isKept = isSecret(refOfEntry(entry));
    const keep: Keep = async (seen) =>
      keepBefore(await writerOf(entry.cluster), ownerOf(job), seen, sealingOf(job));
    const made = earlierOf(job.steps[stepOf('apply', doing.lane.id, doing.name.entry)])?.made;
    return write({ entry, fanout: job.plan.name, writer, scene, made }, isKept ? keep : undefined);
  };
  const takeBack = async (doing: Doing): Promise<Outcome> => {
    const entry = entryOf(doing);
    const { job, lane, name, scene } = doing;
    const forward = job.steps[stepOf('apply', lane.id, name.entry)];
    const { before, made: uid } = earlierOf(forward) ?? {};
    const writer = await writerFor(job, entry.cluster);
    const taken = forward?.taken === true;
    return undo({ entry, fanout: job.plan.name, writer, scene, before, uid, taken });
  };

  /** Pods that are to serve, by app: as many as live workloads ask for. */
  const countIn = (counts: Map<string, number>, lane: Lane, index: number, live: Manifest) => {
    const app = lane.serves?.find(({ entry }) => entry === index)?.app;
    if (app !== undefined) counts.set(app, (counts.get(app) ?? 0) + replicasOf(live));
  };
  /** Undefined: all of them are as they are to be, and seen to serve. */
  const open = async ({ job, lane, scene }: Doing): Promise<Outcome | undefined> => {
    const counts = new Map<string, number>();
    for (const index of lane.writes) {
      const entry = job.plan.entries[index];
      if (!entry) continue;
      const live = await (await writerOf(entry.cluster)).read(refOfEntry(entry));
      // What was to go, or was taken away again.
      if (!live) continue;
      const { waitedMs } = scene;
      const key = `${job.id} ${entry.cluster} ${index}`;
      const unmovedMs = unmoved.look(key, live['status'], waitedMs);
      const verdict = judge(live, { waitedMs, unmovedMs });
      if (verdict.kind !== 'waiting') unmoved.forget(key);
      const text = 'text' in verdict ? `${live.kind} ${live.metadata.name}: ${verdict.text}` : '';
      if (verdict.kind === 'failed') return { kind: 'failed', text };
      if (verdict.kind === 'waiting') return { kind: 'wait', text, seconds: GATE_SECONDS };
      countIn(counts, lane, index, live as Manifest);
    }
    return unseen(lane.cluster, counts, scene, traffic);
  };
  const gate = async (doing: Doing): Promise<Outcome> => {
    const { job, scene } = doing;
    const still = await open(doing);
    const { deadlineSeconds } = job.plan.strategy;
    if (!still) return { kind: 'done', text: 'all is as it is to be' };
    const isLate = deadlineSeconds !== undefined && scene.waitedMs > deadlineSeconds * 1000;
    if (still.kind !== 'wait' || !isLate) return still;
    return { kind: 'failed', text: `${still.text} after ${deadlineSeconds} s` };
  };
  /** Without a deadline: nothing lies behind it but a person. */
  const gateAgain = async (doing: Doing): Promise<Outcome> =>
    (await open(doing)) ?? { kind: 'done', text: 'all is as it was' };

  const doingOf = (job: FanoutJob, step: string, scene: Scene): Doing => {
    const name = readStep(step);
    const lane = lanesOf(job.plan).find(({ id }) => id === name.lane);
    return { job, name, scene, lane: lane ?? NO_LANE };
  };

  return {
    kind: FANOUT,
    next: nextOfFanout,
    async prepare(job, step, scene) {
      const doing = doingOf(job, step, scene);
      const closed = isFirst(doing) && isClosed(job.plan.strategy.closedHours, parts.wall());
      if (closed) return { kind: 'wait', text: `closed: ${closed}`, seconds: CLOSED_SECONDS };
      if (doing.name.verb === 'apply') {
        const turn = mayLower(job, doing.lane, { ...scene, entry: doing.name.entry }, traffic);
        if (turn) return turn;
        const entry = entryOf(doing);
        const earlier = earlierOf(job.steps[step]);
        const read = async () => {
          const writer = await writerFor(job, entry.cluster);
          return prepareWrite({ entry, fanout: job.plan.name, earlier, writer });
        };
        return await named(entry, prepared(scene, read));
      }
      return doing.name.verb === 'undo' ? prepareUndo(entryOf(doing)) : { text: step, objects: [] };
    },
    act: (job, step: StepRecord, scene) => {
      const doing = doingOf(job, step.id, scene);
      return acts[doing.name.verb](doing);
    },
  };
}

function markingOf(job: FanoutJob, entry: Entry): Marking {
  const { cluster } = entry;
  const { namespace } = refOfEntry(entry);
  const here = () => job.plan.entries.filter((one) => one.cluster === cluster).map(refOfEntry);
  return { job, cluster, namespace, writes: here };
}

const NO_LANE: Lane = { id: '', cluster: '', writes: [], holds: [] };

/** A step’s name is by its entry’s number: its text says which object that is. */
async function named<Said extends Intent | Outcome>(
  entry: Entry,
  said: Promise<Said>,
): Promise<Said> {
  const told = await said;
  const object = shownRef(refOfEntry(entry));
  return told.text.includes(object) ? told : { ...told, text: `${object}: ${told.text}` };
}

async function prepared(scene: Scene, read: () => Promise<Intent>): Promise<Intent | Outcome> {
  let intent: Intent | undefined;
  const outcome = await patiently(scene, async () => {
    intent = await read();
    return { kind: 'done', text: '' };
  });
  return intent ?? outcome;
}

/** With which a lane begins: what is under way is not stopped by the hour. */
function isFirst({ name, lane }: Doing): boolean {
  const [first] = lane.writes;
  if (lane.holds.length > 0) return name.verb === 'hold';
  return name.verb === 'apply' && name.entry === first;
}
