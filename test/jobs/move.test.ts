// A migration's job on clusters in memory: what comes, what goes over, what leaves, the way back from each
// step, and what somebody else changes meanwhile.

import { expect, onTestFinished, test } from 'vitest';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { until } from '../controlplane/until.ts';
import { PASSWORD } from '../migration/plan/plan-world.ts';
import { memoryStage } from './memory-stage.ts';
import { MoveFleet } from './move-fleet.ts';
import { asItWas, begin } from './moving.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

test('online: objects come, weights go over step by step, the source leaves', async () => {
  const { journal, fleet, id, process } = await begin();
  const job = await untilState(journal, id, 'Done');
  expect(fleet.said).toEqual([
    'east 40 west 0 vm 10',
    'east 380 west 20 vm 100',
    'east 360 west 40 vm 100',
    'east 300 west 100 vm 100',
    'east 200 west 200 vm 100',
    'east 100 west 300 vm 100',
    'east 0 west 400 vm 100',
    'east 0 west 40 vm 10',
  ]);
  expect(fleet.writes()).toEqual({
    west: [
      'create ConfigMap prod/shop',
      'create Secret prod/shop',
      'create Service prod/shop',
      'create Deployment prod/shop',
      'create PodDisruptionBudget prod/shop',
      'create Ingress prod/shop',
      'create HorizontalPodAutoscaler prod/shop',
    ],
    east: [
      'remove HorizontalPodAutoscaler prod/shop',
      'remove Ingress prod/shop',
      'update Deployment prod/shop',
      'remove Deployment prod/shop',
      'remove Service prod/shop',
    ],
  });
  expect(fleet.holds.size).toBe(0);
  expect(fleet.ledgers.bookings.size).toBe(0);
  expect(fleet.ledgers.moved).toEqual([
    { app: 'shop', namespace: 'prod', from: 'east', to: 'west' },
  ]);
  const secret = PASSWORD;
  expect(JSON.stringify([job, process.notes])).not.toContain(secret);
  const secretThere = fleet
    .cluster('west')
    .all()
    .find(({ kind }) => kind === 'Secret');
  expect(secretThere?.['data']).toEqual({ password: secret });
});

const STEPS = [
  'preflight',
  'reserve',
  ...[1, 2, 3, 4, 5, 6].map((step) => `apply.${step}`),
  'ready',
  'late.7',
  ...[5, 10, 25, 50, 75, 100].map((percent) => `shift.${percent}`),
  'bake',
  'drain',
];

test.each(STEPS)('an abort at %s: objects and weights are as before', async (step) => {
  let before = {};
  const aborted = Promise.withResolvers<unknown>();
  const moving = await begin((fleet, at) => {
    before = fleet.forms('east');
    at.set(`shop:${step}`, () => aborted.resolve(moving.say('abort')));
  });
  const { fleet, journal, id } = moving;
  await aborted.promise;
  await untilState(journal, id, 'RolledBack');
  expect(fleet.forms('east')).toEqual(before);
  expect(fleet.writes()['east']).toEqual([]);
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

test('what was taken over is given back as it was', async () => {
  const other = { apiVersion: 'v1', kind: 'ConfigMap' };
  const metadata = { name: 'shop', namespace: 'prod', labels: { team: 'a' } };
  let before = {};
  const aborted = Promise.withResolvers<unknown>();
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  fleet.cluster('west').applyAs('kubectl', { ...other, metadata, data: { a: '0', b: '2' } });
  before = fleet.forms('west');
  const process = startMoves(fleet, journal);
  onTestFinished(await serve(process, await term()));
  const refused = await process.create(fleet.draft({ adopt: true }));
  await until('weights move', () => fleet.weights()['west'] !== 0 && fleet.weights()['west']);
  expect(fleet.cluster('west').look({ ...other, namespace: 'prod', name: 'shop' })).toMatchObject({
    data: { a: '1' },
  });
  aborted.resolve(await process.command(refused.id, { name: 'abort', who: 'ann' }));
  await untilState(journal, refused.id, 'RolledBack');
  expect(fleet.forms('west')).toEqual(before);
  asItWas(fleet);
  expect(fleet.wrongs).toEqual([]);
});

const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap' };
const OTHER = { name: 'shop', namespace: 'prod' };
const edit = (object: object): KubernetesObject => object as KubernetesObject;

test('a foreign edit at the destination blocks, and is not overwritten', async () => {
  const { fleet, journal, id, say } = await begin((its, at) => {
    at.set('shop:shift.25', () =>
      its
        .cluster('west')
        .applyAs('kubectl', edit({ ...CONFIG, metadata: OTHER, data: { a: 'theirs' } })),
    );
  });
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('ConfigMap prod/shop in west was changed by somebody else');
  expect(fleet.weights()).toEqual({ east: 300, west: 100, vm: 100 });
  expect(fleet.cluster('west').look({ ...CONFIG, ...OTHER })).toMatchObject({
    data: { a: 'theirs' },
  });
  expect(fleet.writes()['east']).toEqual([]);
  await say('abort');
  await untilState(journal, id, 'RolledBack');
  asItWas(fleet);
});

test('an object that is another one now blocks', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:shift.10', async () => {
      const west = its.cluster('west');
      const live = west.look({ ...CONFIG, ...OTHER });
      if (!live) throw new Error('it is not there');
      const { uid = '', resourceVersion = '' } = live.metadata as Record<string, string>;
      await west.remove({ ...CONFIG, ...OTHER }, { uid, resourceVersion });
      west.applyAs('kubectl', edit({ ...CONFIG, metadata: OTHER, data: { a: '1' } }));
    });
  });
  expect((await untilState(journal, id, 'Blocked')).why).toContain('is another one now');
  expect(fleet.writes()['east']).toEqual([]);
});

test('weights that somebody else moved block', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:shift.25', () => (its.override = { west: 7 }));
  });
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('west is published with 14, and is to have 100');
  expect(fleet.writes()['east']).toEqual([]);
  expect(fleet.holds.size).toBe(4);
});

test('a source that was changed since the beginning is not deleted', async () => {
  const SCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
  const { fleet, journal, id } = await begin((its, at) => {
    const spec = { maxReplicas: 20 };
    at.set('shop:bake', () =>
      its.cluster('east').applyAs('kubectl', edit({ ...SCALER, metadata: OTHER, spec })),
    );
  });
  const job = await untilState(journal, id, 'Blocked');
  expect(job.steps['shop:delete.7']?.result?.text).toContain('was changed since');
  expect(fleet.writes()['east']).toEqual([]);
});

test('what was changed since the plan is refused, and nothing is touched', async () => {
  const { fleet, journal, id } = await begin((its) => {
    its
      .cluster('east')
      .applyAs('kubectl', edit({ ...CONFIG, metadata: OTHER, data: { a: 'newer' } }));
  });
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:preflight']?.result?.text).toContain('ConfigMap prod/shop changed since');
  expect([fleet.writes(), fleet.said]).toEqual([{ east: [], west: [] }, []]);
});

test('another’s object of that name stops it, and what came goes', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:apply.1', () =>
      its
        .cluster('west')
        .applyAs('kubectl', edit({ ...CONFIG, metadata: OTHER, data: { b: '1' } })),
    );
  });
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:apply.1']?.result?.text).toContain('is another’s');
  expect(
    fleet
      .cluster('west')
      .all()
      .map(({ kind }) => kind),
  ).toEqual(['ConfigMap']);
  asItWas(fleet);
});
