// One job, brought on as far as it goes: intent, act, result.
//
// Comes in: a job's id. Goes out: in how many milliseconds to look again; undefined where it rests until
// somebody speaks. On failure: a step's failure is a result like others, and what follows from it is the
// kind's word. TermOver passes through: nothing is written then, and the step stays open for a successor.
//
//     intent   stored before the act, under the fence; a predecessor's is taken over only when each object
//              that it names carries our term: a write that is still under way then fails
//     act      looks first, and does only what is not done
//     result   stored when it is proved

import type { Clock } from '../clock.ts';
import { BallastError } from '../errors.ts';
import type { Lease } from '../edges/store.ts';
import { checkLease, TermOver, type JobBook } from './book.ts';
import { unconfirmed } from './confirmed.ts';
import type { JobJournal } from './journal.ts';
import type { Failure, JobKind, Next, Outcome, Scene } from './kind.ts';
import {
  isFinal,
  isOpen,
  NOT_BEGUN,
  placeOf,
  resultOf,
  type Intent,
  type Job,
  type PlacedObject,
  type StepRecord,
  type StepResult,
} from './record.ts';
import { createWaits, keyOf } from './waits.ts';

export interface WorkParts {
  readonly journal: JobJournal;
  readonly kinds: readonly JobKind[];
  readonly clock: Clock;
  /** Writes the fence of a job into an object, where it is there; throws where that is not known. */
  readonly fence: (object: PlacedObject, fence: Fence) => Promise<void>;
  readonly note: (job: Job, text: string) => void;
  readonly unexpected: (error: unknown) => void;
}

export interface Fence {
  readonly job: string;
  readonly term: number;
}

export interface Work {
  look(id: string): Promise<number | undefined>;
  /** What a step waits for. */
  waitsFor(id: string, step: string): string | undefined;
  /** The same of all steps of a job that goes on. */
  waits(id: string): readonly string[];
}

/** Until something that failed by itself is tried again. */
const AGAIN_SECONDS = 1;
const UNREACHED_SECONDS = 5;
/** Where the term ends under them, nobody knows yet whether it was done. */
const UNKNOWN = new Set(['lost-term', 'not-leader', 'redis-unavailable', 'word-lost']);

export function createWork(parts: WorkParts, book: JobBook, lease: Lease): Work {
  const { journal, clock } = parts;
  const { term } = lease;
  const begun = new Map<string, number>();
  const waits = createWaits();

  const sceneOf = (job: Job, key: string): Scene => {
    const first = begun.get(key) ?? clock.now();
    begun.set(key, first);
    return {
      term,
      waitedMs: clock.now() - first,
      note: (text) => parts.note(job, text),
      check: () => checkLease(journal, lease),
      unconfirmed: () => unconfirmed(journal, lease),
      jobs: () => book.all(),
    };
  };

  const kindOf = ({ kind }: Job): JobKind | undefined =>
    parts.kinds.find((one) => one.kind === kind);

  /** Undefined: its objects are fenced. */
  const fenceAll = async (job: Job, { intent, id }: StepRecord): Promise<number | undefined> => {
    try {
      await Promise.all(intent.objects.map((one) => parts.fence(one, { job: job.id, term })));
      return undefined;
    } catch (error) {
      const text = `what it may have written cannot be fenced: ${messageOf(error)}`;
      return waits.put(job, id, { kind: 'wait', text, seconds: UNREACHED_SECONDS });
    }
  };

  /** Of what is given up on the way back; a predecessor's is known as that, for it may still come. */
  const leave = async (id: string, step: StepRecord): Promise<number | undefined> => {
    const job = book.get(id);
    const ours = job && (await (step.fence === term ? fenceAll(job, step) : takeOver(job, step)));
    if (typeof ours === 'number') return ours;
    await finish(id, step, { kind: 'left', text: 'given up half-way' });
    return undefined;
  };

  const finish = async (id: string, step: StepRecord, result: StepResult): Promise<void> => {
    const isUnheard = waits.end({ id }, step.id) && result.kind !== 'done';
    await book.update(id, ({ steps }) => {
      const now = steps[step.id];
      // A person may have skipped it meanwhile.
      const isMine = isOpen(now) && now.attempt === step.attempt;
      if (!isMine) return undefined;
      return { steps: [{ ...now, ...(isUnheard && { taken: true }), result }] };
    });
  };

  const fail = async (id: string, step: StepRecord, { text, unheard }: Failure): Promise<void> => {
    if (unheard) waits.doubt({ id }, step.id);
    await finish(id, step, { kind: 'failed', text });
  };

  const block = (id: string, blocked: string): Promise<Job> =>
    book.update(id, (job) => ({ head: { ...job, blocked } }));

  const begin = async (
    job: Job,
    kind: JobKind,
    id: string,
  ): Promise<number | StepRecord | undefined> => {
    const place = placeOf(job, id);
    const scene = sceneOf(job, `${keyOf(job, id)} ${place.attempt}`);
    const found = await attempted(() => kind.prepare(job as never, id, scene));
    if ('seconds' in found) return waits.put(job, id, found);
    if ('kind' in found && found.kind === 'blocked') {
      await block(job.id, `${id}: ${found.text}`);
      return undefined;
    }
    const failed = 'kind' in found ? found : undefined;
    const intent = 'kind' in found ? unbegun(job.steps[id]) : found;
    const step: StepRecord = {
      id,
      ...place,
      fence: term,
      intent,
      ...(failed && { result: { kind: 'failed', text: failed.text } }),
    };
    await book.update(job.id, () => ({ steps: [step] }));
    return failed ? undefined : step;
  };

  /** What a predecessor left open is ours once it can no longer write. */
  const takeOver = async (job: Job, step: StepRecord): Promise<number | StepRecord> => {
    const wait = await fenceAll(job, step);
    if (wait !== undefined) return wait;
    const ours: StepRecord = { ...step, fence: term, taken: true };
    await book.update(job.id, () => ({ steps: [ours] }));
    return ours;
  };

  const ready = async (
    job: Job,
    kind: JobKind,
    id: string,
  ): Promise<number | StepRecord | undefined> => {
    const open = job.steps[id];
    if (!isOpen(open)) return begin(job, kind, id);
    return open.fence === term ? open : takeOver(job, open);
  };

  const attempted = async <T>(act: () => Promise<T>): Promise<T | Outcome> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof TermOver) throw error;
      const text = messageOf(error);
      if (error instanceof BallastError && UNKNOWN.has(error.code)) {
        return { kind: 'wait', text, seconds: AGAIN_SECONDS };
      }
      if (!(error instanceof BallastError)) parts.unexpected(error);
      return { kind: 'failed', text };
    }
  };

  /** Milliseconds until it is asked again; undefined: something moved. */
  const act = async (
    kind: JobKind,
    id: string,
    record: StepRecord,
  ): Promise<number | undefined> => {
    const job = book.get(id);
    // Said meanwhile, as a pause or an abort: the intent stays, and nothing is written.
    if (!job || !nextOf(job).run.includes(record.id)) return undefined;
    const key = keyOf(job, record.id);
    const scene = sceneOf(job, `${key} ${record.attempt}`);
    const outcome = await attempted(() => kind.act(job as never, record, scene));
    if (outcome.kind === 'wait') return waits.put(job, record.id, outcome);
    if (outcome.kind === 'blocked') await block(id, `${record.id}: ${outcome.text}`);
    else if (outcome.kind === 'failed') await fail(id, record, outcome);
    else await finish(id, record, { ...outcome, kind: outcome.kind });
    return undefined;
  };

  const step = async (id: string, name: string): Promise<number | undefined> => {
    const job = book.get(id);
    const kind = job && kindOf(job);
    if (!job || !kind) return undefined;
    const record = await ready(job, kind, name);
    return typeof record === 'object' ? act(kind, id, record) : record;
  };

  const nextOf = (job: Job): Next => {
    const { blocked, paused } = job;
    if (blocked !== undefined) return { state: 'Blocked', why: blocked, run: [] };
    if (paused) return { state: 'Paused', why: `by ${paused.who}`, run: [] };
    const kind = kindOf(job);
    if (!kind) return { state: 'Blocked', why: `nobody knows jobs of kind ${job.kind}`, run: [] };
    try {
      const next = kind.next(job as never);
      const done = next.run.find((name) => resultOf(job, name) !== undefined);
      if (done === undefined) return next;
      throw new Error(`step ${done} would be done twice`);
    } catch (error) {
      parts.unexpected(error);
      return { state: 'Blocked', why: messageOf(error), run: [] };
    }
  };

  const tell = async (id: string, next: Next): Promise<void> => {
    await book.update(id, (job) => {
      const { state, why = '', asks: what } = waits.asked(job, next);
      if (job.state === state && job.why === why && job.asks === what) return undefined;
      const { asks: _, ...rest } = job;
      return { head: { ...rest, state, why, ...(what !== undefined && { asks: what }) } };
    });
  };

  /** Steps that are still open where the way leads back, or ends. */
  const leftBy = (job: Job, { state, run }: Next): StepRecord[] => {
    if (state !== 'RollingBack' && !isFinal({ state })) return [];
    return Object.values(job.steps).filter((one) => isOpen(one) && !run.includes(one.id));
  };

  return {
    waitsFor: (id, name) => waits.of({ id }, name),
    waits(id) {
      const job = book.get(id);
      return job ? waits.all(job) : [];
    },
    async look(id) {
      for (;;) {
        const job = book.get(id);
        if (!job || isFinal(job) || job.unreadable) return undefined;
        const next = nextOf(job);
        const left = await allOf(leftBy(job, next).map((one) => leave(id, one)));
        const unfenced = left.filter((ms) => ms !== undefined);
        // Nothing is taken back as long as a write may still be under way.
        if (unfenced.length > 0) return Math.min(...unfenced);
        await tell(id, next);
        if (next.run.length === 0) {
          if (left.length === 0) return undefined;
          continue;
        }
        const all = await allOf(next.run.map((name) => step(id, name)));
        const waiting = all.filter((ms) => ms !== undefined);
        if (waiting.length < all.length) continue;
        await tell(id, next);
        return Math.min(...waiting);
      }
    },
  };
}

/** What an earlier attempt was about to write stays on record: it may have been written. */
function unbegun(before: StepRecord | undefined): Intent {
  return before?.intent ?? { text: NOT_BEGUN, objects: [] };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** None is left running behind the failure of another. */
async function allOf<T>(acts: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(acts);
  return Promise.all(acts);
}
