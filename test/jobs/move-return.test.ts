// A move that is called off when something of its source is gone already: it comes again, requests return,
// and only then what had come to the destination goes.

import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { BallastError } from '../../src/errors.ts';
import { until } from '../controlplane/until.ts';
import { asItWas, begin, type Own } from './moving.ts';
import { untilState } from './process.ts';

const METADATA = { name: 'shop', namespace: 'prod' };
const no = { verdict: 'fail', text: 'not today' } as const;

/** All of the source is gone, and nothing of the move is left but its end. */
async function atTheEnd(...own: Own) {
  let before = {};
  const moving = await begin(
    (its) => {
      its.ledgers.answers = { metadata: no };
      before = its.forms('east');
    },
    ...own,
  );
  const { fleet, process, id } = moving;
  await until('it is deleted', () => process.waitsFor(id, 'shop:finish'));
  expect(fleet.weights()).toEqual({ west: 400, vm: 100 });
  return { ...moving, before };
}

test('after the last deletion: everything comes again, and the mark goes', async () => {
  const { fleet, journal, id, say, before } = await atTheEnd();
  fleet.said.length = 0;
  await say('abort');
  await untilState(journal, id, 'RolledBack');
  expect(fleet.said).toEqual([
    'east 100 west 300 vm 100',
    'east 200 west 200 vm 100',
    'east 300 west 100 vm 100',
    'east 360 west 40 vm 100',
    'east 380 west 20 vm 100',
    'east 40 west 0 vm 10',
    'east 40 west 0 vm 10',
  ]);
  const { east = [], west = [] } = fleet.writes();
  expect(east.slice(-4)).toEqual([
    'create Service prod/shop',
    'create Deployment prod/shop',
    'create Ingress prod/shop',
    'create HorizontalPodAutoscaler prod/shop',
  ]);
  expect(west.slice(-7).every((line) => line.startsWith('remove '))).toBe(true);
  expect(fleet.forms('east')).toEqual(before);
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

test.each(['delete.7', 'delete.6', 'delete.4', 'delete.3'])('an abort at %s', async (step) => {
  let before = {};
  const aborted = Promise.withResolvers<unknown>();
  const moving = await begin((its, at) => {
    before = its.forms('east');
    at.set(`shop:${step}`, () => aborted.resolve(moving.say('abort')));
  });
  const { fleet, journal, id } = moving;
  await aborted.promise;
  await untilState(journal, id, 'RolledBack');
  expect(fleet.forms('east')).toEqual(before);
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

test('the mark that it moved ends with it', async () => {
  const { fleet, journal, id, say } = await atTheEnd();
  const { room } = fleet.ledgers;
  const release = room.release.bind(room);
  room.release = async () => {
    throw new BallastError('redis-unavailable', 'it is away');
  };
  fleet.ledgers.answers = {};
  await until('it is marked', () => fleet.ledgers.moved.length > 0 && fleet.holds.size === 0);
  await say('abort');
  await until('it goes home', async () => (await journal.read(id))?.steps['shop:return.ready']);
  room.release = release;
  await untilState(journal, id, 'RolledBack');
  asItWas(fleet);
});

test('another of that name at the source is a person’s: everything stays', async () => {
  const { fleet, journal, id, say } = await atTheEnd();
  const other = { apiVersion: 'v1', kind: 'Service', metadata: METADATA, spec: { ports: [] } };
  fleet.cluster('east').applyAs('kubectl', other as KubernetesObject);
  await say('abort');
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('Service prod/shop in east is another one now');
  expect(fleet.weights()).toEqual({ west: 400, vm: 100 });
  expect(fleet.objectsIn('west')).toHaveLength(7);
});

test('a source that is not ready again, or does not serve well: the destination stays', async () => {
  const late = await atTheEnd({}, { deadlineSeconds: 3 });
  late.fleet.unseen.set('east', 'not-routed');
  await late.say('abort');
  const job = await untilState(late.journal, late.id, 'Blocked');
  expect(job.why).toContain('return.ready: east: not-routed after 3 s');
  expect(late.fleet.objectsIn('west')).toHaveLength(7);
  late.fleet.unseen.clear();
  late.fleet.failing = 'east';
  late.fleet.failsAt = 1;
  await late.say('retry');
  await until('its requests fail', async () => {
    const now = await late.journal.read(late.id);
    return now?.state === 'Blocked' && now.why.includes('return.75');
  });
  expect(late.fleet.weights()).toEqual({ east: 100, west: 300, vm: 100 });
  late.fleet.failsAt = 0;
  await late.say('retry');
  await untilState(late.journal, late.id, 'RolledBack');
  asItWas(late.fleet);
});

test('who still asks the destination: nothing of it goes', async () => {
  const { fleet, journal, process, id, say } = await atTheEnd({}, { drainSeconds: 3000 });
  fleet.astray = 'west';
  await say('abort');
  await until('it waits', () =>
    process.waitsFor(id, 'shop:return.drain')?.includes('more requests'),
  );
  expect(fleet.objectsIn('west')).toHaveLength(7);
  fleet.astray = undefined;
  fleet.ledgers.answers = { 'no-callers': no };
  await until('it waits', () => process.waitsFor(id, 'shop:back.7')?.includes('not today'));
  expect(fleet.ledgers.asked.findLast(([name]) => name === 'no-callers')?.[1]).toMatchObject({
    from: 'west',
    to: 'east',
  });
  fleet.astray = 'west';
  fleet.ledgers.answers = {};
  await until('it waits', () => process.waitsFor(id, 'shop:back.7')?.includes('more requests'));
  expect(fleet.objectsIn('west')).toHaveLength(7);
  fleet.astray = undefined;
  await untilState(journal, id, 'RolledBack');
  asItWas(fleet);
});

test('callers without an edge: a person consents to the end of each copy', async () => {
  const { fleet, journal, id, say } = await begin(undefined, {}, { callers: 'others' });
  await untilState(journal, id, 'WaitingApproval');
  fleet.ledgers.answers = { metadata: no };
  await say('approve');
  await until('it is deleted', async () => (await journal.read(id))?.steps['shop:finish']);
  await say('abort');
  const asking = await until('it asks again', async () => {
    const job = await journal.read(id);
    return job?.asks === 'delete shop in west' ? job.why : undefined;
  });
  expect(asking).toContain('approve that west loses shop');
  expect(fleet.objectsIn('west')).toHaveLength(7);
  await say('approve');
  await untilState(journal, id, 'RolledBack');
  asItWas(fleet);
});

test('what somebody else changes of what came again blocks', async () => {
  const { fleet, journal, id, say, at } = await atTheEnd();
  const spec = { maxReplicas: 20 };
  const scaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
  at.set('shop:return.25', () =>
    fleet
      .cluster('east')
      .applyAs('kubectl', { ...scaler, metadata: METADATA, spec } as KubernetesObject),
  );
  await say('abort');
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('HorizontalPodAutoscaler prod/shop in east was changed by somebody');
  expect(fleet.objectsIn('west')).toHaveLength(7);
});

test('a deletion that failed half-way and was tried again: its pods come back as they were', async () => {
  let before = {};
  const { fleet, journal, id, say } = await begin((its) => {
    before = its.forms('east');
    const east = its.cluster('east');
    const remove = east.remove.bind(east);
    east.remove = async (ref, expected) =>
      ref.kind === 'Deployment'
        ? { ok: false, code: 'refused', status: 403, text: 'forbidden' }
        : remove(ref, expected);
  });
  await untilState(journal, id, 'Blocked');
  await say('retry');
  await until('it was tried again', async () => {
    const { attempt, result } = (await journal.read(id))?.steps['shop:delete.4'] ?? {};
    return attempt === 2 && result;
  });
  // Of a third one not even the proof is there.
  const spec = { progressDeadlineSeconds: 60 };
  const workload = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA };
  fleet.cluster('east').applyAs('kubectl', { ...workload, spec } as KubernetesObject);
  await say('retry');
  await until('it is changed', async () =>
    (await journal.read(id))?.steps['shop:delete.4']?.result?.text.includes('was changed since'),
  );
  await say('abort');
  await untilState(journal, id, 'RolledBack');
  const now = fleet.forms('east') as Record<string, string>;
  expect({ ...now, 'Deployment shop': '' }).toEqual({ ...before, 'Deployment shop': '' });
  asItWas(fleet);
});
