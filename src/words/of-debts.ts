// The words about what migrations leave behind: marks of what moved away, and debts, each with the drain of
// its source that lasts as long as it does.
//
// Comes in: what a migration could not delete, and what of it is settled. Goes out: words that may be said
// again, each one commit with the holds that it changes. On failure: a BallastError that names the debt.

import type { HoldsBody } from '../edges/holds-body.ts';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName, Debt, Hold, MovedMark } from '../model.ts';
import { changeHolds } from './of-holds.ts';
import type { Word } from './word.ts';

/** Before it stands. */
export type NewDebt = Omit<Debt, 'id' | 'since'>;
export type NewMark = Omit<MovedMark, 'since'>;

/** A job owes once for each app that it moved. */
export function debtId(job: string, app: AppName): string {
  return `${job}.${app}`;
}

/** Of the drain that it keeps up. */
export function debtHoldId(debt: string): string {
  return `${debt}.owed`;
}

/** What is owed, and since when, stays as it was said first. */
export function oweForJob(debt: NewDebt): Word {
  const { job, app, cluster, who, why, objects } = debt;
  const id = debtId(job, app);
  const count = objects.length === 1 ? 'one object' : `${objects.length} objects`;
  return {
    actor: who,
    text: `drain ${app} in ${cluster} as long as ${count} of it is owed there (${id}): ${why}`,
    kind: 'job',
    decide({ held }, now) {
      const stands = held.debts.find((one) => one.id === id) ?? { ...debt, id, since: now };
      const drain = drainOf(stands);
      const rest = held.holds.filter((hold) => hold.id !== drain.id);
      const debts = [...held.debts.filter((one) => one.id !== id), stands];
      return {
        ...changeHolds({ ...held, debts }, [...rest, drain], [drain]),
        binds: (one) => one === app,
      };
    },
  };
}

function drainOf({ id, app, cluster, who, why, since }: Debt): Hold {
  return { id: debtHoldId(id), app, cluster, kind: 'drain', who, why, since, debt: id };
}

/** Where it is now anybody may make it again. */
export function markMoved(who: string, mark: NewMark): Word {
  const { app, from, to, job } = mark;
  return {
    actor: who,
    text: `${app} was moved from ${from} to ${to} by ${job}`,
    kind: 'job',
    decide({ held }, now) {
      const others = held.moved.filter(
        (one) => one.app !== app || (one.from !== from && one.from !== to),
      );
      const body = { ...held, moved: [...others, { ...mark, since: now }] };
      return { ...changeHolds(body, held.holds, []), apps: new Set() };
    },
  };
}

/** It was called off after all, and the app is back. */
export function unmarkMoved(who: string, { app, job }: Pick<MovedMark, 'app' | 'job'>): Word {
  return {
    actor: who,
    text: `${app} is back from where ${job} had moved it`,
    kind: 'job',
    decide({ held }) {
      const moved = held.moved.filter((one) => one.app !== app || one.job !== job);
      return { ...changeHolds({ ...held, moved }, held.holds, []), apps: new Set() };
    },
  };
}

export interface Settling {
  readonly id: string;
  /** UIDs that are owed no more; absent: all. */
  readonly uids?: readonly string[];
  /** How, for history and audit. */
  readonly how: string;
}

/** With the last object that is owed the debt ends, and its drain in the same commit. */
export function settleDebt(who: string, { id, uids, how }: Settling): Word {
  return {
    actor: who,
    text: `settle ${id}: ${how}`,
    decide({ held }) {
      const debt = findDebt(held, id);
      const objects = debt.objects.filter(({ uid }) => uids && !uids.includes(uid));
      const others = held.debts.filter((one) => one !== debt);
      const debts = objects.length > 0 ? [...others, { ...debt, objects }] : others;
      const over = objects.length > 0 ? [] : held.holds.filter((hold) => hold.debt === id);
      const rest = held.holds.filter((hold) => !over.includes(hold));
      return { ...changeHolds({ ...held, debts }, rest, over), apps: new Set([debt.app]) };
    },
  };
}

export function findDebt({ debts }: Pick<HoldsBody, 'debts'>, id: string): Debt {
  const debt = debts.find((one) => one.id === id);
  if (debt) return debt;
  throw new BallastError('debt-unknown', `no debt ${id}`);
}

/** Somebody else has settled it meanwhile. */
export function unlessUnknown(error: unknown): void {
  if (!(error instanceof BallastError) || error.code !== 'debt-unknown') throw error;
}

/** What a migration took away from each cluster, and which one, as plans of fan-outs see it. */
export function movedAway({
  moved,
}: Pick<HoldsBody, 'moved'>): ReadonlyMap<ClusterName, ReadonlyMap<AppName, string>> {
  const clusters = new Map<ClusterName, Map<AppName, string>>();
  for (const { app, from, job } of moved) {
    const apps = clusters.get(from) ?? new Map<AppName, string>();
    clusters.set(from, apps.set(app, `migration ${job}`));
  }
  return clusters;
}
