// Which app a workload is: by Services of the stream and of the clusters, and by what the configuration says.

import { describe, expect, test } from 'vitest';
import { appNames, type Placed } from '../../src/fanout/plan/app-of.ts';
import type { Manifest } from '../../src/fanout/model.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { type AppNaming, USUAL } from '../../src/fanout/plan/world.ts';
import { runnableOf } from '../../src/fanout/run/lanes.ts';
import { ordersOf, stream } from '../jobs/fleet.ts';
import { worldOf } from './fanout-case.ts';

const LABEL = 'ballast.io/app';
const NAMING: AppNaming = { list: [], label: LABEL };

function service(name: string, app: string | undefined, namespace = 'prod'): Manifest {
  const labels = app === undefined ? {} : { [LABEL]: app };
  const spec = { selector: { app: 'web' } };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec };
}

function workload(namespace = 'prod', kind = 'Deployment'): Placed {
  const template = { metadata: { labels: { app: 'web', tier: 'front' } } };
  const metadata = { name: 'web-server', namespace };
  return { object: { apiVersion: 'apps/v1', kind, metadata, spec: { template } }, namespace };
}

const placed = (object: Manifest): Placed => ({ object, namespace: 'prod' });

describe('the apps of a workload', () => {
  test('by the Service of the stream, or of the cluster; the stream’s stands for the same one there', () => {
    expect(appNames([placed(service('web', 'shop'))], NAMING)(workload())).toEqual(['shop']);
    expect(appNames([], NAMING, [service('web', 'shop')])(workload())).toEqual(['shop']);
    const both = appNames([placed(service('web', 'new'))], NAMING, [service('web', 'old')]);
    expect(both(workload())).toEqual(['new']);
  });

  test('none by its own name, by a Service of no app, or of another namespace', () => {
    expect(appNames([], NAMING)(workload())).toEqual([]);
    const others = [service('web', undefined), service('web', 'shop', 'stage')];
    expect(appNames([], NAMING, others)(workload())).toEqual([]);
    expect(appNames([], NAMING, others)(workload('stage'))).toEqual(['shop']);
    expect(appNames([], NAMING, [service('web', 'shop')])(workload('prod', 'ConfigMap'))).toEqual(
      [],
    );
  });

  test('as the configuration tells them: by Services, by pods; what is told is nowhere else', () => {
    const told = (source: object): AppNaming => ({
      ...NAMING,
      sources: [{ app: 'shop', services: [], ...source }],
    });
    const services = [{ namespace: 'prod', name: 'web' }];
    const live = [service('web', undefined)];
    expect(appNames([], told({ services }), live)(workload())).toEqual(['shop']);
    const pods = [{ namespace: 'prod', selector: 'tier in (front, back)' }];
    expect(appNames([], told({ pods }))(workload())).toEqual(['shop']);
    expect(appNames([], told({ pods }))(workload('stage'))).toEqual([]);
    expect(appNames([], told({ pods }), [service('other', 'shop')])(workload())).toEqual(['shop']);
    expect(appNames([], told({}), [service('other', 'shop')])(workload())).toEqual([]);
  });
});

const CLUSTERS = ['east', 'west', 'north'];
const withoutService = (): string =>
  stream('v2')
    .split('---\n')
    .filter((one) => !one.includes('kind: Service'))
    .join('---\n');

function planned(services: readonly Manifest[]) {
  const orders = ordersOf(withoutService());
  const [first, ...others] = worldOf(CLUSTERS.map((name) => ({ name, live: [] }))).clusters;
  if (!first) throw new Error('no cluster');
  const world = { clusters: [{ ...first, services }, ...others] };
  const plan = planFanout(orders, world, { ...USUAL, apps: NAMING });
  return { plan, runnable: () => runnableOf(plan, orders.strategy) };
}

describe('a stream without the Service', () => {
  const selecting = (name: string, app: string): Manifest => {
    return { ...service(name, app), spec: { selector: { app: 'shop' } } };
  };

  test('the Service that lives there says which app is drained', () => {
    const runnable = planned([selecting('live', 'front')]).runnable();
    if (!runnable.ok) throw new Error(runnable.faults.join());
    expect(runnable.apps).toEqual(['front']);
    for (const { holds } of runnable.run.waves.flatMap(({ lanes }) => lanes))
      expect(holds).toEqual(['front']);
  });

  test('several apps have its pods: a fault that names them, and nothing is planned', () => {
    const { faults, entries } = planned([selecting('a', 'front'), selecting('b', 'back')]).plan;
    expect(faults).toEqual([
      expect.stringContaining('of several apps by their Services: back, front'),
    ]);
    expect(entries.filter(({ key }) => key.includes('Deployment'))).toEqual([]);
  });

  test('none: nobody is drained, that is said, and it is locked by its own name', () => {
    const runnable = planned([]).runnable();
    if (!runnable.ok) throw new Error(runnable.faults.join());
    expect(runnable.apps).toEqual(['prod/shop']);
    for (const lane of runnable.run.waves.flatMap(({ lanes }) => lanes))
      expect(lane).toMatchObject({ holds: [], undrained: expect.stringContaining('of no app') });
  });
});
