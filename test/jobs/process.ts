// A process that runs jobs, and dies when a test says so; and what it takes to follow one.

import { type Clock, systemClock } from '../../src/clock.ts';
import type { Lease } from '../../src/edges/store.ts';
import { createJobs, type JobParts, type Jobs } from '../../src/jobs/jobs.ts';
import type { Draft } from '../../src/jobs/record.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { memoryWakes } from '../../src/jobs/memory-wakes.ts';
import type { Trace, TracedPlaces } from '../../src/jobs/traces.ts';
import type { Job } from '../../src/jobs/record.ts';
import type { Wakes } from '../../src/jobs/wakes.ts';
import { until } from '../controlplane/until.ts';
import { live, type Life } from './mortal.ts';
import { fenceIn, toyKind, type ToyPlan, type World } from './toy.ts';

interface Parts {
  readonly journal: JobJournal;
  readonly life?: Life;
  readonly traces?: () => readonly Trace[];
  readonly wakes?: Wakes;
  /** Absent: the one on the wall. */
  readonly clock?: Clock;
  readonly changed?: JobParts['changed'];
  readonly places?: TracedPlaces;
}

/** Of jobs that have nothing in clusters. */
export const NO_PLACES: TracedPlaces = {
  clusters: () => [],
  look: async () => [],
  clear: async () => undefined,
};

export interface ProcessParts extends Parts {
  readonly world: World;
  readonly kinds?: (world: World) => readonly JobKind[];
}

export interface Process extends Jobs {
  readonly notes: string[];
  readonly errors: unknown[];
}

/** Of toys. */
export function startProcess({ world, kinds, ...parts }: ProcessParts): Process {
  const { life = live() } = parts;
  const mine = life.of('world', world);
  const own = kinds ?? ((its: World) => [toyKind(its) as JobKind]);
  return startJobs({ ...parts, life }, own(mine), fenceIn(mine));
}

export function startJobs(
  { life = live(), traces = () => [], journal, places = NO_PLACES, ...own }: Parts,
  kinds: readonly JobKind[],
  fence: JobParts['fence'],
): Process {
  const { wakes, changed } = own;
  const notes: string[] = [];
  const errors: unknown[] = [];
  const { now, sleep } = own.clock ?? systemClock;
  const sleepOn = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await sleep(ms, signal);
    // A dead process does not wake up.
    if (life.isDead) await new Promise(() => undefined);
  };
  const clock = { now, sleep: sleepOn };
  const jobs = createJobs({
    journal: life.of('journal', journal),
    kinds,
    wakes: wakes ?? memoryWakes(clock),
    clock,
    wall: () => new Date(1000),
    random: Math.random,
    fence,
    traces,
    places,
    note: ({ id }, text) => notes.push(`${id}: ${text}`),
    changed: (job, before) => changed?.(job, before),
    unexpected: (error) => errors.push(error),
  });
  return { ...jobs, notes, errors };
}

export const PLAN: ToyPlan = { objects: ['a', 'b', 'c'], value: 'new', atOnce: 2 };

export const draftOf = (plan: ToyPlan = PLAN, own: Partial<Draft> = {}): Draft => ({
  kind: 'toy',
  name: 'toy',
  apps: ['shop'],
  clusters: ['east'],
  plan,
  planDigest: 'd',
  who: 'ann',
  ...own,
});

/** Serves, once it has taken the jobs in. */
export async function serve(process: Process, lease: Lease): Promise<() => Promise<void>> {
  const stop = process.serve(lease);
  await until('it runs jobs', async () => {
    await process.command('nobody', { name: 'pause', who: 'x' }).catch((error: Error) => {
      if (!error.message.includes('no job nobody')) throw error;
    });
    return true;
  });
  return stop;
}

export async function untilState(
  journal: JobJournal,
  id: string,
  ...states: readonly Job['state'][]
): Promise<Job> {
  return until(`${id} is ${states.join(' or ')}`, async () => {
    const job = await journal.read(id);
    if (job && states.includes(job.state)) return job;
    throw new Error(`${job?.state} ${job?.why}`);
  });
}
