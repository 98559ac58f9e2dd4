// Jobs beside a whole controller in memory: their journal, and the objects of clusters that they write.

import { systemClock } from '../../src/clock.ts';
import type { Controller } from '../../src/controller.ts';
import type { EdgeBook } from '../../src/edges/edge-book.ts';
import type { MemoryStore } from '../../src/edges/memory.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { liveTraffic } from '../../src/fanout/run/live-traffic.ts';
import { fanoutKind } from '../../src/fanout/run/run.ts';
import { submit, type Submission } from '../../src/fanout/run/submit.ts';
import type { WriterOf } from '../../src/fanout/run/writes.ts';
import { foundKind } from '../../src/jobs/found.ts';
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { openMemoryJournal, type MemoryJournal } from '../../src/jobs/memory-journal.ts';
import { memoryWakes } from '../../src/jobs/memory-wakes.ts';
import { tracedPlaces } from '../../src/jobs/traces.ts';
import { debtKind } from '../../src/migration/debts/run.ts';
import { jobsIn } from '../../src/words/of-jobs.ts';
import type { MemoryObjects } from '../jobs/memory-objects.ts';

export type Objects = ReadonlyMap<string, MemoryObjects>;

export interface MemoryRunsParts {
  readonly controller: Controller;
  readonly store: MemoryStore;
  readonly book: EdgeBook;
}

/** Kinds of jobs that a test brings along. */
export type MoreKinds = (
  parts: () => Pick<MemoryRunsParts, 'controller' | 'book'>,
) => readonly JobKind[];

export interface MemoryRuns {
  readonly jobs: Jobs;
  readonly journal: MemoryJournal;
  readonly plan: (submission: Submission) => ReturnType<typeof submit>;
  readonly writerOf: WriterOf;
}

export interface RunsOwn {
  readonly objects?: Objects | undefined;
  readonly wall?: (() => Date) | undefined;
  /** Of jobs, beside those that there are. */
  readonly kinds?: MoreKinds | undefined;
}

/** `parts` is asked for when jobs are served: the controller is made of this too. */
export function memoryRuns(
  store: MemoryStore,
  parts: () => Pick<MemoryRunsParts, 'controller' | 'book'>,
  { objects = new Map(), wall = () => new Date(0), kinds: more = () => [] }: RunsOwn = {},
): MemoryRuns {
  const clock = systemClock;
  const statistics = collectStatistics();
  const journal = openMemoryJournal(store);
  const controller: Pick<Controller, 'published' | 'facts' | 'say'> = {
    published: () => parts().controller.published(),
    facts: (app) => parts().controller.facts(app),
    say: (word) => parts().controller.say(word),
  };
  const writerOf = async (name: string) => {
    const found = objects.get(name);
    if (!found) throw new Error(`no cluster ${name}`);
    return found;
  };
  const traffic = {
    ...liveTraffic({
      controller,
      statistics,
      clock,
      book: { views: (mark, at) => parts().book.views(mark, at) },
    }),
    // No edge counts here.
    inFlight: () => 0,
  };
  const environment = 'test';
  const places = tracedPlaces({ environment, writerOf, clusters: () => [...objects.keys()] });
  const kinds = [
    fanoutKind({ environment, writerOf, places, traffic, wall }),
    // No edge counts here.
    debtKind({ controller, writerOf, unproved: () => undefined }),
    foundKind({ lift: (who, job) => traffic.lift(who, job), places }),
  ];
  const jobs = createJobs({
    journal,
    kinds: [...(kinds as unknown as readonly JobKind[]), ...more(parts)],
    wakes: memoryWakes(clock),
    clock,
    wall,
    random: () => Math.random(),
    fence: async ({ cluster, ...ref }, { term }) => {
      await (await writerOf(cluster)).fence(ref, term);
    },
    traces: () => jobsIn(controller.published()?.held.holds ?? []),
    places,
    note: ({ id, begun }, text) => {
      const line = { actor: begun.who, text: `job ${id}: ${text}` };
      void store.history.note(JSON.stringify(line)).catch(() => undefined);
    },
    changed: () => undefined,
    unexpected: (error) => {
      throw error;
    },
  });
  const face = (name: string) => ({ name, ready: true, labels: {}, zones: [], taints: [] });
  const plan = (submission: Submission) =>
    submit(submission, {
      environment,
      writerOf,
      naming: () => ({ list: [], label: 'ballast.io/app' }),
      mayWrite: (name) => objects.get(name)?.isReadOnly === false,
      hasEdges: () => parts().book.views(undefined, clock.now()).length > 0,
      planLive: async (orders, options) =>
        planFanout(
          orders,
          {
            clusters: [...objects].map(([name, one]) => ({
              cluster: face(name),
              live: one.all().map((object) => ({ object })),
              services: one.all().filter(({ kind }) => kind === 'Service'),
            })),
          },
          options,
        ),
    });
  return { jobs, journal, plan, writerOf };
}
