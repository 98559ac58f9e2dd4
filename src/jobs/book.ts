// The jobs of one term, in memory as they stand in the journal: whoever leads is the only one who writes.
//
// Comes in: changes, each made from the job as it stands at its turn. Goes out: jobs. On failure: TermOver,
// whether the journal refused or gave no answer: then this book is worth nothing, and the journal is read
// anew. What this process knows of a job outlives the term in `memory`, for trust.ts.

import type { Lease } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import { changed, headOf, lockOf, type Change } from './change.ts';
import type { JobJournal, JournalRefusal } from './journal.ts';
import type { Job } from './record.ts';
import type { Remembered } from './trust.ts';

/** Nothing may be written any more by whoever meets it. */
export class TermOver extends Error {}

/** Throws where it does not hold any more, or nobody knows. */
export async function checkLease(journal: Pick<JobJournal, 'check'>, lease: Lease): Promise<void> {
  const refused = await journal.check(lease).catch((cause: unknown) => {
    throw new TermOver(String(cause), { cause });
  });
  if (refused) throw refusalOf(refused);
}

export interface JobBook {
  get(id: string): Job | undefined;
  all(): readonly Job[];
  /** As the journal has it. */
  take(job: Job): void;
  /** A new one, or one that Redis has lost. Throws `app-locked`. */
  add(job: Job, change: Change): Promise<Job>;
  /** Undefined from `make`: no change. */
  update(id: string, make: (job: Job) => Change | undefined): Promise<Job>;
  /** All of a job, over what stands at `basis`. It is remembered only once that is written. */
  restore(job: Job, change: Change, basis: number): Promise<Job>;
  forget(id: string): Promise<void>;
}

export interface BookParts {
  readonly journal: JobJournal;
  readonly memory: Map<string, Remembered>;
  /** `before`: as this book had it, if it did. */
  readonly changed: (job: Job, before: Job | undefined) => void;
}

export function openBook({ journal, memory, changed: tell }: BookParts, lease: Lease): JobBook {
  const jobs = new Map<string, Job>();
  const queues = new Map<string, Promise<unknown>>();

  const keep = (job: Job): void => {
    const before = jobs.get(job.id);
    jobs.set(job.id, job);
    memory.set(job.id, { job, term: lease.term });
    tell(job, before);
  };
  const write = async (
    job: Job,
    change: Change,
    how: { readonly basis: number; readonly isNew: boolean; readonly isWhole: boolean },
  ): Promise<Job> => {
    const next = changed(job, change, lease);
    const known = memory.get(job.id);
    // What was only read is not remembered by it: it may be what Redis was put back to.
    const pending = { job: next, term: lease.term };
    memory.set(job.id, { ...(known ?? pending), pending });
    const head = headOf(next);
    const { basis, isNew, isWhole } = how;
    const refused = await journal
      .put(lease, {
        head,
        basis,
        steps: isNew ? Object.values(next.steps) : (change.steps ?? []),
        lock: isNew ? 'take' : lockOf(job, head),
        ...(isWhole && { plan: job.plan }),
      })
      .catch((cause: unknown) => {
        throw new TermOver(`the journal gives no answer: ${String(cause)}`, { cause });
      });
    if (refused) {
      if (known) memory.set(job.id, known);
      else memory.delete(job.id);
      throw refusalOf(refused);
    }
    keep(next);
    return next;
  };
  /** One after the other: each is made from what the one before it wrote. */
  const inTurn = async <T>(id: string, act: () => Promise<T>): Promise<T> => {
    const before = queues.get(id) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(act);
    queues.set(id, mine);
    return mine;
  };

  return {
    get: (id) => jobs.get(id),
    all: () => [...jobs.values()],
    take: keep,
    add: (job, change) =>
      inTurn(job.id, () => write(job, change, { basis: 0, isNew: true, isWhole: true })),
    update: (id, make) =>
      inTurn(id, async () => {
        const job = jobs.get(id);
        if (!job) throw new BallastError('job-unknown', `no job ${id}`);
        const change = make(job);
        if (!change) return job;
        return write(job, change, { basis: job.revision, isNew: false, isWhole: false });
      }),
    restore: (job, change, basis) =>
      inTurn(job.id, () => write(job, change, { basis, isNew: false, isWhole: true })),
    forget: (id) =>
      inTurn(id, async () => {
        const job = jobs.get(id);
        if (!job) return;
        const refused = await journal.drop(lease, headOf(job));
        if (refused) throw refusalOf(refused);
        jobs.delete(id);
        memory.delete(id);
      }),
  };
}

function refusalOf({ refused, detail }: JournalRefusal): Error {
  if (refused === 'app-locked') {
    const [app, job] = detail.split(' ');
    return new BallastError('app-locked', `${app} is locked by job ${job}`);
  }
  return new TermOver(`${refused} ${detail}`);
}
