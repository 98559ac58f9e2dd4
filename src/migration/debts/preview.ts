// What a debt would come to now: what of it lives at its source, for a person who is to consent.
//
// Comes in: a debt. Goes out: each of its objects as it is there, and a digest that consent may name. On
// failure: what could not be read says why.

import { failureOf } from '../../clusters/call-failure.ts';
import { digestOf } from '../../edges/digest.ts';
import { BallastError } from '../../errors.ts';
import type { WriterOf } from '../../fanout/run/writes.ts';
import type { Draft } from '../../jobs/record.ts';
import type { Debt, OwedObject } from '../../model.ts';
import type { DebtPlan } from './next.ts';
import { DEBT } from './run.ts';

export interface OwedNow extends OwedObject {
  /**
   * `there`: it would be deleted. `gone`: nothing is to be done. `another`: of that name lives another one,
   * which is not owed. `unread`: nobody knows.
   */
  readonly state: 'there' | 'gone' | 'another' | 'unread';
  readonly why?: string;
}

export interface DebtPreview {
  readonly debt: Debt;
  readonly objects: readonly OwedNow[];
  readonly digest: string;
}

export async function previewDebt(debt: Debt, writerOf: WriterOf): Promise<DebtPreview> {
  const objects = await Promise.all(debt.objects.map((one) => lookAt(one, debt, writerOf)));
  const states = objects.map(({ uid, state }) => [uid, state]);
  return { debt, objects, digest: digestOf(JSON.stringify([debt.id, states])) };
}

async function lookAt(object: OwedObject, { cluster }: Debt, writerOf: WriterOf): Promise<OwedNow> {
  const { uid, ...ref } = object;
  try {
    const live = await (await writerOf(cluster)).read(ref);
    if (!live) return { ...object, state: 'gone' };
    return { ...object, state: live.metadata['uid'] === uid ? 'there' : 'another' };
  } catch (error) {
    const why = error instanceof BallastError ? error.message : failureOf(error).text;
    return { ...object, state: 'unread', why };
  }
}

/** The job by which it is settled. Throws where the source does not answer, or it is another one by now. */
export function draftOf(
  { debt, objects, digest }: DebtPreview,
  { who, digest: seen }: { readonly who: string; readonly digest?: string | undefined },
): Draft {
  const unread = objects.find(({ state }) => state === 'unread');
  if (unread) throw new BallastError('plan-invalid', `${debt.cluster}: ${unread.why ?? ''}`);
  if (seen !== undefined && seen !== digest) {
    throw new BallastError('plan-moved', `what is owed there has now the digest ${digest}`);
  }
  const { app, cluster } = debt;
  const plan: DebtPlan = { debt };
  const own = { kind: DEBT, name: `owed-${app}`, apps: [app], clusters: [cluster] };
  return { ...own, plan, planDigest: digest, who };
}
