// What a lane holds of the traffic, where the guard has its say.

import { expect, test } from 'vitest';
import { BallastError } from '../../src/errors.ts';
import type { RunPlan } from '../../src/fanout/run/lanes.ts';
import { hold, holdId, type Traffic } from '../../src/fanout/run/traffic.ts';
import type { Scene } from '../../src/jobs/kind.ts';
import { type Job, newJob } from '../../src/jobs/record.ts';
import { draftOf, PLAN } from '../jobs/process.ts';

const JOB = newJob(draftOf(PLAN), { id: 'j', at: 0 }) as unknown as Job<RunPlan>;
const LANE = { id: 'east', cluster: 'east', writes: [], holds: ['cart', 'shop'] };

const refused = (standing: readonly string[]): Traffic =>
  ({
    upstream: () => undefined,
    holdsOf: () => standing,
    hold: () => Promise.reject(new BallastError('would-empty', 'shop would lose its last server')),
  }) as unknown as Traffic;

// Seed 1381 of the simulation: without it nothing ever lifted that hold, and the next lane waited for it.
test('what an earlier attempt has held is held, though the guard would not have it now', async () => {
  const own = holdId('j', 'east', 'shop');
  for (const [standing, held] of [
    [[own], ['shop']],
    [[], []],
  ] as const) {
    const outcome = await hold(JOB, LANE, { term: 1 } as Scene, refused(standing));
    expect(outcome).toMatchObject({ kind: 'done', data: { held } });
  }
});

// Seed 6586: two lanes that were held from before waited for each other, since the guard would have neither.
test('what is held already waits for no other, whatever the guard says of it now', async () => {
  const other = { id: 'hold west', attempt: 1, fence: 1, intent: { text: '', objects: [] } };
  const done = { ...other, result: { kind: 'done', text: '' } } as const;
  const job = {
    ...JOB,
    plan: { waves: [] },
    steps: { 'hold west': done },
  } as unknown as Job<RunPlan>;
  const theirs = holdId('j', 'west', 'shop');
  const own = ['cart', 'shop'].map((app) => holdId('j', 'east', app));
  const say = (standing: readonly string[]) =>
    hold(job, LANE, { term: 1 } as Scene, refused([theirs, ...standing]));
  expect(await say(own)).toMatchObject({ kind: 'done', data: { held: ['cart', 'shop'] } });
  expect(await say(own.slice(1))).toMatchObject({ kind: 'wait' });
});
