// What is where: unknown is not zero.

import { expect, test } from 'vitest';
import {
  everyApp,
  takeInventory,
  type AppInventory,
  type ClusterView,
  type World,
} from '../../src/inventory/inventory.ts';
import type { ClusterState, Footprint, Upstream } from '../../src/model.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
const NOTHING: Footprint = { pods: 0, routed: 'unchecked', hosts: [] };

interface Seen {
  readonly name: string;
  readonly state?: ClusterState;
  readonly nodes?: number;
  readonly reason?: string;
  readonly footprints?: Readonly<Record<string, Footprint>>;
  readonly podIps?: readonly string[];
}

function view(seen: Seen): ClusterView {
  const { name, state = 'fresh', nodes = 1, reason, footprints = {}, podIps = [] } = seen;
  const ingressNodes = Array.from({ length: nodes }, (_, index) => ({
    name: `${name}-${index + 1}`,
    address: `10.0.0.${index + 1}:80`,
  }));
  const fixed = { ageSeconds: 7, leftOut: [], relists: 0 };
  return {
    status: { name, state, ingressNodes, ...fixed, ...(reason !== undefined && { reason }) },
    apps: new Set(Object.keys(footprints)),
    footprint: (app) => footprints[app] ?? NOTHING,
    isPod: (_, ip) => podIps.includes(ip),
    looks: { changedAt: 0, since: Number.POSITIVE_INFINITY },
  };
}

function world(clusters: readonly ClusterView[], more: Partial<World> = {}): World {
  return {
    clusters,
    told: new Map(),
    vms: new Map(),
    policy: POLICY,
    hostsFromIngress: true,
    base: 10,
    secondLookMs: 10_000,
    last: () => undefined,
    published: () => undefined,
    ...more,
  };
}

const shop = (pods: number, hosts: readonly string[] = ['shop.example']): Footprint => ({
  pods,
  routed: true,
  hosts,
});

const published: Upstream = {
  app: 'shop',
  hosts: ['old.example'],
  policy: POLICY,
  servers: [{ address: '10.0.0.1:80', from: 'east', weight: 35 }],
};

/** What `east` looked like while it was fresh: 4 pods, 2 nodes. */
function before(): AppInventory {
  return takeInventory(
    world([view({ name: 'east', nodes: 2, footprints: { shop: shop(4) } })]),
    'shop',
  );
}

test('a fresh cluster counts as it says', () => {
  expect(before()).toMatchObject({
    app: 'shop',
    hosts: ['shop.example'],
    policy: POLICY,
    standing: 'known',
    clusters: [{ cluster: 'east', state: 'fresh', pods: 4, routed: true, kept: false }],
  });
  expect(before().clusters[0]?.ingressNodes).toHaveLength(2);
});

test('a fresh cluster without the app counts as zero', () => {
  const fresh = world([view({ name: 'east' })], { last: before, published: () => published });
  expect(takeInventory(fresh, 'shop').clusters).toMatchObject([{ pods: 0, kept: false }]);
});

test('a stale cluster keeps its last counts, whatever it says now', () => {
  const sick = view({ name: 'east', state: 'stale', nodes: 0, reason: 'no answer' });
  const [count] = takeInventory(world([sick], { last: before }), 'shop').clusters;
  expect(count).toMatchObject({ state: 'stale', pods: 4, routed: true, kept: false });
  expect(count?.ingressNodes).toEqual(before().clusters[0]?.ingressNodes);
  expect(count?.reason).toEqual({ code: 'stale', text: 'east is stale since 7 s: no answer' });
});

test('a stale cluster without last counts keeps what is published', () => {
  const sick = view({ name: 'east', state: 'stale', footprints: { shop: shop(9) } });
  expect(takeInventory(world([sick]), 'shop').clusters).toMatchObject([
    { pods: 0, ingressNodes: [], kept: true, reason: { code: 'stale' } },
  ]);
});

test('an unseen cluster keeps what is published, its hosts too', () => {
  const unseen = view({ name: 'east', state: 'unseen', reason: 'refused' });
  const west = view({ name: 'west', footprints: { shop: shop(1) } });
  const seen = takeInventory(world([unseen, west], { published: () => published }), 'shop');
  expect(seen.clusters).toMatchObject([
    {
      cluster: 'east',
      pods: 0,
      kept: true,
      reason: { code: 'unseen', text: 'east is not seen yet: refused' },
    },
    { cluster: 'west', pods: 1, kept: false },
  ]);
  expect(seen.hosts).toEqual(['old.example', 'shop.example']);
});

test('a fresh cluster after an unseen one ends what was kept', () => {
  const unseen = world([view({ name: 'east', state: 'unseen' })]);
  const last = takeInventory(unseen, 'shop');
  const fresh = view({ name: 'east', footprints: { shop: shop(2) } });
  const seen = takeInventory(
    world([fresh], { last: () => last, published: () => published }),
    'shop',
  );
  expect(seen.clusters).toMatchObject([{ pods: 2, kept: false }]);
  expect(seen.hosts).toEqual(['shop.example']);
});

test.each([
  ['unseen', 'unseen'],
  ['fresh', 'orphaned'],
  ['stale', 'orphaned'],
] as const)(
  'a published app that nobody names, in a cluster that is %s, is %s',
  (state, standing) => {
    const nobody = world([view({ name: 'east', state })], { published: () => published });
    expect(takeInventory(nobody, 'shop').standing).toBe(standing);
  },
);

test.each([
  ['the configuration', { told: new Map([['shop', { app: 'shop', policy: POLICY }]]) }],
  ['a VM', { vms: new Map([['shop', ['10.9.0.1:80']]]) }],
])('an app that %s names is known without any cluster', (_, more) => {
  expect(takeInventory(world([], more), 'shop').standing).toBe('known');
});

test.each([
  { code: 'two-namespaces', text: 'shop stands in a and b' },
  { code: 'pods-unread', text: 'its pods cannot be read' },
] as const)(
  'an app that is unknown in a fresh cluster keeps the last counts there: $code',
  (reason) => {
    const split = view({ name: 'east', footprints: { shop: { ...NOTHING, reason } } });
    expect(takeInventory(world([split], { last: before }), 'shop').clusters).toMatchObject([
      { state: 'fresh', pods: 4, kept: false, reason },
    ]);
    expect(takeInventory(world([split]), 'shop').clusters).toMatchObject([
      { pods: 0, kept: true, reason },
    ]);
  },
);

test('hosts and policy of the configuration go before those of the clusters', () => {
  const policy = { balance: 'smooth', whenUnhealthy: 'reject' } as const;
  const told = new Map([['shop', { app: 'shop', hosts: ['b.example', 'a.example'], policy }]]);
  const east = view({ name: 'east', footprints: { shop: shop(1) } });
  expect(takeInventory(world([east], { told }), 'shop')).toMatchObject({
    hosts: ['a.example', 'b.example'],
    policy,
  });
});

test('hosts of all clusters add up; those published stay while no cluster has any', () => {
  const east = view({ name: 'east', footprints: { shop: shop(1, ['b.example', 'a.example']) } });
  const west = view({ name: 'west', footprints: { shop: shop(1, ['c.example', 'a.example']) } });
  const more = { published: () => published };
  expect(takeInventory(world([east, west], more), 'shop').hosts).toEqual([
    'a.example',
    'b.example',
    'c.example',
  ]);
  const none = view({ name: 'east', footprints: { shop: shop(1, []) } });
  expect(takeInventory(world([none], more), 'shop').hosts).toEqual(['old.example']);
  const off = world([east], { ...more, hostsFromIngress: false });
  expect(takeInventory(off, 'shop').hosts).toEqual(['old.example']);
});

test('every app is one that is published, told, a VM or discovered', () => {
  const east = view({ name: 'east', footprints: { found: shop(1), shop: shop(1) } });
  const told = new Map([['told', { app: 'told', policy: POLICY }]]);
  const vms = new Map([['vm-only', ['10.9.0.1:80']]]);
  expect([...everyApp(world([east], { told, vms }), ['gone', 'shop'])].toSorted()).toEqual([
    'found',
    'gone',
    'shop',
    'told',
    'vm-only',
  ]);
});

test('a cluster that no source names any more keeps what is published from it, its hosts too', () => {
  const west = view({ name: 'west', footprints: { shop: shop(1, ['west.example']) } });
  const seen = takeInventory(world([west], { published: () => published }), 'shop');
  expect(seen.clusters).toMatchObject([
    { cluster: 'west', kept: false },
    { cluster: 'east', state: 'stale', kept: true, reason: { code: 'cluster-removed' } },
  ]);
  expect(seen.hosts).toEqual(['old.example', 'west.example']);
});

test('a VM is of no cluster', () => {
  const vm: Upstream = {
    ...published,
    servers: [{ address: '10.0.0.9:80', from: 'vm', weight: 10 }],
  };
  const seen = takeInventory(world([view({ name: 'east' })], { published: () => vm }), 'shop');
  expect(seen.clusters.map(({ cluster }) => cluster)).toEqual(['east']);
});

const withVms = (clusters: readonly ClusterView[], more: Partial<World> = {}): AppInventory =>
  takeInventory(
    world(clusters, { vms: new Map([['shop', ['10.9.0.1:80', '10.9.0.2:80']]]), ...more }),
    'shop',
  );

test('a pod of any cluster is no VM, whoever names it', () => {
  const west = view({ name: 'west', state: 'stale', podIps: ['10.9.0.2'] });
  expect(withVms([view({ name: 'east' }), west])).toMatchObject({
    vms: ['10.9.0.1:80'],
    vmsReason: {
      code: 'vm-is-pod',
      text: '10.9.0.2:80 is left out: a pod of west is no VM',
    },
  });
});

test('what a registry alone names waits for the clusters that are not seen yet', () => {
  const clusters = [view({ name: 'east' }), view({ name: 'west', state: 'unseen' })];
  const vm = { address: '10.9.0.1:80', from: 'vm', weight: 10 } as const;
  const vmRegistered = () => true;
  const waiting = withVms(clusters, {
    vmRegistered,
    published: () => ({ ...published, servers: [vm] }),
  });
  expect(waiting.vms).toEqual(['10.9.0.1:80']);
  expect(waiting.vmsReason?.text).toBe(
    '10.9.0.2:80 waits until west is seen: it may be a pod there',
  );
  expect(withVms(clusters).vms).toHaveLength(2);
  expect(withVms(clusters.slice(0, 1), { vmRegistered }).vms).toHaveLength(2);
});

test('what a registry alone names waits for pods of the app that cannot be read', () => {
  const reason = { code: 'pods-unread', text: 'forbidden' } as const;
  const footprints = { shop: { ...NOTHING, reason } };
  const unread = withVms([view({ name: 'east', footprints })], { vmRegistered: () => true });
  expect(unread.vms).toEqual([]);
  expect(unread.vmsReason?.text).toMatch(/waits until east is seen/);
});

test('a source that was never read keeps the published VMs of the apps that it may know', () => {
  const vm = { address: '10.9.0.7:80', from: 'vm', weight: 10 } as const;
  const more = {
    vmsUnread: (app: string) => app === 'shop',
    published: () => ({ ...published, servers: [vm] }),
  };
  expect(withVms([], more)).toMatchObject({
    vms: ['10.9.0.7:80', '10.9.0.1:80', '10.9.0.2:80'],
    vmsKept: true,
  });
  expect(takeInventory(world([], more), 'shop').standing).toBe('unseen');
  expect(takeInventory(world([], more), 'news').standing).toBe('orphaned');
});
