// What migrations leave behind: debts with their drains, and marks.

import { expect, test } from 'vitest';
import { NO_HOLDS, type HoldsBody } from '../../src/edges/holds-body.ts';
import type { Published } from '../../src/edges/published.ts';
import { isForgotten } from '../../src/weights/hold-changes.ts';
import {
  debtHoldId,
  debtId,
  markMoved,
  movedAway,
  oweForJob,
  settleDebt,
  unmarkMoved,
  type NewDebt,
} from '../../src/words/of-debts.ts';
import { liftHold } from '../../src/words/of-holds.ts';
import { jobsIn, liftForJob } from '../../src/words/of-jobs.ts';
import type { Word } from '../../src/words/word.ts';

const object = (kind: string, uid: string) => ({
  apiVersion: 'apps/v1',
  kind,
  namespace: 'prod',
  name: 'shop',
  uid,
});
const OWED: NewDebt = {
  job: 'move-1',
  app: 'shop',
  cluster: 'east',
  objects: [object('Deployment', 'u1'), object('Service', 'u2')],
  who: 'ann',
  why: 'east is dead',
};
const ID = debtId('move-1', 'shop');

function say(word: Word, held: HoldsBody, now = 100): HoldsBody {
  const published = { held, app: () => undefined, apps: () => [][Symbol.iterator]() };
  const { holds } = word.decide(published as unknown as Published, now);
  if (!holds) throw new Error('it says nothing of holds');
  return holds;
}

const owing = say(oweForJob(OWED), NO_HOLDS);

test('a debt and its drain stand in one commit; said again they are the same', () => {
  expect(owing.debts).toEqual([{ ...OWED, id: ID, since: 100 }]);
  const drain = { kind: 'drain', app: 'shop', cluster: 'east', who: 'ann', why: 'east is dead' };
  expect(owing.holds).toEqual([{ ...drain, id: debtHoldId(ID), since: 100, debt: ID }]);
  expect(say(oweForJob({ ...OWED, why: 'again' }), owing, 900)).toEqual(owing);
});

test('what is settled already is not owed again', () => {
  const left = say(settleDebt('ann', { id: ID, uids: ['u1'], how: 'gone' }), owing);
  expect(say(oweForJob(OWED), left, 900)).toEqual(left);
});

test('the drain is no person’s to lift, no job’s, and is never forgotten', () => {
  const [drain] = owing.holds;
  if (!drain) throw new Error('there is none');
  const refusal = { code: 'hold-of-debt', message: `${drain.id} lasts as long as debt ${ID}` };
  expect(() => say(liftHold('ann', drain.id), owing)).toThrow(expect.objectContaining(refusal));
  expect(() => say(liftForJob('ann', 'move-1'), owing)).toThrow('holds nothing there');
  expect(jobsIn(owing.holds)).toEqual([]);
  expect(isForgotten(drain, 1e12, 24)).toBe(false);
  const { debt: _, ...own } = drain;
  expect(isForgotten(own, 1e12, 24)).toBe(true);
});

test('it ends with the last object that is owed, and its drain with it', () => {
  const part = say(settleDebt('ann', { id: ID, uids: ['u1'], how: 'it is gone' }), owing);
  expect(part.debts[0]?.objects.map(({ uid }) => uid)).toEqual(['u2']);
  expect(part.holds).toEqual(owing.holds);
  expect(say(settleDebt('ann', { id: ID, uids: ['u2'], how: 'it is gone' }), part)).toEqual(
    NO_HOLDS,
  );
  expect(say(settleDebt('ann', { id: ID, how: 'the cluster is no more' }), owing)).toEqual(
    NO_HOLDS,
  );
  const unknown = expect.objectContaining({
    code: 'debt-unknown',
    message: `no debt ${ID}`,
  }) as Error;
  expect(() => say(settleDebt('ann', { id: ID, how: '' }), NO_HOLDS)).toThrow(unknown);
});

test('the app is weighed anew, whether the drain ends or not', () => {
  const published = { held: owing } as unknown as Published;
  for (const uids of [['u1'], ['u1', 'u2']]) {
    const { apps } = settleDebt('ann', { id: ID, uids, how: 'gone' }).decide(published, 1);
    expect(apps).toEqual(new Set(['shop']));
  }
});

test('a mark stays where an app was, and goes where it is', () => {
  const mark = { app: 'shop', namespace: 'prod', from: 'east', to: 'west', job: 'move-1' };
  const once = say(markMoved('ann', mark), owing);
  expect(once.moved).toEqual([{ ...mark, since: 100 }]);
  expect([once.debts, once.holds]).toEqual([owing.debts, owing.holds]);
  expect(say(markMoved('ann', mark), once, 100)).toEqual(once);
  const other = say(markMoved('ann', { ...mark, app: 'till', job: 'move-2' }), once);
  const away = movedAway(other);
  expect(away).toEqual(
    new Map([
      [
        'east',
        new Map([
          ['shop', 'migration move-1'],
          ['till', 'migration move-2'],
        ]),
      ],
    ]),
  );
  const back = say(markMoved('ann', { ...mark, from: 'west', to: 'east', job: 'move-3' }), other);
  expect(back.moved.map(({ app, from }) => [app, from])).toEqual([
    ['till', 'east'],
    ['shop', 'west'],
  ]);
  const none = say(unmarkMoved('ann', { app: 'shop', job: 'move-3' }), back);
  expect(none.moved.map(({ app }) => app)).toEqual(['till']);
  expect(say(unmarkMoved('ann', { app: 'till', job: 'move-1' }), none)).toEqual(none);
  expect([none.debts, none.holds]).toEqual([owing.debts, owing.holds]);
});
