// Parts of a fan-out's run that need no job: gates, the way an object was, closed hours, lanes.

import { describe, expect, test } from 'vitest';
import { isClosed } from '../../src/fanout/run/closed-hours.ts';
import { judge } from '../../src/fanout/run/gate.ts';
import { createUnmoved } from '../../src/fanout/run/unmoved.ts';
import { runnableOf } from '../../src/fanout/run/lanes.ts';
import { kept, renewed, restored } from '../../src/fanout/run/restore.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { ordersOf, stream } from '../jobs/fleet.ts';
import { worldOf } from './fanout-case.ts';

const object = (kind: string, spec: object, status?: object, generation = 3) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'shop', namespace: 'prod', generation },
  spec,
  ...(status && { status }),
});

describe('gate', () => {
  const good = {
    observedGeneration: 3,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    currentRevision: 'a',
    updateRevision: 'a',
  };
  test.each<[string, string, object | undefined, string]>([
    ['Deployment', 'as it is to be', good, 'passed'],
    ['Deployment', 'no status', undefined, 'waiting'],
    ['Deployment', 'seen one generation ago', { ...good, observedGeneration: 2 }, 'waiting'],
    ['Deployment', 'one not updated', { ...good, updatedReplicas: 1 }, 'waiting'],
    ['Deployment', 'one not available', { ...good, availableReplicas: 1 }, 'waiting'],
    ['Deployment', 'an old pod runs on', { ...good, replicas: 3 }, 'waiting'],
    [
      'Deployment',
      'no progress',
      { ...good, conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] },
      'failed',
    ],
    ['StatefulSet', 'as it is to be', good, 'passed'],
    [
      'StatefulSet',
      'half updated',
      { ...good, updateRevision: 'b', updatedReplicas: 1 },
      'waiting',
    ],
    [
      'Rollout',
      'healthy',
      { observedGeneration: '3', phase: 'Healthy', stableRS: 'x', currentPodHash: 'x' },
      'passed',
    ],
    [
      'Rollout',
      'the stable one is older',
      { observedGeneration: '3', phase: 'Healthy', stableRS: 'x', currentPodHash: 'y' },
      'waiting',
    ],
    ['Rollout', 'paused', { observedGeneration: '3', phase: 'Paused' }, 'waiting'],
    ['Rollout', 'degraded', { observedGeneration: '3', phase: 'Degraded' }, 'failed'],
    ['Rollout', 'healthy before', { observedGeneration: '2', phase: 'Healthy' }, 'waiting'],
    [
      'DaemonSet',
      'on every node',
      {
        observedGeneration: 3,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
      },
      'passed',
    ],
    ['DaemonSet', 'no nodes counted', { observedGeneration: 3 }, 'waiting'],
    ['Job', 'failed', { conditions: [{ type: 'Failed', status: 'True' }] }, 'failed'],
    ['ConfigMap', 'has no controller', undefined, 'passed'],
    ['constructor', 'is no kind of ours', undefined, 'passed'],
  ])('%s: %s', (kind, _, status, verdict) => {
    expect(judge(object(kind, { replicas: 2 }, status), { waitedMs: 0 }).kind).toBe(verdict);
  });

  test.each<[string, string, number, string]>([
    ['said since it was written', '2026-01-01T00:00:08Z', 0, 'failed'],
    ['said before: of the version it had then', '2026-01-01T00:00:07Z', 9000, 'waiting'],
    ['said before, and for as long again nothing moved', '2026-01-01T00:00:06Z', 10_001, 'failed'],
  ])('a workload without progress: %s', (_, lastUpdateTime, waitedMs, verdict) => {
    const spec = { replicas: 2, progressDeadlineSeconds: 10 };
    const reason = 'ProgressDeadlineExceeded';
    const conditions = [{ type: 'Progressing', reason, lastUpdateTime }];
    const managedFields = [
      { manager: 'kubectl', operation: 'Update', time: '2026-01-01T00:00:01Z' },
      { manager: 'ballast', operation: 'Apply', time: '2026-01-01T00:00:07Z' },
    ];
    for (const [kind, status] of Object.entries({
      Deployment: { ...good, availableReplicas: 1 },
      Rollout: { observedGeneration: '3', phase: 'Degraded' },
    })) {
      const live = object(kind, spec, { ...status, conditions });
      const metadata = { ...live.metadata, managedFields };
      expect(judge({ ...live, metadata }, { waitedMs }).kind, kind).toBe(verdict);
      const invalid = [...conditions, { type: 'InvalidSpec' }];
      const wrong = { ...live, metadata, status: { ...status, conditions: invalid } };
      expect(judge(wrong, { waitedMs }).kind, kind).toBe('failed');
    }
  });

  test.each<[string, string, number, string]>([
    ['not yet for long', 'NewReplicaSetAvailable', 10_000, 'waiting'],
    ['for longer than it gives itself', 'NewReplicaSetAvailable', 10_001, 'failed'],
    ['its controller counts it itself', 'ReplicaSetUpdated', 10_001, 'waiting'],
  ])('a Deployment that was complete, and does not move: %s', (_, reason, unmovedMs, verdict) => {
    const spec = { replicas: 2, progressDeadlineSeconds: 10 };
    const conditions = [{ type: 'Progressing', reason }];
    const live = object('Deployment', spec, { ...good, availableReplicas: 1, conditions });
    expect(judge(live, { waitedMs: 60_000, unmovedMs }).kind).toBe(verdict);
  });

  test('what moves is counted anew, and so is another attempt', () => {
    const unmoved = createUnmoved();
    const look = (ready: number, waitedMs: number) => unmoved.look('a', { ready }, waitedMs);
    expect([look(1, 0), look(1, 500), look(2, 900), look(2, 1000)]).toEqual([0, 500, 0, 100]);
    expect([look(2, 10), look(2, 30)]).toEqual([0, 20]);
    unmoved.forget('a');
    expect(look(2, 40)).toBe(0);
  });
});

describe('an object as it was', () => {
  const config = (data: object, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'prod', ...more },
    data,
  });

  test('old values come back, what was added goes, what others own is not touched', async () => {
    const cluster = new MemoryObjects('east');
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'prod', name: 'settings' };
    await cluster.apply(config({ a: '1', ours: 'x' }, { labels: { tier: 'front' } }));
    cluster.applyAs('kubectl', config({ theirs: 'y' }));
    const before = cluster.look(ref);
    const written = config({ a: '2', added: 'z' }, { labels: { tier: 'front', new: 'l' } });
    await cluster.apply(written);
    // What somebody does meanwhile stays.
    cluster.applyAs('kubectl', config({ theirs: 'w' }));
    if (!before) throw new Error('it is not there');
    const back = restored(before, written);
    expect(JSON.stringify(back)).not.toContain('theirs');
    await cluster.apply(back, { force: true });
    expect(cluster.look(ref)).toMatchObject({
      data: { a: '1', ours: 'x', theirs: 'w' },
      metadata: { labels: { tier: 'front' } },
    });
    expect(cluster.look(ref)?.['data']).not.toHaveProperty('added');
    expect(cluster.look(ref)?.metadata.labels).not.toHaveProperty('new');
  });

  test('of a Secret marks are kept; a deleted one comes without what a server gave it', () => {
    const secret = { ...config({ a: 'planted' }), kind: 'Secret' };
    expect(JSON.stringify(kept(secret))).not.toContain('planted');
    expect(kept({ ...config({}), status: { x: 1 } })).toEqual(config({}));
    const live = config({ a: '1' }, { uid: 'u', resourceVersion: '7', labels: { b: 'c' } });
    expect(renewed(live)).toEqual(config({ a: '1' }, { labels: { b: 'c' } }));
  });
});

describe('closed hours', () => {
  const night = [{ days: [], from: '22:00', to: '06:00', zone: 'Europe/Berlin' }];
  const weekend = [{ days: ['fri'], from: '18:00', to: '23:59', zone: 'UTC' }];
  test.each([
    [night, '2026-01-15T20:59:00Z', false],
    [night, '2026-01-15T21:00:00Z', true],
    [night, '2026-01-16T04:59:00Z', true],
    [night, '2026-01-16T05:00:00Z', false],
    [weekend, '2026-01-16T18:30:00Z', true],
    [weekend, '2026-01-15T18:30:00Z', false],
    [[{ ...night[0], days: ['fri'], zone: 'UTC' }], '2026-01-17T03:00:00Z', true],
    [[{ ...night[0], days: ['fri'], zone: 'UTC' }], '2026-01-16T03:00:00Z', false],
    [[], '2026-01-16T03:00:00Z', false],
  ])('%j at %s', (hours, at, closed) => {
    expect(isClosed(hours as typeof night, new Date(at)) !== undefined).toBe(closed);
  });
});

describe('lanes', () => {
  const wavesOf = (replicas: Readonly<Record<string, number>>, text: string) => {
    const live = Object.entries(replicas).map(([name, count]) => ({
      name,
      live: [
        {
          object: {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: {
              name: 'shop',
              namespace: 'prod',
              uid: `u-${name}`,
              labels: { 'ballast.io/fan-out': 'release' },
            },
            spec: { replicas: count },
          },
        },
      ],
    }));
    const orders = ordersOf(text);
    const apps = { list: [], label: 'ballast.io/app' };
    const plan = planFanout(orders, worldOf(live), { ...USUAL, apps });
    const runnable = runnableOf(plan, orders.strategy);
    if (!runnable.ok) throw new Error(runnable.faults.join('\n'));
    return runnable.run.waves;
  };
  const lanesOf = (...told: Parameters<typeof wavesOf>): string[] =>
    wavesOf(...told).flatMap(({ lanes }) => lanes.map(({ id }) => id));

  test('what goes down while it goes up elsewhere comes behind everything', () => {
    const divided = stream('v2').replace(
      'clusters: [east, west, north]',
      'clusters: [east, west, north], replicas: {total: 6}',
    );
    expect(lanesOf({ east: 6, west: 0, north: 0 }, divided)).toEqual([
      'east',
      'west',
      'north',
      'east.down',
    ]);
    expect(lanesOf({ east: 2, west: 2, north: 2 }, divided)).toEqual(['east', 'west', 'north']);
  });

  test('of what comes last in a wave as many clusters may fail as the wave says', () => {
    const strategy =
      '{order: waves, waves: [{name: first, clusters: [east], maxFailures: 1}, {clusters: [west, north]}]}';
    const divided = stream('v2', strategy).replace(
      'clusters: [east, west, north]',
      'clusters: [east, west, north], replicas: {total: 6}',
    );
    const waves = wavesOf({ east: 6, west: 0, north: 0 }, divided);
    expect(waves.map(({ name, maxFailures }) => [name, maxFailures])).toEqual([
      ['first', 1],
      ['2', 0],
      ['first, down', 1],
    ]);
  });
});
