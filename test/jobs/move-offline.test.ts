// A source whose API is dead: its app comes from a backup, nothing of it is deleted, and it is owed.

import { expect, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import { until } from '../controlplane/until.ts';
import { PASSWORD } from '../migration/plan/plan-world.ts';
import { begin } from './moving.ts';
import { untilState } from './process.ts';

const dead = new CallFailure({ text: 'connection refused', scope: 'cluster' });

test('objects come from the backup, weights go over, and what is left is owed', async () => {
  const { fleet, journal, id, process } = await begin((its) => (its.cluster('east').down = dead), {
    mode: 'offline',
  });
  const job = await untilState(journal, id, 'Done');
  expect(job.why).toBe('the source still has what was moved');
  expect(fleet.writes()['west']).toHaveLength(7);
  expect(fleet.traces()).toEqual([]);
  const secret = fleet
    .cluster('west')
    .all()
    .find(({ kind }) => kind === 'Secret');
  expect(secret?.['data']).toEqual({ password: PASSWORD });
  expect(JSON.stringify([job, process.notes])).not.toContain(PASSWORD);
  expect(fleet.said.at(-2)).toBe('east 0 west 400 vm 100');
  expect(fleet.ledgers.owed).toMatchObject([
    {
      app: 'shop',
      cluster: 'east',
      objects: [
        { kind: 'HorizontalPodAutoscaler' },
        { kind: 'Ingress' },
        { kind: 'Deployment' },
        { kind: 'Service' },
      ],
    },
  ]);
  const uids = fleet.ledgers.owed[0]?.objects.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(4);
  expect(fleet.holds.size).toBe(0);
  expect(fleet.ledgers.moved).toHaveLength(1);
  expect(Object.keys(job.steps).filter((step) => step.includes('delete'))).toEqual([]);
});

test('there is no way back: what fails, or is aborted, stays as it is for a person', async () => {
  const failing = await begin(
    (its) => {
      its.cluster('east').down = dead;
      its.failsAt = 1;
    },
    { mode: 'offline' },
  );
  const job = await untilState(failing.journal, failing.id, 'Blocked');
  expect(job.why).toContain('shop: shift.5: all edges');
  expect(failing.fleet.objectsIn('west')).toHaveLength(7);
  expect(failing.fleet.holds.size).toBe(4);
  await failing.say('abort');
  await until('it stays', async () => (await failing.journal.read(failing.id))?.aborted);
  const aborted = await untilState(failing.journal, failing.id, 'Blocked');
  expect(aborted.aborted?.who).toBe('ann');
  expect(failing.fleet.objectsIn('west')).toHaveLength(7);
  expect(failing.fleet.ledgers.owed).toEqual([]);
  // Whoever thinks better of it.
  failing.fleet.failsAt = 0;
  await failing.say('retry');
  expect((await untilState(failing.journal, failing.id, 'Done')).aborted).toBeUndefined();
  expect(failing.fleet.ledgers.owed).toHaveLength(1);
});

test('one that was only aborted goes on, too', async () => {
  const said = Promise.withResolvers<unknown>();
  const moving = await begin(
    (its, at) => {
      its.cluster('east').down = dead;
      at.set('shop:shift.25', () => said.resolve(moving.say('abort')));
    },
    { mode: 'offline' },
  );
  const { fleet, journal, id, say } = moving;
  await said.promise;
  await untilState(journal, id, 'Blocked');
  expect([fleet.holds.size, fleet.objectsIn('west').length]).toEqual([4, 7]);
  await say('retry');
  await untilState(journal, id, 'Done');
  expect(fleet.ledgers.owed).toHaveLength(1);
});
