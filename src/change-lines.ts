// The lines of history: what each change was made of, beside what explained the weights before it.
//
// Comes in: rounds as they are computed and committed. Goes out: causes and lines for a commit. On
// failure: there is none; of an app that this leader has not explained yet the sum before is left out.

import type { HistoryLine } from './edges/history-store.ts';
import type { Published } from './edges/published.ts';
import type { AppName } from './model.ts';
import type { Change } from './plan/diff.ts';
import { sumsByCluster, writeEntry, type Causes } from './plan/history-entry.ts';
import type { AppFacts, RoundResult } from './round.ts';
import { causesOf, type Cause } from './weights/cause.ts';
import type { Weighed } from './weights/rule.ts';

export interface ChangeLines {
  /** Why the changes of a round came about, by what was known of their apps before it. */
  causes(result: RoundResult, known: (app: AppName) => AppFacts | undefined): Causes;
  /** A round was computed: what it leaves as it is, its sums explain. */
  looked(result: RoundResult): void;
  committed(result: RoundResult): void;
  forget(app: AppName): void;
  write(result: RoundResult, causes: Causes, actor: string): HistoryLine[];
  writeDeleted(app: AppName, causes: readonly Cause[], actor: string): HistoryLine[];
}

export function keepChangeLines(published: () => Published | undefined): ChangeLines {
  /** What weighed the published document of an app. */
  const explained = new Map<AppName, Weighed>();

  const versionOf = (app: AppName): number => published()?.app(app)?.stamp.version ?? 0;
  const sumsOf = (weighed: Weighed | undefined) => weighed && sumsByCluster(weighed);

  return {
    causes({ pass, facts }, known) {
      const causes = pass.map(({ app }) => {
        const fact = facts.get(app);
        return [app, fact ? causesOfOne(known(app), fact) : []] as const;
      });
      return new Map(causes);
    },
    looked({ facts, pass, refused }) {
      const moved = new Set([...pass, ...refused].map(({ app }) => app));
      for (const [app, { weighed }] of facts) {
        if (weighed && !moved.has(app)) explained.set(app, weighed);
      }
    },
    committed({ facts, pass }) {
      for (const { app } of pass) {
        const weighed = facts.get(app)?.weighed;
        if (weighed) explained.set(app, weighed);
      }
    },
    forget: (app) => void explained.delete(app),
    write: ({ facts, pass }, causes, actor) =>
      pass.map(({ app, before, after }: Change) =>
        writeEntry({
          app,
          actor,
          causes: causes.get(app) ?? [],
          previous: versionOf(app),
          before: before?.servers ?? [],
          after: after.servers,
          sumsBefore: before && sumsOf(explained.get(app)),
          sumsAfter: sumsOf(facts.get(app)?.weighed),
        }),
      ),
    writeDeleted(app, causes, actor) {
      const before = published()?.app(app)?.upstream.servers ?? [];
      const sumsBefore = sumsOf(explained.get(app));
      const previous = versionOf(app);
      return [writeEntry({ app, actor, causes, previous, before, after: [], sumsBefore })];
    },
  };
}

function causesOfOne(known: AppFacts | undefined, { inventory, weighed }: AppFacts): Cause[] {
  const moves = [...waysUp(weighed), ...waysFree(known?.weighed, weighed)];
  const causes = [...causesOf(known?.inventory, inventory), ...moves];
  if (causes.length > 0) return causes;
  // Nothing that is counted moved: a drain that takes time has fallen by a step.
  return [...new Set(weighed?.holds.values())].map(({ id, kind, who, why, job }): Cause => {
    return { kind: job === undefined ? 'hold' : 'job', text: `${kind} ${id} of ${who}: ${why}` };
  });
}

/** Why weights move although nothing that is counted has. */
function waysUp(weighed: Weighed | undefined): Cause[] {
  const ramps = [...(weighed?.ramps ?? [])]
    .filter(([, { stepped }]) => stepped)
    .map(([from, { weight, of }]): Cause => {
      return { kind: 'ramp', text: `${from}: on its way up, ${weight} of ${of}` };
    });
  const delays = [...(weighed?.delays ?? [])].map(([from, { weight, of }]): Cause => {
    return { kind: 'guard', text: `${from}: held back by the guard, ${weight} of ${of}` };
  });
  return [...ramps, ...delays];
}

function waysFree(known: Weighed | undefined, weighed: Weighed | undefined): Cause[] {
  const free = [...(known?.delays?.keys() ?? [])].filter((from) => !weighed?.delays?.has(from));
  return free.map((from) => ({ kind: 'guard', text: `${from}: no longer held back by the guard` }));
}
