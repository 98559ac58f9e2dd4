// A debt as a job: what a migration left at its source is deleted, once a person has consented.
//
// Comes in: a job's record (jobs/kind.ts). Goes out: its next steps, and what each came to. On failure: what
// is not proved is waited for; another UID is another's object, which is not owed; all else ends the job, and
// what is left stays owed, with its drain.

import { shownRef } from '../../clusters/cluster-writer.ts';
import { unlessUid } from '../../clusters/removal.ts';
import type { Controller } from '../../controller.ts';
import { BallastError } from '../../errors.ts';
import { patiently, type WriterOf } from '../../fanout/run/writes.ts';
import type { JobKind, Outcome, Scene } from '../../jobs/kind.ts';
import type { OwedObject } from '../../model.ts';
import { leave } from '../run/leave.ts';
import { goneOf, nextOfDebt, type DebtJob, type DebtPlan } from './next.ts';
import { settleDebt, unlessUnknown } from '../../words/of-debts.ts';

export const DEBT = 'debt';

export interface DebtRunParts {
  readonly writerOf: WriterOf;
  readonly controller: Pick<Controller, 'published' | 'say'>;
  /** Why it is not proved that nobody asks the app at its source; undefined: it is. */
  readonly unproved: (job: DebtJob, scene: Scene) => string | undefined;
}

const LOOK_SECONDS = 1;

export function debtKind(parts: DebtRunParts): JobKind<DebtPlan> {
  const { controller } = parts;
  const stands = ({ plan }: DebtJob): boolean =>
    controller.published()?.held.debts.some(({ id }) => id === plan.debt.id) === true;
  const proof = async (job: DebtJob, scene: Scene): Promise<Outcome | undefined> => {
    // R12: edges may be that nobody knows of.
    if (job.doubted) return failed('Redis was lost under this job: it deletes nothing any more');
    if (!stands(job)) return failed('it is owed no more');
    const text = (await scene.unconfirmed()) ?? parts.unproved(job, scene);
    return text === undefined ? undefined : { kind: 'wait', text, seconds: LOOK_SECONDS };
  };
  const remove = async (job: DebtJob, object: OwedObject, scene: Scene): Promise<Outcome> => {
    const { cluster, objects } = job.plan.debt;
    const { uid, ...ref } = object;
    const writer = await parts.writerOf(cluster);
    const live = await writer.read(ref);
    if (!live) return { kind: 'done', text: 'gone' };
    const doubt = unlessUid(uid);
    const other = doubt(live);
    if (other !== undefined) return { kind: 'done', text: `void: ${other}` };
    const own = new Set(objects.map(shownRef));
    return (await proof(job, scene)) ?? (await leave({ cluster, writer, live, doubt, own, scene }));
  };

  const settle = async (job: DebtJob, scene: Scene): Promise<Outcome> => {
    const { id, objects } = job.plan.debt;
    const gone = goneOf(job);
    await scene.check();
    // An earlier try, or a person, may have settled it.
    const word = settleDebt(job.begun.who, { id, uids: gone, how: 'it is gone there' });
    if (stands(job)) await controller.say(word).catch(unlessUnknown);
    return { kind: 'done', text: `${gone.length} of ${objects.length} are owed no more` };
  };

  const objectOf = ({ plan }: DebtJob, step: string): OwedObject | undefined =>
    step.startsWith('delete.')
      ? plan.debt.objects[Number(step.slice('delete.'.length))]
      : undefined;

  return {
    kind: DEBT,
    next: nextOfDebt,
    async prepare(job, step) {
      const { cluster, app } = job.plan.debt;
      const object = objectOf(job, step);
      if (!object) return { text: `${step} what ${app} owes in ${cluster}`, objects: [] };
      const { uid, ...ref } = object;
      const text = `delete ${shownRef(ref)} in ${cluster}, uid ${uid}`;
      return { text, objects: [{ cluster, ...ref }] };
    },
    async act(job, { id }, scene) {
      if (id === 'prove')
        return (await proof(job, scene)) ?? { kind: 'done', text: 'nobody asks it' };
      const object = objectOf(job, id);
      if (object) return await patiently(scene, () => remove(job, object, scene));
      if (id !== 'settle') throw new BallastError('internal', `no step ${id} is known`);
      return await settle(job, scene);
    },
  };
}

const failed = (text: string): Outcome => ({ kind: 'failed', text });
