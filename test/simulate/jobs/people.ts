// People who release, and say things to jobs; and one who tries to lift what a job holds.
//
// Comes in: what they want. Goes out: words to whoever leads. On failure: a release is tried for a while;
// of a word whose outcome nobody knows they expect nothing.

import { BallastError } from '../../../src/errors.ts';
import type { CommandName } from '../../../src/jobs/commands.ts';
import { isFinal, type JobHead } from '../../../src/jobs/record.ts';
import { liftHold } from '../../../src/words/of-holds.ts';
import { EDGES, type Move, type Release } from '../actions.ts';
import type { SimulatedController } from '../controllers.ts';
import { leaderOf } from '../people.ts';
import type { Time } from '../time.ts';
import type { SimulatedObjects } from './objects.ts';
import { draftFor } from './releases.ts';
import type { JobWatch } from './watch.ts';

const AGAIN_MS = 400;
const PATIENCE_MS = 10_000;

export interface JobPeopleParts {
  readonly controllers: readonly SimulatedController[];
  readonly objects: readonly SimulatedObjects[];
  readonly watch: JobWatch;
  readonly told: (text: string) => void;
  readonly random: () => number;
}

export class JobPeople {
  readonly #time: Time;
  readonly #parts: JobPeopleParts;

  constructor(time: Time, parts: JobPeopleParts) {
    this.#time = time;
    this.#parts = parts;
  }

  release(release: Release, spent = 0): void {
    if (spent > PATIENCE_MS) return;
    const { told, objects } = this.#parts;
    const again = (): void => {
      this.#time.after(AGAIN_MS, () => this.release(release, spent + AGAIN_MS));
    };
    const jobs = this.#leader()?.jobs;
    if (!jobs) return again();
    let draft;
    try {
      draft = draftFor(release, objects);
    } catch (error) {
      return told(`nothing to release: ${String(error)}`);
    }
    jobs.create(draft).then(
      ({ id }) => told(`job ${id} is made`),
      (error: unknown) => {
        told(`no job: ${String(error)}`);
        if (error instanceof BallastError && error.code === 'not-leader') again();
      },
    );
  }

  move(move: Move, spent = 0): void {
    if (spent > PATIENCE_MS) return;
    const { told } = this.#parts;
    const again = (): void => {
      this.#time.after(AGAIN_MS, () => this.move(move, spent + AGAIN_MS));
    };
    const jobs = this.#leader()?.jobs;
    if (!jobs) return again();
    const begin = async (): Promise<string> => {
      const draft = await jobs.draftMove(move);
      return draft ? `job ${(await jobs.create(draft)).id} is made` : 'nothing to move';
    };
    begin().then(told, (error: unknown) => {
      told(`no move: ${String(error)}`);
      if (error instanceof BallastError && error.code === 'not-leader') again();
    });
  }

  /** To the newest that is not at its end. */
  say(name: CommandName): void {
    const jobs = this.#leader()?.jobs;
    const open = (jobs?.known() ?? []).filter((head) => !isFinal(head));
    const job = open.toSorted((a, b) => b.begun.at - a.begun.at)[0];
    if (job) this.#command(job, name);
  }

  /** Each that waits for a person hears something that fits. */
  answerAll(): void {
    for (const job of this.#leader()?.jobs?.known() ?? []) {
      const fit = FIT[job.state];
      if (!fit) continue;
      const name = fit[Math.floor(this.#parts.random() * fit.length)];
      if (name) this.#command(job, name);
    }
  }

  /** As whoever leads tells it. */
  waits(job: string): readonly string[] {
    return this.#leader()?.jobs?.waits(job) ?? [];
  }

  /** They look at the list of edges. */
  confirmEdges(): void {
    const { told } = this.#parts;
    const jobs = this.#leader()?.jobs;
    if (!jobs) return;
    jobs.confirmEdges('ann', EDGES).then(
      () => told('ann confirmed the edges'),
      (error: unknown) => told(`no confirmation: ${String(error)}`),
    );
  }

  /** It is refused: R12. */
  liftOfJob(): void {
    const { told } = this.#parts;
    const { controller } = this.#leader() ?? {};
    const held = controller?.published()?.held.holds.find(({ job }) => job !== undefined);
    if (!controller || !held) return;
    controller.say(liftHold('ann', held.id)).then(
      () => told(`ann lifted ${held.id}`),
      (error: unknown) => told(`ann may not lift ${held.id}: ${String(error)}`),
    );
  }

  #command({ id }: JobHead, name: CommandName): void {
    const { told, watch } = this.#parts;
    const jobs = this.#leader()?.jobs;
    if (!jobs) return;
    if (LETS_ON.has(name)) watch.said(id);
    jobs.command(id, { name, who: 'ann' }).then(
      () => told(`ann said ${name} to ${id}`),
      (error: unknown) => told(`${name} to ${id} is refused: ${String(error)}`),
    );
  }

  #leader(): SimulatedController | undefined {
    return leaderOf(this.#parts.controllers, this.#time.now);
  }
}

const LETS_ON: ReadonlySet<CommandName> = new Set(['retry', 'skip', 'abort']);

const FIT: Readonly<Partial<Record<JobHead['state'], readonly CommandName[]>>> = {
  Paused: ['resume', 'retry', 'abort', 'abort', 'skip'],
  Blocked: ['retry', 'abort', 'abort'],
  WaitingApproval: ['approve', 'abort'],
};
