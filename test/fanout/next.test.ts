// Whose turn it is, from the record alone: nobody waits for a lane that would wait for him.

import { expect, test } from 'vitest';
import type { RunPlan } from '../../src/fanout/run/lanes.ts';
import { type FanoutJob, nextOfFanout } from '../../src/fanout/run/next.ts';
import { turnOf } from '../../src/fanout/run/turn.ts';
import { newJob, type Said, type StepRecord } from '../../src/jobs/record.ts';
import { ordersOf, stream } from '../jobs/fleet.ts';

const ANN: Said = { who: 'ann', at: 0 };
const CLUSTERS = ['east', 'west'];
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'prod' },
  spec: { template: {} },
};

function planOf(strategy: string): RunPlan {
  const entries = CLUSTERS.map((cluster) => ({ cluster, action: 'update', object: DEPLOYMENT }));
  const lanes = CLUSTERS.map((id, index) => ({
    id,
    cluster: id,
    writes: [index],
    holds: ['shop'],
  }));
  const wave = { name: 'all', concurrency: 2, approval: 'none', maxFailures: 0, lanes } as const;
  const { strategy: read } = ordersOf(stream('v2', strategy));
  const plan = { name: 'release', digest: 'd', entries: entries as never, floors: {} };
  return { ...plan, strategy: read, waves: [wave] };
}

type Result = 'done' | 'failed' | 'again' | 'open';

function stepOf(id: string, how: Result): StepRecord {
  const objects = [{ cluster: 'east', ...DEPLOYMENT, name: 'shop' }];
  const step = { id, attempt: 1, fence: 1, intent: { text: id, objects } };
  if (how === 'open') return step;
  const record = { ...step, result: { kind: how === 'failed' ? how : 'done', text: '' } } as const;
  return how === 'again' ? { ...record, again: ANN } : record;
}

function jobOf(strategy: string, steps: Readonly<Record<string, Result>>): FanoutJob {
  const draft = { kind: 'fanout', name: 'release', apps: ['shop'], clusters: CLUSTERS };
  const whole = { ...draft, plan: planOf(strategy), planDigest: 'd', who: 'ann' };
  const records = Object.entries(steps).map(([id, how]) => [id, stepOf(id, how)] as const);
  return {
    ...(newJob(whole, { id: 'j', at: 0 }) as FanoutJob),
    steps: Object.fromEntries(records),
  };
}

/** Tried again after a doubt: west was held when Redis was lost, and its hold stands. */
const AGAIN = jobOf('{order: parallel}', {
  'hold east': 'again',
  'release east': 'again',
  'hold west': 'again',
});

test('tried again, what may be held begins first', () => {
  expect(nextOfFanout(AGAIN).run).toEqual(['hold west']);
});

test('what is held, and has not begun again, is not waited for', () => {
  const [east] = AGAIN.plan.waves[0]?.lanes ?? [];
  if (!east) throw new Error('no lane');
  const servers = CLUSTERS.map((from, index) => ({
    address: `10.0.0.${index}:80`,
    weight: 10,
    from,
  }));
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  const traffic = {
    upstream: () => ({ app: 'shop', servers, policy }),
    pods: () => new Map(CLUSTERS.map((name) => [name, 2])),
    holdsOf: () => ['j.west.shop'],
  };
  expect(turnOf(AGAIN, east, { waitedMs: 0 }, traffic)).toBeUndefined();
  const going = { ...AGAIN, steps: { ...AGAIN.steps, 'hold west': stepOf('hold west', 'done') } };
  expect(turnOf(going, east, { waitedMs: 0 }, traffic)).toMatchObject({ kind: 'wait' });
});

test('on the way back a cluster that waits for its turn stands in the way of none that is held', () => {
  const steps = {
    'hold east': 'done',
    'acknowledge east': 'done',
    'quiet east': 'done',
    'apply east 0': 'done',
    'gate east': 'done',
    'release east': 'done',
    'hold-again east': 'open',
    'hold west': 'done',
    'apply west 1': 'done',
  } as const;
  const job = { ...jobOf('{order: parallel}', steps), aborted: ANN };
  expect(nextOfFanout(job)).toMatchObject({
    state: 'RollingBack',
    run: ['hold-again east', 'undo west 1'],
  });
  const failed = {
    ...job,
    steps: { ...job.steps, 'undo west 1': stepOf('undo west 1', 'failed') },
  };
  expect(nextOfFanout(failed)).toMatchObject({ state: 'Blocked' });
});
