// Whose turn it is, from the record alone: nobody waits for a lane that would wait for him.

import { expect, test } from 'vitest';
import { type Lane, lanesOf, type RunPlan } from '../../src/fanout/run/lanes.ts';
import { nextOfFanout } from '../../src/fanout/run/next.ts';
import type { FanoutJob } from '../../src/fanout/run/on-record.ts';
import { hold, type Traffic } from '../../src/fanout/run/traffic.ts';
import { turnOf } from '../../src/fanout/run/turn.ts';
import type { Scene } from '../../src/jobs/kind.ts';
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

function planOf(strategy: string, serial = false): RunPlan {
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
  const each = lanes.map((lane) => ({ ...wave, name: lane.id, lanes: [lane] }));
  return { ...plan, strategy: read, waves: serial ? each : [wave] };
}

/** `alone`: done, and nothing was held, for nothing else served. */
type Result = 'done' | 'failed' | 'again' | 'open' | 'alone';

function stepOf(id: string, how: Result): StepRecord {
  const objects = [{ cluster: 'east', ...DEPLOYMENT, name: 'shop' }];
  const step = { id, attempt: 1, fence: 1, intent: { text: id, objects } };
  if (how === 'open') return step;
  const data = how === 'alone' ? { data: { held: [] } } : {};
  const kind = how === 'failed' ? how : 'done';
  const record = { ...step, result: { kind, text: '', ...data } } as const;
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

test('what is begun goes on, whoever else may be held: its hold would stay for ever', () => {
  const job = jobOf('{order: parallel}', {
    'hold east': 'again',
    'hold west': 'done',
    'acknowledge west': 'done',
    'quiet west': 'done',
    'apply west 1': 'done',
    'gate west': 'done',
    'release west': 'open',
  });
  const waves = job.plan.waves.map((wave) => ({ ...wave, concurrency: 1 }));
  expect(nextOfFanout({ ...job, plan: { ...job.plan, waves } }).run).toEqual(['release west']);
});

function laneOf({ plan }: FanoutJob, id: string): Lane {
  const found = lanesOf(plan).find((lane) => lane.id === id);
  if (!found) throw new Error(`no lane ${id}`);
  return found;
}

/** West is held. */
function trafficWith(weights: Readonly<Record<string, number>>) {
  const servers = CLUSTERS.map((from, index) => ({
    address: `10.0.0.${index}:80`,
    weight: weights[from] ?? 10,
    from,
  }));
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  return {
    upstream: () => ({ app: 'shop', servers, policy }),
    pods: () => new Map(CLUSTERS.map((name) => [name, 2])),
    holdsOf: () => ['j.west.shop'],
  };
}

test('what is held, and has not begun again, is not waited for', () => {
  const east = laneOf(AGAIN, 'east');
  const traffic = trafficWith({});
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

// Seed 2086 of the simulation: west was about to be held when Redis was lost; its hold stands, its step is open.
test('what is held from before, and of a later wave, is not waited for', async () => {
  const job = {
    ...jobOf('{order: serial}', { 'hold east': 'open', 'hold west': 'open' }),
    plan: planOf('{order: serial}', true),
  };
  const east = laneOf(job, 'east');
  expect(turnOf(job, east, { waitedMs: 0 }, trafficWith({}))).toBeUndefined();
  const traffic = trafficWith({ west: 0 }) as unknown as Traffic;
  expect(await hold(job, east, { term: 1 } as Scene, traffic)).toMatchObject({
    kind: 'done',
    text: 'not shop: nothing else serves it',
  });
  const beside = { ...job, plan: planOf('{order: parallel}') };
  expect(await hold(beside, east, { term: 1 } as Scene, traffic)).toMatchObject({ kind: 'wait' });
});

// Seed 1054: from a doubted journal nobody knows which lanes are still held; a person had drained the third.
test('on the way back from a doubt the next one asks for its turn beside one that waits for it', () => {
  const steps = {
    'hold east': 'done',
    'apply east 0': 'done',
    'hold west': 'done',
    'apply west 1': 'done',
    'hold-again west': 'open',
  } as const;
  const job = { ...jobOf('{order: parallel}', steps), aborted: ANN, doubted: true } as const;
  expect(nextOfFanout(job).run).toEqual(['hold-again west', 'hold-again east']);
  const held = {
    ...job,
    steps: { ...job.steps, 'hold-again west': stepOf('hold-again west', 'done') },
  };
  expect(nextOfFanout(held).run).toEqual(['acknowledge-again west']);
});

// Seeds 7843 and 5173: the journal was put back to before a hold was answered, and the hold stands.
test('tried again, who was asking goes first, and who holds nothing last', () => {
  const steps = { 'hold east': 'again', 'hold west': 'open' } as const;
  expect(nextOfFanout(jobOf('{order: parallel}', steps)).run).toEqual(['hold west']);
  const job = jobOf('{order: parallel}', { 'hold east': 'alone', 'hold west': 'again' });
  const east = job.steps['hold east'];
  if (!east) throw new Error('no step');
  const again = { ...job, steps: { ...job.steps, 'hold east': { ...east, again: ANN } } };
  expect(nextOfFanout(again).run).toEqual(['hold west']);
});

// Seed 6586: east served alone when it was written; without it nothing serves until west is given back.
test('on the way back what was never held comes last', () => {
  const steps = {
    'hold east': 'alone',
    'apply east 0': 'done',
    'hold west': 'done',
    'apply west 1': 'done',
  } as const;
  const job = { ...jobOf('{order: parallel}', steps), aborted: ANN };
  expect(nextOfFanout(job).run).toEqual(['undo west 1']);
  const doubted = { ...job, doubted: true } as const;
  expect(nextOfFanout(doubted).run).toEqual(['hold-again west']);
});

// Seed 9166: given up half-way it was taken for done, and the hold stayed behind the end of its job.
test('on the way back what is under way goes on, also where all is tried again', () => {
  const steps = {
    'hold east': 'again',
    'apply east 0': 'again',
    'hold-again east': 'again',
    'undo east 0': 'again',
    'gate-again east': 'again',
    'release-again east': 'open',
  } as const;
  const job = { ...jobOf('{order: parallel}', steps), aborted: ANN, doubted: true } as const;
  expect(nextOfFanout(job).run).toEqual(['release-again east']);
});

test('an approval is of a wave by its name, and one that was given by its place counts', () => {
  const job = jobOf('{order: parallel}', {});
  const waves = job.plan.waves.map((wave) => ({ ...wave, approval: 'before' as const }));
  const asking = { ...job, plan: { ...job.plan, waves } };
  const asks = 'before wave all';
  expect(nextOfFanout(asking)).toMatchObject({ asks, why: 'before wave all (east, west)' });
  for (const said of [asks, 'before 0']) {
    expect(nextOfFanout({ ...asking, approvals: { [said]: ANN } }).run).toEqual(['hold east']);
  }
});
