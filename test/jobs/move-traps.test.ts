// What holds a migration, takes it back or asks a person: none of it deletes anything.

import { expect, onTestFinished, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import { BallastError } from '../../src/errors.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import type { Hold } from '../../src/model.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { MoveFleet } from './move-fleet.ts';
import { asItWas, begin, type Own } from './moving.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

test('checks that fail in a row take it back', async () => {
  const { fleet, journal, id } = await begin((its) => (its.failsAt = 1));
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:shift.5']?.result?.text).toContain('requests failed: 3 checks in a row');
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

test('pods that are never ready take it back at the deadline', async () => {
  const { fleet, journal, id } = await begin(
    (its) => its.unseen.set('west', 'not-routed'),
    {},
    { deadlineSeconds: 3 },
  );
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:ready']?.result?.text).toContain('not-routed after 3 s');
  asItWas(fleet);
});

/** It comes so far and no further, however long it is waited for. */
async function staysAt(
  step: string,
  text: string,
  prepare: Parameters<typeof begin>[0],
  ...own: Own
) {
  const moving = await begin(prepare, ...own);
  const { fleet, process, id } = moving;
  await until(`${step} waits`, () => process.waitsFor(id, `shop:${step}`)?.includes(text));
  expect(fleet.writes()['east']).toEqual([]);
  return moving;
}

test('no word of an edge is no yes: it holds, and goes on when it speaks', async () => {
  const { fleet, journal, id } = await staysAt('shift.25', 'edge-2', (its, at) => {
    at.set('shop:shift.25', () => its.silent.add('edge-2'));
  });
  fleet.silent.clear();
  await untilState(journal, id, 'Done');
});

test('no edges: nothing begins; none any more: nothing goes on', async () => {
  const { journal, id } = await begin((its) => (its.edgeNames = []));
  expect((await untilState(journal, id, 'Failed')).steps['shop:preflight']?.result?.text).toContain(
    'no edge',
  );
  await staysAt('drain', 'no edge', (its, at) => {
    at.set('shop:drain', () => (its.edgeNames = []));
  });
});

test('requests under way at the source: it waits, then a person is asked', async () => {
  const { fleet, journal, id } = await begin(
    (its, at) => at.set('shop:drain', () => (its.underWay = 2)),
    {},
    { drainSeconds: 3 },
  );
  const job = await untilState(journal, id, 'Blocked');
  expect(job.steps['shop:drain']?.result?.text).toContain('requests under way');
  expect(fleet.writes()['east']).toEqual([]);
});

test('a destination that is not ready any more: nothing is deleted', async () => {
  const { fleet, journal, id } = await staysAt('delete.7', 'west: stale', (its, at) => {
    at.set('shop:drain', () => its.unseen.set('west', 'stale'));
  });
  fleet.unseen.clear();
  await untilState(journal, id, 'Done');
});

test('pollers of another kind, and callers without an edge: a person consents, or a hook', async () => {
  const poller = await staysAt('delete.7', 'legacy polled', (its) => {
    its.poller = 'legacy polled weights 5 s ago';
  });
  const asking = await untilState(poller.journal, poller.id, 'WaitingApproval');
  expect([asking.asks, asking.why]).toEqual([
    'delete shop',
    'legacy polled weights 5 s ago: approve that east loses shop',
  ]);
  await poller.say('approve');
  await untilState(poller.journal, poller.id, 'Done');

  const others = await staysAt('delete.7', 'without an edge', undefined, {}, { callers: 'others' });
  // The way back is open until then.
  await others.say('abort');
  await untilState(others.journal, others.id, 'RolledBack');
  asItWas(others.fleet);

  const hooked = await staysAt(
    'delete.7',
    'somebody calls',
    (its) => {
      its.ledgers.answers = { 'no-callers': { verdict: 'fail', text: 'somebody calls' } };
    },
    {},
    { callers: 'others' },
  );
  hooked.fleet.ledgers.answers = { 'no-callers': { verdict: 'pass', text: 'nobody' } };
  await untilState(hooked.journal, hooked.id, 'Done');
});

test('an edge that does not tell what it counts is no zero, before and after the drain', async () => {
  const shifting = await staysAt('shift.25', 'edge-2 has not told', (its, at) => {
    at.set('shop:shift.25', () => its.mute.add('edge-2'));
  });
  shifting.fleet.mute.clear();
  await untilState(shifting.journal, shifting.id, 'Done');
  const draining = await staysAt('drain', 'edge-2 has not told', (its, at) => {
    at.set('shop:drain', () => its.mute.add('edge-2'));
  });
  draining.fleet.mute.clear();
  await untilState(draining.journal, draining.id, 'Done');
});

/** All is proved but that a person consents. */
const beforeConsent = () =>
  staysAt('delete.7', 'legacy', (its) => {
    its.poller = 'legacy polled weights 5 s ago';
  });

test('who asks the source after its drain was proved: nothing is deleted', async () => {
  const { fleet, journal, process, id } = await beforeConsent();
  fleet.astray = 'east';
  fleet.poller = undefined;
  await until('it waits', () => process.waitsFor(id, 'shop:delete.7')?.includes('more requests'));
  fleet.astray = undefined;
  fleet.underWay = 1;
  await until('it waits', () => process.waitsFor(id, 'shop:delete.7')?.includes('under way'));
  expect(fleet.writes()['east']).toEqual([]);
  fleet.underWay = 0;
  await untilState(journal, id, 'Done');
});

test('holds that do not stand any more, and weights that are others: nothing is deleted', async () => {
  const { fleet, journal, process, id } = await beforeConsent();
  const [lost] = [...fleet.holds.entries()].filter(([, { kind }]) => kind === 'freeze');
  if (!lost) throw new Error('no freeze');
  fleet.holds.delete(lost[0]);
  fleet.poller = undefined;
  const waits = (text: string) =>
    until('it waits', () => process.waitsFor(id, 'shop:delete.7')?.includes(text));
  await waits('do not stand as they were said');
  fleet.override = { west: 1 };
  fleet.holds.set(...lost);
  await waits('west is published with 2');
  expect(fleet.writes()['east']).toEqual([]);
  fleet.override = {};
  await untilState(journal, id, 'Done');
});

test('hooks: no answer holds, a no refuses or takes back; the record is tried for ever', async () => {
  const unknown = { verdict: 'unknown', text: 'no answer' } as const;
  const no = { verdict: 'fail', text: 'not today' } as const;
  const before = await begin((its) => (its.ledgers.answers = { before: no }));
  await untilState(before.journal, before.id, 'Failed');
  expect(before.fleet.said).toEqual([]);
  const confirm = await staysAt('shift.5', 'no answer', (its) => {
    its.ledgers.answers = { confirm: unknown };
  });
  confirm.fleet.ledgers.answers = { gate: no };
  await untilState(confirm.journal, confirm.id, 'Failed');
  asItWas(confirm.fleet);
  const record = await begin((its) => (its.ledgers.answers = { metadata: no }));
  await until('it waits', () => record.process.waitsFor(record.id, 'shop:finish'));
  expect(record.fleet.holds.size).toBe(4);
  record.fleet.ledgers.answers = {};
  await untilState(record.journal, record.id, 'Done');
  expect(record.fleet.holds.size).toBe(0);
});

test('the last room: one waits for the other’s, and is deferred where it does not come', async () => {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const draft = fleet.draft({}, { deadlineSeconds: 3 });
  const process = startMoves(fleet, journal);
  onTestFinished(await serve(process, await confirmEdges(journal, await term())));
  const need = { pods: 5, destination: 'west', key: 'other/app', fence: 1 };
  const [app] = (draft.plan as JobPlan).apps;
  const look = app && (await fleet.look(draft.plan as JobPlan, app));
  if (!look?.need) throw new Error('no need');
  fleet.ledgers.bookings.set('other/app', { ...need, need: look.need });
  const { id } = await process.create(draft);
  await until('it waits', () => process.waitsFor(id, 'shop:reserve')?.includes('3 of 4 fit'));
  const job = await untilState(journal, id, 'Failed');
  expect(job.why).toBe('shop: no room');
  expect(fleet.said).toEqual([]);
  const again = await process.create(draft);
  await until('it waits', () => process.waitsFor(again.id, 'shop:reserve') !== undefined);
  fleet.ledgers.bookings.delete('other/app');
  await untilState(journal, again.id, 'Done');
  expect(fleet.ledgers.moved).toHaveLength(1);
});

test('after Redis was lost under it nothing is deleted', async () => {
  const stage = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const first = startMoves(fleet, stage.journal);
  const end = await serve(first, await confirmEdges(stage.journal, await stage.term()));
  fleet.poller = 'legacy';
  const { id } = await first.create(fleet.draft());
  await untilState(stage.journal, id, 'WaitingApproval');
  await end();
  await stage.restart(false);
  const stranger = startMoves(fleet, stage.journal);
  const stop = await serve(stranger, await stage.term());
  await untilState(stage.journal, id, 'Blocked');
  fleet.poller = undefined;
  await stranger.command(id, { name: 'retry', who: 'ann' });
  const job = await until('it failed', async () => {
    const now = await stage.journal.read(id);
    return now?.steps['shop:delete.7']?.result && now;
  });
  expect(job.steps['shop:delete.7']?.result?.text).toContain('Redis was lost');
  await untilState(stage.journal, id, 'Blocked');
  await stop();
  expect(fleet.writes()['east']).toEqual([]);
  expect(fleet.wrongs).toEqual([]);
});

test('nothing is deleted before a person has confirmed the list of edges; then it goes on by itself', async () => {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const process = startMoves(fleet, journal);
  onTestFinished(await serve(process, await term()));
  const { id } = await process.create(fleet.draft());
  const unknown = 'nobody has confirmed the list of edges in this Redis';
  await until('it waits', () => process.waitsFor(id, 'shop:delete.7')?.includes(unknown));
  expect(fleet.writes()['east']).toEqual([]);
  await process.confirmEdges('ann', ['edge-1']);
  await untilState(journal, id, 'Done');
  expect(fleet.writes()['east']).toContain('remove Deployment prod/shop');
  expect(fleet.wrongs).toEqual([]);
});

const pinned = (own: Partial<Hold>): Hold => {
  return { id: 'h1', app: 'shop', kind: 'pin', who: 'bob', why: 'a look', since: 1, ...own };
};
const IN_THE_WAY = 'east is published with 50, and is to have 0: pin h1 of bob stands (a look)';

test('a person’s hold against a drain: it is named, waited for, and then a person is asked', async () => {
  const words = [pinned({ server: '10.1.0.1:80', weight: 50 })];
  const patient = { intervalSeconds: 20 };
  const { fleet, journal, process, id } = await staysAt(
    'drain',
    IN_THE_WAY,
    (its, at) => at.set('shop:drain', () => (its.words = words)),
    {},
    patient,
  );
  expect(process.waits(id)).toEqual([`shop:drain: ${IN_THE_WAY}`]);
  fleet.words = [];
  await untilState(journal, id, 'Done');

  const stuck = await begin((its, at) => at.set('shop:drain', () => (its.words = words)));
  const job = await untilState(stuck.journal, stuck.id, 'Blocked');
  expect(job.why).toBe(`shop:drain: ${IN_THE_WAY}`);
  expect(stuck.fleet.writes()['east']).toEqual([]);
  stuck.fleet.words = [];
  await stuck.say('retry');
  await untilState(stuck.journal, stuck.id, 'Done');
});

test('a source that a person drained first is moved from all the same', async () => {
  const words = [pinned({ kind: 'drain', cluster: 'east' })];
  const { fleet, journal, id } = await begin((its) => (its.words = words));
  await untilState(journal, id, 'Done');
  expect(fleet.said.slice(0, 2)).toEqual(['east 0 west 0 vm 10', 'east 0 west 20 vm 100']);
  expect(fleet.standing()).toEqual(words);
});

test('a person’s drain of the destination, before the source is deleted: it is waited for', async () => {
  const { fleet, journal, process, id } = await beforeConsent();
  fleet.words = [pinned({ kind: 'drain', cluster: 'west' })];
  fleet.poller = undefined;
  const text = 'west is published with 0, and is to have 400: drain h1 of bob stands (a look)';
  await until('it waits', () => process.waits(id).includes(`shop:delete.7: ${text}`));
  expect(fleet.writes()['east']).toEqual([]);
  fleet.words = [];
  await untilState(journal, id, 'Done');
});

const away = new CallFailure({ text: 'connection refused', scope: 'cluster' });

test.each(['bake', 'delete.4'])('the source’s API drops at %s: it is waited for', async (step) => {
  const { fleet, journal, id, say } = await begin((its, at) => {
    at.set(`shop:${step}`, () => (its.cluster('east').down = away));
  });
  const { why } = await untilState(journal, id, 'Blocked');
  expect(why).toContain('no answer for a minute: connection refused');
  const before = [...(fleet.writes()['east'] ?? [])];
  if (step === 'bake') expect(before).toEqual([]);
  expect(fleet.weights()).toMatchObject({ west: 400, vm: 100 });
  fleet.cluster('east').down = undefined;
  await say('retry');
  await untilState(journal, id, 'Done');
  expect(fleet.writes()['east']).toHaveLength(5);
});

test('the destination’s API drops while weights move: they stay, and go on when it answers', async () => {
  const { fleet, journal, process, id } = await begin((its, at) => {
    at.set('shop:shift.25', () => (its.cluster('west').down = away));
  });
  await until('it waits', () => process.waitsFor(id, 'shop:shift.25')?.includes('refused'));
  expect(fleet.weights()).toEqual({ east: 300, west: 100, vm: 100 });
  fleet.cluster('west').down = undefined;
  await untilState(journal, id, 'Done');
});

test('the last server would go: the guard’s word takes it back', async () => {
  const { fleet, journal, id } = await begin((its) => {
    its.guard = (holds) => {
      if (holds.some(({ cluster, weight }) => cluster === 'east' && weight === 0))
        throw new BallastError('would-empty', 'nothing would serve shop');
    };
  });
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:shift.100']?.result?.text).toContain('nothing would serve shop');
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

test('an opposite move of the same app, and a second one, find it locked', async () => {
  const { fleet, journal, process, id } = await begin();
  const draft = fleet.draft();
  const opposite = { ...draft, clusters: ['west', 'east'], plan: { from: 'west', to: 'east' } };
  for (const other of [opposite, draft])
    await expect(process.create(other)).rejects.toMatchObject({ code: 'app-locked' });
  await untilState(journal, id, 'Done');
});
