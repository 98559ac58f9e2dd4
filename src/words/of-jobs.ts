// The words of jobs: holds that are theirs, and that nobody else lifts (R12).
//
// Comes in: holds with the job's id and fence. Goes out: words that may be said again: what stands already
// is taken over by the later fence, what is lifted already stays so. On failure: a BallastError as for
// other words: the guard's, where the hold would take the last server.

import { BallastError } from '../errors.ts';
import type { AppName, ClusterName, Hold } from '../model.ts';
import { rememberKept } from '../weights/hold-changes.ts';
import { changeHolds, textOf, type NewHold } from './of-holds.ts';
import type { Word } from './word.ts';

export interface JobHold extends NewHold {
  readonly job: string;
  readonly fence: number;
}

/**
 * Holds of one id are one hold: what it says may change from step to step. `instead`: ids of holds of the
 * same job that end in the same commit, where they stand.
 */
export function holdForJob(
  who: string,
  holds: readonly JobHold[],
  instead: readonly string[] = [],
): Word {
  return {
    actor: who,
    text: [...holds.map(textOf), ...instead.map((id) => `lift ${id}`)].join('; '),
    kind: 'job',
    decide(published, now) {
      const { held } = published;
      const ids = new Set([...holds.map(({ id }) => id), ...instead]);
      const old = held.holds.filter(({ id }) => ids.has(id));
      refuseOthers(old, holds);
      const rest = held.holds.filter((one) => !old.includes(one));
      const added = holds.map((hold) => {
        const since = old.find(({ id }) => id === hold.id)?.since ?? now;
        return hold.kept ? { ...hold, since } : rememberKept({ ...hold, since }, published);
      });
      const apps = new Set([...old, ...added].flatMap(({ app }) => app ?? []));
      return {
        ...changeHolds(held, [...rest, ...added], [...old, ...added]),
        binds: binding(apps),
      };
    },
  };
}

/** The id of a job's hold is its own: made of the job's. */
function refuseOthers(old: readonly Hold[], holds: readonly JobHold[]): void {
  const jobs = new Set(holds.map(({ job }) => job));
  const other = old.find(({ job }) => job === undefined || !jobs.has(job));
  if (other) throw new BallastError('hold-exists', `${other.id} stands already`);
}

/** What the guard refuses of the app refuses the hold. */
const binding =
  (apps: ReadonlySet<AppName>) =>
  (app: AppName): boolean =>
    apps.has(app);

/** `ids`: of those that are to be lifted; absent: all that the job has. */
export function liftForJob(who: string, job: string, ids?: readonly string[]): Word {
  return {
    actor: who,
    text: `lift ${ids?.join(', ') ?? `all holds of job ${job}`}`,
    kind: 'job',
    decide({ held }) {
      const over = held.holds.filter((hold) => isOf(hold, job) && (ids?.includes(hold.id) ?? true));
      if (over.length === 0) throw new BallastError('hold-unknown', `${job} holds nothing there`);
      const rest = held.holds.filter((hold) => !over.includes(hold));
      return changeHolds(held, rest, over);
    },
  };
}

const isOf = (hold: Hold, job: string): boolean => hold.job === job;

/** What is seen of jobs in what is held: for jobs whose journal is lost. */
export interface HeldJob {
  readonly job: string;
  readonly apps: readonly AppName[];
  readonly clusters: readonly ClusterName[];
  readonly holds: readonly string[];
}

export function jobsIn(holds: readonly Hold[]): HeldJob[] {
  const mine = holds.filter(({ job }) => job !== undefined);
  return [...Map.groupBy(mine, ({ job = '' }) => job)].map(([job, all]) => ({
    job,
    apps: distinct(all.map(({ app }) => app)),
    clusters: distinct(all.map(({ cluster }) => cluster)),
    holds: all.map(({ id }) => id).toSorted(),
  }));
}

function distinct(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}
