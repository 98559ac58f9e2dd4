// What must hold of jobs after every step, whatever happens.
//
// Comes in: every entry that the journal took, every write that a cluster took, every commit, what people
// said. Goes out: sentences of what is wrong. What it knows of a job it knows from entries; of how Ballast
// keeps its word it knows nothing.

import type { Entry } from '../../../src/jobs/journal.ts';
import {
  isFinal,
  isOpen,
  type Job,
  type JobHead,
  type StepRecord,
} from '../../../src/jobs/record.ts';
import type { Hold } from '../../../src/model.ts';
import type { Process } from '../time.ts';

export interface JobWatchParts {
  readonly now: () => number;
  readonly tell: (text: string) => void;
  /** Of a kind: what opening a step lets go of; a prefix of ids of holds. */
  readonly lifts: (job: Job, step: string) => string | undefined;
  readonly holds: (job: Job, step: string) => string | undefined;
}

/** In the end. */
interface Left {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly held: readonly Hold[];
  /** What the steps of a job wait for. */
  readonly waits: (job: string) => readonly string[];
}

/** A call may come so late. */
export const LATE_MS = 9000;

export class JobWatch {
  readonly #parts: JobWatchParts;
  /** Every job that was ever on record, as it last was, wherever that was. */
  readonly #jobs = new Map<string, Job>();
  /** By process and job: what it last wrote of it, or read where it could be trusted. */
  readonly #tips = new WeakMap<Process, Map<string, string>>();
  /** The same, of what it had an answer to: a write without one stands or it does not. */
  readonly #answered = new WeakMap<Process, Map<string, string>>();
  /** Beginnings of ids of holds that their job has begun to give back. */
  readonly #lifting = new Set<string>();
  /** What a person said last, until it is done. */
  readonly #said = new Set<string>();
  /** Steps of a job that were begun while it was paused or blocked. */
  readonly #resting = new Map<string, readonly string[]>();
  readonly #confirmed = new Set<string>();
  /** Since when each Redis is the one. */
  #here: readonly { readonly id: string; readonly since: number }[] = [];

  constructor(parts: JobWatchParts) {
    this.#parts = parts;
  }

  job(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  jobs(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** A person let it go on, or took it back. */
  said(job: string): void {
    this.#said.add(job);
  }

  /** A person looked at the list of edges, with this Redis. */
  confirmed(here: string): void {
    this.#confirmed.add(here);
  }

  /** Jobs may delete; or could a moment ago. */
  mayDelete(here: string): boolean {
    const now = this.#parts.now();
    const last = this.#here.at(-1);
    if (last?.id !== here) this.#here = [...this.#here, { id: here, since: now }];
    const seen = this.#here.filter(({ since }, index) => {
      const until = this.#here[index + 1]?.since ?? now;
      return since <= now && until >= now - LATE_MS;
    });
    return seen.some(({ id }) => this.#confirmed.has(id));
  }

  /** After the journal took it. */
  entered({ head, steps, plan }: Entry, before: Job | undefined, by: Process, here: string): void {
    const known = this.#jobs.get(head.id);
    const job: Job = {
      ...head,
      plan: known?.plan ?? plan ?? before?.plan,
      steps: { ...before?.steps, ...Object.fromEntries(steps.map((one) => [one.id, one])) },
    };
    this.#checkTrust(head, before, by, here);
    this.#noteRest(head, before, steps.filter(isOpen));
    for (const { id } of steps.filter(isOpen)) {
      const given = this.#parts.lifts(job, id);
      if (given !== undefined) this.#lifting.add(given);
      const held = this.#parts.holds(job, id);
      if (held !== undefined) this.#lifting.delete(held);
    }
    this.#jobs.set(head.id, job);
    this.#remember(head, by);
  }

  /** A controller reads the journal, in this Redis. */
  read(head: JobHead, by: Process, here: string): void {
    if (homeOf(head) !== here) return;
    this.#remember(head, by);
    this.answered(head, by);
  }

  /** It knows that the journal took it. */
  answered(head: JobHead, by: Process): void {
    noteTip(this.#answered, head, by);
  }

  #remember(head: JobHead, by: Process): void {
    noteTip(this.#tips, head, by);
  }

  /** R12: on from a journal that this Redis has kept, or that its runner remembers; else it is blocked. */
  #checkTrust(head: JobHead, before: Job | undefined, by: Process, here: string): void {
    if (head.blocked !== undefined) return;
    const text = `${by.name} goes on with ${head.id}`;
    if (!before) {
      if (this.#jobs.has(head.id)) this.#parts.tell(`${text}, whose journal Redis has lost`);
      return;
    }
    if (before.blocked !== undefined && !this.#said.delete(head.id)) {
      this.#parts.tell(`${text}, which is blocked, and nobody said so`);
    }
    const known = [this.#tips, this.#answered].map((tips) => tips.get(by)?.get(head.id));
    if (homeOf(before) === here || known.includes(before.tip)) return;
    this.#parts.tell(`${text} in another Redis, though it remembers another journal`);
  }

  /** What is begun while it rests has to wait. */
  #noteRest(head: JobHead, before: Job | undefined, open: readonly StepRecord[]): void {
    if (!head.paused && head.blocked === undefined) {
      this.#resting.delete(head.id);
      return;
    }
    if (!before?.paused && before?.blocked === undefined) return;
    const begun = open.filter(({ id }) => !isOpen(before?.steps[id])).map(({ id }) => id);
    const known = this.#resting.get(head.id) ?? [];
    this.#resting.set(head.id, [...known, ...begun]);
  }

  /** A step is about to be done. */
  acted(job: string, step: string): void {
    const rests = this.#resting.get(job)?.includes(step);
    if (rests) this.#parts.tell(`${job} does ${step}, though it rests`);
  }

  /** Holds that a commit ended: a job's only by itself. */
  gone(holds: readonly Hold[], by: string): void {
    for (const { id, job } of holds) {
      if (job === undefined) continue;
      const isGiven = [...this.#lifting].some((start) => id.startsWith(start));
      if (!isGiven) this.#parts.tell(`${by} lifted ${id}, which job ${job} holds`);
    }
  }

  /** What must be so in the end: `held`, the holds that stand; `jobs`, as the journal has them. */
  unsettled({ jobs, held, waits }: Left): string | undefined {
    for (const { id, state, why } of jobs.values()) {
      if (!RESTS.has(state) && !isFinal({ state })) {
        return `job ${id} is ${state} ${why}, and waits for ${waits(id).join('; ') || 'nothing'}`;
      }
      if (RESTS.has(state) && why === '') return `job ${id} is ${state}, and does not say why`;
    }
    const lost = held.find(({ job }) => {
      const of = job === undefined ? undefined : jobs.get(job);
      return job !== undefined && (!of || isFinal(of));
    });
    return lost && `${lost.id} is held by job ${lost.job}, which nobody runs`;
  }
}

const RESTS: ReadonlySet<Job['state']> = new Set(['Paused', 'Blocked', 'WaitingApproval']);

function noteTip(
  all: WeakMap<Process, Map<string, string>>,
  { id, tip }: JobHead,
  by: Process,
): void {
  const tips = all.get(by) ?? new Map<string, string>();
  all.set(by, tips.set(id, tip));
}

const homeOf = ({ home }: JobHead): string => `${home.runId} ${home.replId}`;
