// What is counted, from objects as they change on the way: pods by label, Argo
// Rollouts, and the ways in.

import { describe, expect, type TestContext, test } from 'vitest';
import type { AppSources } from '../../src/clusters/cluster.ts';
import type { Dirty } from '../../src/model.ts';
import type { Fault } from '../simulated/faults.ts';
import {
  allNodes,
  eventually,
  type WatchedCluster,
  type WatchedOptions,
  watchCluster,
} from './watched-cluster.ts';

async function openFresh(
  context: TestContext,
  options?: WatchedOptions,
  prepare?: (cluster: WatchedCluster['simulated']) => unknown,
): Promise<WatchedCluster> {
  const watched = await watchCluster(options, prepare);
  context.onTestFinished(() => watched.close());
  await eventually(() => {
    expect(watched.reader.status().state).toBe('fresh');
    // The mark that told of it has been given.
    expect(watched.seen.at(-1)?.status.state).toBe('fresh');
  });
  return watched;
}

describe('pods by label', () => {
  const sources: AppSources = {
    told: [{ app: 'desk', services: [], pods: [{ namespace: 'prod', selector: 'app=desk' }] }],
    serviceLabel: 'ballast.io/app',
  };
  const desk = { name: 'desk', pods: 30, withService: false } as const;
  const openDesk = (context: TestContext, options: WatchedOptions = {}) =>
    openFresh(context, { sources, ...options }, (cluster) => cluster.setApp(desk));

  test('follow up and down, and each change marks the app', async (context) => {
    const { simulated, reader } = await openDesk(context, { settings: { routed: 'off' } });
    const marks = new Set<string>();
    reader.onDirty((dirty) => marks.add(dirty === 'all' ? 'all' : [...dirty].join()));
    const counts = async (change: () => void, pods: number) => {
      marks.clear();
      change();
      await eventually(() => {
        expect(reader.footprint('desk')).toEqual({ pods, routed: 'unchecked', hosts: [] });
        expect([...marks].some((mark) => mark.includes('desk'))).toBe(true);
      });
    };
    expect(reader.footprint('desk').pods).toBe(30);
    expect(reader.apps().has('desk')).toBe(true);
    await counts(() => simulated.setUnready('desk', 4), 26);
    await counts(() => simulated.terminatePods('desk', 10), 20);
    await counts(() => simulated.setApp({ ...desk, pods: 33 }), 33);
    await counts(() => simulated.removeApp('desk'), 0);
    expect(reader.apps().has('desk')).toBe(false);
  });

  test('no Ingress leads to them, which the reason says', async (context) => {
    const { reader } = await openDesk(context);
    expect(reader.footprint('desk')).toMatchObject({
      pods: 30,
      routed: false,
      reason: { code: 'not-routed', text: expect.stringMatching(/without Service/) },
    });
  });

  test('kubelets that fall silent make the cluster stale, not zero', async (context) => {
    const { simulated, reader } = await openDesk(context, { settings: { routed: 'off' } });
    const fresh = new Set<number>();
    reader.onDirty(() => {
      if (reader.status().state === 'fresh') fresh.add(reader.footprint('desk').pods);
    });
    simulated.silenceNodes(...allNodes(simulated));
    await eventually(() => expect(reader.footprint('desk').pods).toBe(0));
    expect(reader.status().state).toBe('stale');
    expect([...fresh].filter((pods) => pods !== 30)).toEqual([]);
  });

  test('only what the configuration names is watched', async (context) => {
    const { simulated } = await openDesk(context);
    expect(podLists(simulated)).toEqual(['ingress app=ingress', 'prod app=desk']);
  });

  test('not in a namespace that this cluster does not watch', async (context) => {
    const { simulated, reader } = await openDesk(context, { settings: { namespaces: ['other'] } });
    expect(podLists(simulated)).toEqual(['ingress app=ingress']);
    expect(reader.footprint('desk').pods).toBe(0);
    expect(reader.apps().has('desk')).toBe(false);
  });

  const forbidden: Fault = { kind: 'status', code: 403, resources: ['pods'] };

  test('that may not be read: only their app is unknown, with the place', async (context) => {
    const settings = { ingress: NODES, routed: 'off' } as const;
    const watched = await openFresh(context, { sources, settings }, (cluster) => {
      cluster.setApp(desk);
      return cluster.api.fault(forbidden);
    });
    const { reader, simulated } = watched;
    const text =
      'pods of prod (app=desk) cannot be read: HTTP 403, the right to list and watch them is missing';
    expect(reader.footprint('desk').reason).toEqual({ code: 'pods-unread', text });
    expect(reader.status().reason).toMatch(/^not read: HTTP 403 on pods of prod \(app=desk\)/);
    expect(reader.footprint('shop')).toMatchObject({ pods: 7 });
    simulated.scale('shop', 9);
    await eventually(() => expect(reader.footprint('shop').pods).toBe(9));
  });

  test('that may not be read any more, and then again: the app is marked', async (context) => {
    const settings = { ingress: NODES, routed: 'off' } as const;
    const { simulated, reader } = await openDesk(context, { settings });
    const marks: Dirty[] = [];
    reader.onDirty((dirty) => marks.push(dirty));
    const marked = () => marks.some((dirty) => dirty === 'all' || dirty.has('desk'));
    const { clear } = await simulated.api.fault(forbidden);
    reader.relist();
    await eventually(() => expect(reader.footprint('desk').reason?.code).toBe('pods-unread'));
    await eventually(() => expect(marked()).toBe(true));
    expect(reader.status().state).toBe('fresh');
    marks.length = 0;
    simulated.setUnready('desk', 4);
    await clear();
    await eventually(() => {
      expect(reader.footprint('desk')).toEqual({ pods: 26, routed: 'unchecked', hosts: [] });
      expect(marked()).toBe(true);
    });
  });
});

const NODES = { nodes: 'ingress=true', port: 80 };

function podLists({ api }: WatchedCluster['simulated']): string[] {
  const asked = api.requests.filter(({ path }) => path.split('?')[0]?.endsWith('/pods'));
  const places = asked.map(({ path, query }) => {
    return `${path.split('/')[4]} ${query.get('labelSelector')}`;
  });
  return [...new Set(places)].toSorted();
}

describe('Argo Rollouts', () => {
  const enable = ['argoproj.io'];
  const canary = (stable: string, other: string) => ({
    metadata: { name: 'shop', namespace: 'prod' },
    spec: { strategy: { canary: { stableService: stable, canaryService: other } } },
  });
  /** `shop-next` is a Service with pods, whose label names nobody. */
  const openShop = (context: TestContext, options: WatchedOptions, more?: Fault) =>
    openFresh(context, options, async (cluster) => {
      cluster.setApp({ name: 'next', service: 'shop-next', pods: 2 });
      const metadata = { name: 'shop-next', namespace: 'prod', labels: {} };
      const spec = cluster.api.get('services', 'shop-next', 'prod')?.['spec'];
      cluster.api.put('services', { metadata, spec });
      if (options.enable) cluster.api.put('rollouts', canary('shop', 'shop-next'));
      if (more) await cluster.api.fault(more);
    });

  test('the label on the stable Service counts both, and what happens to one marks the app', async (context) => {
    const { simulated, reader } = await openShop(context, { enable });
    const marks = new Set<string>();
    reader.onDirty((dirty) => marks.add(dirty === 'all' ? 'all' : [...dirty].join()));
    expect(reader.footprint('shop')).toMatchObject({ pods: 9, routed: true });
    const slices = simulated.api.list('endpointslices').map(({ metadata }) => metadata.name);
    for (const name of slices.filter((one) => one.startsWith('shop-next-'))) {
      simulated.api.remove('endpointslices', name, 'prod');
    }
    await eventually(() => {
      expect(reader.footprint('shop').pods).toBe(7);
      expect([...marks]).toEqual(['shop']);
    });
  });

  test('a Rollout that comes, changes and goes moves the count', async (context) => {
    const { simulated, reader } = await openShop(context, { enable });
    const marks = new Set<string>();
    reader.onDirty((dirty) => marks.add(dirty === 'all' ? 'all' : [...dirty].join()));
    const counts = async (change: () => void, pods: number) => {
      marks.clear();
      change();
      await eventually(() => {
        expect(reader.footprint('shop').pods).toBe(pods);
        expect([...marks]).toEqual(['shop']);
      });
    };
    await counts(() => simulated.api.put('rollouts', canary('shop', 'absent')), 7);
    await counts(() => simulated.api.put('rollouts', canary('shop-next', 'shop')), 9);
    await counts(() => simulated.api.remove('rollouts', 'shop', 'prod'), 7);
  });

  test('not served: not watched, and no trouble', async (context) => {
    const { reader } = await openShop(context, {});
    expect(reader.footprint('shop').pods).toBe(7);
    expect(reader.status().reason).toBeUndefined();
  });

  test('not allowed: not watched, and said', async (context) => {
    const fault: Fault = { kind: 'status', code: 403, resources: ['rollouts'] };
    const { reader } = await openShop(context, { enable }, fault);
    expect(reader.footprint('shop')).toMatchObject({ pods: 7, routed: true });
    expect(reader.status()).toMatchObject({
      state: 'fresh',
      reason: expect.stringMatching(/not read: HTTP 403 on rollouts/),
    });
  });
});

describe('ways in', () => {
  test('an annotation that comes and changes moves the address, and marks all', async (context) => {
    const ingress = { ...NODES, addressAnnotation: 'example.com/ip' };
    const { simulated, reader } = await openFresh(context, { settings: { ingress } });
    expect(reader.status().ingressNodes).toEqual([]);
    expect(reader.status().leftOut).toContainEqual({
      name: 'edge-1',
      reason: 'no annotation example.com/ip',
    });
    const marks: unknown[] = [];
    reader.onDirty((dirty) => marks.push(dirty));
    for (const ip of ['192.0.2.50', '192.0.2.51']) {
      marks.length = 0;
      const annotations = { 'example.com/ip': ip };
      simulated.setIngressNode({ name: 'edge-1', address: '10.1.0.1', annotations });
      await eventually(() => {
        const nodes = [{ name: 'edge-1', address: `${ip}:80` }];
        expect(reader.status().ingressNodes).toEqual(nodes);
        expect(marks).toContain('all');
      });
    }
  });

  const balancer = (...points: readonly object[]) => ({
    metadata: { name: 'lb', namespace: 'ingress' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: points } },
  });
  const service = { namespace: 'ingress', name: 'lb' };
  const openBalancer = (context: TestContext, settings: WatchedOptions['settings'] = {}) =>
    openFresh(context, { settings: { ingress: { service, port: 80 }, ...settings } }, (cluster) =>
      cluster.api.put('services', balancer({ ip: '192.0.2.1' }, { hostname: 'lb.example.com' })),
    );

  test('the addresses of a load balancer come, change and go, and mark all', async (context) => {
    const { simulated, reader } = await openBalancer(context, { namespaces: ['prod'] });
    const status = reader.status();
    expect(status.ingressNodes).toEqual([{ name: '192.0.2.1', address: '192.0.2.1:80' }]);
    expect(status.leftOut.map(({ name }) => name)).toEqual(['lb.example.com']);
    const marks: unknown[] = [];
    reader.onDirty((dirty) => marks.push(dirty));
    const shows = async (change: () => void, addresses: readonly string[]) => {
      marks.length = 0;
      change();
      await eventually(() => {
        expect(reader.status().ingressNodes.map(({ address }) => address)).toEqual(addresses);
        expect(marks).toContain('all');
      });
    };
    const put = (...points: readonly object[]) =>
      simulated.api.put('services', balancer(...points));
    await shows(
      () => put({ ip: '192.0.2.3' }, { ip: '192.0.2.2' }),
      ['192.0.2.2:80', '192.0.2.3:80'],
    );
    await shows(() => put({ ip: '192.0.2.3' }), ['192.0.2.3:80']);
    await shows(() => simulated.api.remove('services', 'lb', 'ingress'), []);
    expect(reader.status().leftOut).toEqual([{ name: 'ingress/lb', reason: 'no such Service' }]);
  });

  test('only that Service is watched, and an outage keeps its addresses', async (context) => {
    const { simulated, reader } = await openBalancer(context, { namespaces: ['prod'] });
    const asked = simulated.api.requests.filter(({ path }) => path.includes('/ingress/services'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.map(({ query }) => query.get('fieldSelector'))).toEqual(
      asked.map(() => 'metadata.name=lb'),
    );
    await simulated.api.stop();
    await eventually(() => expect(reader.status().state).toBe('stale'));
    expect(reader.status().ingressNodes).toHaveLength(1);
  });
});
