// Jobs: work on clusters that takes its time, done by the leader alone, step by step, in a way that a
// runner may be killed at any point and the next one goes on without writing anything twice.
//
// Comes in: a lease for as long as this controller leads; new jobs; what people say to them. Goes out: the
// journal, and what the steps of a job's kind do. On failure: where the journal refuses or gives no answer
// everything stops, is read anew, and goes on only where it can be trusted (trust.ts); else the job is
// Blocked, keeps its holds, and waits for a person.
//
//     kind.ts      what a kind of job brings along: a pure next step, and the acts
//     journal.ts   where it is on record: redis-journal.ts, memory-journal.ts
//     wakes.ts     who wakes the runner: bull-wakes.ts, memory-wakes.ts
//     book.ts      the jobs of this term, as the journal has them
//     work.ts      one job: intent, act, result
//     confirmed.ts whether a person has confirmed the list of edges (R12)
//     recover.ts   what of the journal may be gone on with, when a term begins (R12)
//     search.ts    jobs by what they have in clusters for their own sake (traces.ts, found.ts)
//     marks.ts     by what it is found again   clear.ts  what it had in clusters goes, at its end
//     drive.ts     one look at a job at a time, and the next wake
//     commands.ts  pause, resume, abort, retry, skip, approve

import type { Lease } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import { openBook, TermOver, type BookParts, type JobBook } from './book.ts';
import { headOf } from './change.ts';
import { obey, type Command } from './commands.ts';
import { drive } from './drive.ts';
import { isFinal, newJob, type Draft, type Job, type JobHead } from './record.ts';
import { findLost, forgetOld, recover, type RecoverParts } from './recover.ts';
import { search, type SearchParts } from './search.ts';
import type { Trace } from './traces.ts';
import type { Remembered } from './trust.ts';
import type { Wakes } from './wakes.ts';
import { createWork, type Work, type WorkParts } from './work.ts';

export interface JobParts extends WorkParts, RecoverParts, SearchParts {
  readonly wakes: Wakes;
  readonly random: () => number;
  readonly changed: BookParts['changed'];
}

export interface Jobs {
  /**
   * Runs them under this lease, until what it returns is called; that waits for acts under way. A next
   * one begins behind the end of the one before.
   */
  serve(lease: Lease): () => Promise<void>;
  /** As last seen, without asking: of this process where it leads, else of the journal now and then. */
  known(): readonly JobHead[];
  /** Looks at the journal while another leads. */
  follow(signal: AbortSignal): Promise<void>;
  create(draft: Draft, staging?: Staging): Promise<Job>;
  command(id: string, command: Omit<Command, 'said'> & { readonly who: string }): Promise<Job>;
  /** Somebody has looked at the list of edges, and it is whole. */
  confirmEdges(who: string, edges: readonly string[]): Promise<void>;
  /** As the journal has them, whoever leads; the newest first. */
  heads(): Promise<readonly JobHead[]>;
  read(id: string): Promise<Job | undefined>;
  /** What a step waits for, where this one leads. */
  waitsFor(id: string, step: string): string | undefined;
  /** The same of all steps of a job that goes on. */
  waits(id: string): readonly string[];
}

/** What has to be in clusters before a job is on record. */
export interface Staging {
  put(job: string): Promise<void>;
  /** Where it does not come to be one. */
  drop(job: string): Promise<void>;
}

/** Every job is looked at so often, whether a wake was lost or not. */
const LOOK_MS = 15_000;
const RETRY_MS = 500;
const FOLLOW_MS = 2000;

interface Stint {
  readonly lease: Lease;
  readonly book: JobBook;
  readonly work: Work;
  readonly look: (id: string) => void;
}

export function createJobs(parts: JobParts): Jobs {
  const { journal, clock, wakes } = parts;
  const memory = new Map<string, Remembered>();
  /** Not on record yet. */
  const making = new Set<string>();
  let stint: Stint | undefined;
  let seen: readonly JobHead[] = [];
  let last: Promise<void> = Promise.resolve();

  const leading = (): Stint => {
    if (!stint) throw new BallastError('not-leader', 'this controller runs no jobs now');
    return stint;
  };

  /** From the journal to the first trouble, or the end of the term. */
  const serveOnce = async (lease: Lease, over: AbortSignal): Promise<void> => {
    const trouble = new AbortController();
    const until = AbortSignal.any([over, trouble.signal]);
    const book = openBook({ journal, memory, changed: parts.changed }, lease);
    await recover(parts, { book, memory, lease });
    const work = createWork(parts, book, lease);
    const drives = drive({ work, wakes, clock, until, trouble: () => trouble.abort() });
    stint = { lease, book, work, look: drives.look };
    const silence = wakes.listen(drives.woken);
    // Not waited for: a silent cluster would keep the next term waiting.
    const seen: Trace[] = [];
    const searching = { book, lease, making, until, seen: (one: Trace) => void seen.push(one) };
    search(parts, searching).catch(() => trouble.abort());
    try {
      while (!until.aborted) {
        await findLost(parts, book, [...parts.traces(), ...seen.splice(0)]);
        for (const job of book.all()) if (!isFinal(job)) drives.look(job.id);
        await clock.sleep(LOOK_MS, until);
      }
    } finally {
      stint = undefined;
      trouble.abort();
      await Promise.all([silence().catch(() => undefined), drives.ended()]);
    }
  };

  const isOneWay = (job: Job): boolean =>
    parts.kinds.find(({ kind }) => kind === job.kind)?.isOneWay?.(job as never) === true;
  /** What is staged stays where nobody knows whether the job is on record. */
  const staged = async (
    id: string,
    staging: Staging | undefined,
    add: () => Promise<Job>,
  ): Promise<Job> => {
    making.add(id);
    try {
      await staging?.put(id);
      return await add();
    } catch (error) {
      const isUnknown = error instanceof BallastError && error.code === 'lost-term';
      if (!isUnknown) await staging?.drop(id).catch(() => undefined);
      throw error;
    } finally {
      making.delete(id);
    }
  };

  return {
    serve(lease) {
      const over = new AbortController();
      const before = last;
      const run = async (): Promise<void> => {
        await before;
        while (!over.signal.aborted) {
          await serveOnce(lease, over.signal).catch((error: unknown) => {
            const isUsual = error instanceof TermOver || error instanceof BallastError;
            if (!isUsual) parts.unexpected(error);
          });
          await clock.sleep(RETRY_MS, over.signal);
        }
      };
      last = run();
      const ended = last;
      return async () => {
        over.abort();
        await ended;
      };
    },
    known: () => (stint ? stint.book.all().map(headOf) : seen),
    async follow(signal) {
      while (!signal.aborted) {
        // Redis is away: what was seen last stays.
        if (!stint) seen = await journal.heads().catch(() => seen);
        await clock.sleep(FOLLOW_MS, signal);
      }
    },
    async create(draft, staging) {
      const { book, look } = leading();
      const { who } = draft;
      const id = `${draft.name}-${newPart(parts.random)}`;
      const job = newJob(draft, { id, at: parts.wall().getTime() });
      const made = await staged(id, staging, () =>
        asSpoken(async () => {
          await forgetOld(book);
          return book.add(job, {});
        }),
      );
      parts.note(made, `created by ${who}`);
      look(made.id);
      return made;
    },
    async command(id, { who, ...command }) {
      const { book, look } = leading();
      const said = { who, at: parts.wall().getTime() };
      if (!book.get(id)) throw new BallastError('job-unknown', `no job ${id}`);
      const job = await asSpoken(() =>
        book.update(id, (now) => obey(now, { ...command, said, oneWay: isOneWay(now) })),
      );
      const what = command.step ?? command.asks;
      parts.note(job, `${command.name}${what === undefined ? '' : ` ${what}`} by ${who}`);
      look(id);
      return job;
    },
    async confirmEdges(who, edges) {
      const { lease } = leading();
      const { runId, replId } = lease;
      const at = parts.wall().getTime();
      const refused = await journal.confirm(lease, { who, at, edges, home: { runId, replId } });
      if (refused) throw new BallastError('lost-term', `${refused.refused} ${refused.detail}`);
    },
    async heads() {
      const heads = stint ? stint.book.all().map(headOf) : await journal.heads();
      return heads.toSorted((a, b) => b.begun.at - a.begun.at || (a.id < b.id ? -1 : 1));
    },
    read: async (id) => stint?.book.get(id) ?? (await journal.read(id)),
    waitsFor: (id, step) => stint?.work.waitsFor(id, step),
    waits: (id) => stint?.work.waits(id) ?? [],
  };
}

/** To a person a term that ended is no news of their own doing. */
async function asSpoken<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TermOver) throw new BallastError('lost-term', error.message);
    throw error;
  }
}

/** 36^4 for each name of a job: one that is taken already is refused by the journal. */
function newPart(random: () => number): string {
  return Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
}
