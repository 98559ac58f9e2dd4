// The state machine of a migration, from its record alone: every failure and every abort in turn.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appState } from '../../../src/migration/flow/app-state.ts';
import { holdsOf } from '../../../src/migration/flow/holds.ts';
import { backSteps, forwardSteps } from '../../../src/migration/flow/steps.ts';
import { jobOf, planOf, run, type Ran } from './runs.ts';

const ONE = planOf(['shop'], 'online');
const OFFLINE = planOf(['shop'], 'offline');
const [SHOP] = ONE.apps;
if (!SHOP) throw new Error('no app');
const FORWARD = forwardSteps(SHOP, 'online');
const id = (name: string): string => `shop:${name}`;
const done = (names: readonly string[]): string[] => names.map((name) => `${id(name)} done`);

test('the steps, from what pods read to what is deleted', () => {
  expect(FORWARD).toEqual([
    'preflight',
    'reserve',
    'apply.1',
    'apply.2',
    'apply.3',
    'apply.4',
    'apply.5',
    'ready',
    'late.6',
    'shift.5',
    'shift.10',
    'shift.25',
    'shift.50',
    'shift.75',
    'shift.100',
    'bake',
    'drain',
    'delete.6',
    'delete.5',
    'delete.4',
    'delete.3',
    'finish',
  ]);
  const { log, last } = run({ plan: ONE });
  expect(log).toEqual([...done(FORWARD), 'clear done']);
  expect(last).toEqual({ state: 'Done', why: '', run: [] });
});

test('offline nothing is deleted: a debt is kept', () => {
  const { log, last, job } = run({ plan: OFFLINE });
  expect(log.filter((line) => line.includes('delete'))).toEqual([]);
  expect(log.slice(-3)).toEqual([...done(['owe', 'finish']), 'clear done']);
  expect(last).toEqual({ state: 'Done', why: 'the source still has what was moved', run: [] });
  expect(appState(job, OFFLINE.apps[0] ?? SHOP).state).toBe('DoneWithDebt');
});

const at = (name: string): number => FORWARD.indexOf(name);
const before = (name: string): string[] => FORWARD.slice(0, at(name));

/** Once it has begun to be shifted or not, all that came is removed, the last first. */
function wayBack(begun: readonly string[]): string[] {
  const came = begun
    .filter((name) => /^(apply|late)\./.test(name))
    .map((name) => name.split('.')[1]);
  return [
    ...(came.length > 0 ? ['back.weights', 'back.drain'] : []),
    ...came.toReversed().map((step) => `back.${step}`),
    ...(begun.includes('reserve') ? ['back.release'] : []),
  ];
}

/** What left the source comes again, and requests return, before anything of the destination goes. */
function wayHome(begun: readonly string[]): string[] {
  const left = begun.filter((name) => name.startsWith('delete.'));
  const again = left.toReversed().map((name) => name.replace('delete', 'again'));
  const returns = ['ready', '75', '50', '25', '10', '5', '0', 'drain'];
  const back = wayBack(begun).filter((name) => !['back.weights', 'back.drain'].includes(name));
  return [...again, ...returns.map((part) => `return.${part}`), ...back];
}

test.each(FORWARD)('a failure of %s', (name) => {
  const { log, last, job } = run({ plan: ONE, fails: new Set([id(name)]) });
  const { state } = appState(job, SHOP);
  const rest = log.slice(at(name) + 1);
  expect(log.slice(0, at(name) + 1)).toEqual([...done(before(name)), `${id(name)} failed`]);
  if (name === 'preflight') expect([state, last.state, rest]).toEqual(['Refused', 'Failed', []]);
  else if (name === 'reserve')
    expect([state, last.state, rest]).toEqual(['Deferred', 'Failed', []]);
  else if (/^(drain|delete|finish)/.test(name))
    expect([state, last.state, rest]).toEqual(['Blocked', 'Blocked', []]);
  else {
    expect([state, last.state]).toEqual(['RolledBack', 'Failed']);
    const isMarked = at(name) >= at('apply.1');
    const back = done(wayBack([...before(name), name]));
    expect(rest).toEqual([...back, ...(isMarked ? ['clear done'] : [])]);
  }
});

test.each(FORWARD)('an abort while %s is under way', (name) => {
  const { log, last, job } = run({ plan: ONE, abortAt: id(name) });
  const { state } = appState(job, SHOP);
  expect([last.state, state]).toEqual(['RolledBack', 'RolledBack']);
  expect(log.slice(0, at(name))).toEqual(done(before(name)));
  const begun = [...before(name), name];
  const rest = /^(delete|finish)/.test(name) ? wayHome(begun) : wayBack(begun);
  const ending = at(name) >= at('apply.1') ? ['clear-again done'] : [];
  expect(log.slice(at(name))).toEqual([`${id(name)} left`, ...done(rest), ...ending]);
});

test.each(forwardSteps(SHOP, 'offline'))(
  'offline, a failure of %s is a person’s: nothing goes back',
  (name) => {
    const { log, last } = run({ plan: OFFLINE, fails: new Set([id(name)]) });
    expect(log.filter((line) => /:(back|delete)\./.test(line))).toEqual([]);
    expect(last.state).toBe(['preflight', 'reserve'].includes(name) ? 'Failed' : 'Blocked');
  },
);

/** All that was done is tried again, as far as this, which fails. */
function triedAgain(names: readonly string[], failed: string): ReturnType<typeof appState> {
  const said = { who: 'ann', at: 0 };
  const steps = names.map((name) => {
    const kind = name === failed ? ('failed' as const) : ('done' as const);
    const step = { id: id(name), attempt: 2, fence: 1, intent: { text: name, objects: [] } };
    const record = { ...step, result: { kind, text: '' } };
    return [id(name), at(name) <= at(failed) ? record : { ...record, again: said }] as const;
  });
  return appState({ ...jobOf(ONE), steps: Object.fromEntries(steps) }, SHOP as never);
}

test.each(['preflight', 'reserve', 'ready', 'shift.25'])(
  'tried again after a doubt: a failure of %s takes back what came, or is a person’s once it deletes',
  (failed) => {
    expect(triedAgain(before('drain'), failed)).toEqual({
      state: 'RollingBack',
      step: 'back.weights',
      failed,
    });
    const all = [...before('drain'), 'drain', 'delete.6'];
    expect(triedAgain(all, failed)).toEqual({ state: 'Blocked', failed });
  },
);

test('an abort while it clears up: what is done stays done, what is back is not begun again', () => {
  for (const [fails, state] of [
    [[], 'Done'],
    [[id('shift.25')], 'Failed'],
  ] as const) {
    const { log, last } = run({ plan: ONE, fails: new Set(fails), abortAt: 'clear' });
    expect([log.at(-1), last.state]).toEqual(['clear done', state]);
  }
  const called = run({ plan: ONE, abortAt: id('shift.25') });
  expect([called.log.at(-1), called.last.state]).toEqual(['clear-again done', 'RolledBack']);
});

test('a way back that fails is a person’s', () => {
  const fails = new Set([id('shift.25'), id('back.drain')]);
  const { log, last } = run({ plan: ONE, fails });
  expect(log.slice(-2)).toEqual([`${id('back.weights')} done`, `${id('back.drain')} failed`]);
  expect(last.state).toBe('Blocked');
});

test('nothing is deleted before the drain is proved, whatever fails or is aborted', () => {
  const steps = [...FORWARD, ...backSteps(jobOf(ONE), SHOP)].map(id);
  fc.assert(
    fc.property(
      fc.subarray(steps),
      fc.option(fc.constantFrom(...steps), { nil: undefined }),
      (fails, abortAt) => {
        const { log } = run({
          plan: ONE,
          fails: new Set(fails),
          ...(abortAt !== undefined && { abortAt }),
        });
        const deleted = log.findIndex((line) => line.includes(':delete.'));
        if (deleted < 0) return;
        for (const name of ['shift.100', 'bake', 'drain'])
          expect(log.slice(0, deleted)).toContain(`${id(name)} done`);
        const back = log.findIndex((line) => line.includes(':back.'));
        if (back >= 0)
          for (const name of ['ready', '0', 'drain'])
            expect(log.slice(0, back)).toContain(`${id(`return.${name}`)} done`);
      },
    ),
  );
});

test('many apps: within the limits, in the plan’s order, none is forgotten', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const plan = planOf(names, 'online', { limits: { atOnce: 4, shifting: 2, failedPart: 1 } });
  const moving = (all: readonly string[]): number =>
    all.filter((step) => /:(shift|bake|drain)/.test(step)).length;
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), fc.subarray(names), (chances, unlucky) => {
      const choose = (steps: readonly string[]): string =>
        steps[(chances.next().value ?? 0) % steps.length] ?? '';
      const fails = new Set(unlucky.map((name) => `${name}:shift.25`));
      const { together, last, job } = run({ plan, choose, fails });
      expect(Math.max(...together.map((all) => all.length))).toBeLessThanOrEqual(4);
      expect(Math.max(...together.map(moving))).toBeLessThanOrEqual(2);
      const ends = plan.apps.map((one) => [one.app, appState(job, one).state]);
      const wanted = names.map((name) => [name, unlucky.includes(name) ? 'RolledBack' : 'Done']);
      expect(ends).toEqual(wanted);
      expect(last.state).toBe(unlucky.length === names.length ? 'Failed' : 'Done');
    }),
    { numRuns: 40 },
  );
});

test('after too many failures no further app begins', () => {
  const plan = planOf(['a', 'b', 'c'], 'online', {
    limits: { atOnce: 1, shifting: 1, failedPart: 0 },
  });
  const { log, last }: Ran = run({ plan, fails: new Set(['a:ready']) });
  expect(log.filter((line) => !line.startsWith('a:'))).toEqual(['clear done']);
  expect(last).toMatchObject({ state: 'Failed', why: 'too many failed: b, c did not begin' });
});

test('the holds of each state: said twice they are the same', () => {
  const holds = (state: Parameters<typeof holdsOf>[2]) =>
    holdsOf(ONE, SHOP, state)?.map(({ kind, cluster = 'all', weight }) =>
      [kind, cluster, weight].join(' ').trim(),
    );
  expect(holds({ state: 'Preflight' })).toEqual([]);
  expect(holds({ state: 'Applying' })).toEqual(['drain west']);
  expect(holds({ state: 'Shifting', percent: 25 })).toEqual([
    'freeze all',
    'pin west 100',
    'pin east 300',
    'pin vm 100',
  ]);
  expect(holds({ state: 'DeletingSource' })).toEqual([
    'freeze all',
    'pin west 400',
    'pin east 0',
    'pin vm 100',
  ]);
  expect(holds({ state: 'DoneWithDebt' })).toEqual(['drain east']);
  expect(holds({ state: 'Done' })).toEqual([]);
  expect(holds({ state: 'Blocked' })).toBeUndefined();
  expect(holds({ state: 'RollingBack' })).toEqual([
    'freeze all',
    'pin east 40',
    'pin vm 10',
    'drain west',
  ]);
  expect(holds({ state: 'RollingBack', percent: 25 })).toEqual(
    holds({ state: 'Shifting', percent: 25 }),
  );
});
