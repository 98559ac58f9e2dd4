// What of the journal may be gone on with, when a term begins (R12).
//
// Comes in: the journal, what this process remembers, jobs that holds name. Goes out: the jobs of the
// term, those that nobody can vouch for blocked. On failure: as the journal: the term's jobs do not begin.

import type { Lease } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import { checkLease, type JobBook } from './book.ts';
import { alsoFound, FOUND, foundJob } from './found.ts';
import type { JobJournal } from './journal.ts';
import { isFinal, type Job } from './record.ts';
import type { Trace } from './traces.ts';
import { trustIn, type Remembered } from './trust.ts';

/** Finished ones that are kept. */
const KEPT = 200;

export interface RecoverParts {
  readonly journal: JobJournal;
  readonly wall: () => Date;
  readonly note: (job: Job, text: string) => void;
  /** Jobs that holds name, whatever the journal says. */
  readonly traces: () => readonly Trace[];
}

export interface Recovery {
  readonly book: JobBook;
  readonly memory: Map<string, Remembered>;
  readonly lease: Lease;
}

export async function recover(
  parts: RecoverParts,
  { book, memory, lease }: Recovery,
): Promise<void> {
  const heads = await parts.journal.heads();
  const found = await Promise.all(heads.map(({ id }) => parts.journal.read(id)));
  // Only now it is known where that was read: an old lease says nothing of what another Redis has.
  await checkLease(parts.journal, lease);
  const jobs = new Map(found.filter((job) => job !== undefined).map((job) => [job.id, job]));
  for (const id of new Set([...jobs.keys(), ...memory.keys()])) {
    const job = jobs.get(id);
    const known = memory.get(id);
    if (job && isLeftAlone(job)) leaveAlone(parts, book, job);
    else if (!job && known && isFinal(known.job)) memory.delete(id);
    else await recoverOne({ book, memory, lease }, job, id);
  }
  await forgetOld(book);
}

/** Also later in a term: an edge or a cluster that was away brings back what nobody knows. */
export async function findLost(
  { wall }: Pick<RecoverParts, 'wall'>,
  book: JobBook,
  traces: readonly Trace[],
): Promise<void> {
  for (const trace of traces) {
    const job = book.get(trace.job);
    if (!job) await addBlocked(book, foundJob(trace, wall().getTime()));
    else if (job.kind === FOUND && !isFinal(job)) {
      await book.update(trace.job, (now) => {
        const head = alsoFound(now, trace);
        return head && { head };
      });
    }
  }
}

function isLeftAlone(job: Job): boolean {
  return isFinal(job) || job.unreadable === true;
}

function leaveAlone({ note }: RecoverParts, book: JobBook, job: Job): void {
  book.take(job);
  if (!isFinal(job)) note(job, job.why);
}

/** Of those that are at their end the newest are kept. */
export async function forgetOld(book: JobBook): Promise<void> {
  const old = book.all().filter(isFinal);
  for (const { id } of old.toSorted((a, b) => b.begun.at - a.begun.at).slice(KEPT)) {
    await book.forget(id);
  }
}

/** Also where another job has taken its app meanwhile: what it holds has to be in somebody's hand. */
async function addBlocked(book: JobBook, job: Job): Promise<void> {
  try {
    await book.add(job, { head: job });
  } catch (error) {
    if (!(error instanceof BallastError) || error.code !== 'app-locked') throw error;
    const why = `${job.why}; ${error.message}`;
    await book.add(job, { head: { ...job, apps: [], why, blocked: why } });
  }
}

async function recoverOne(
  { book, memory, lease }: Recovery,
  found: Job | undefined,
  id: string,
): Promise<void> {
  const trust = trustIn(found, memory.get(id), lease);
  if (trust.kind === 'gone') {
    memory.delete(id);
    return;
  }
  if (trust.kind === 'trusted') {
    if (found) book.take(found);
    return;
  }
  const { job, why } = trust;
  const { paused: _, ...rest } = job;
  const head = { ...rest, blocked: why, state: 'Blocked', why, doubted: true } as const;
  if (!found) {
    await addBlocked(book, { ...job, ...head });
    return;
  }
  await book.restore(job, { head, steps: Object.values(job.steps) }, found.revision);
}
