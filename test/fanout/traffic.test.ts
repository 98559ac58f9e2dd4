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
