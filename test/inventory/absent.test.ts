// One count for all apps of which nothing is in a cluster, and for no others.

import { expect, test } from 'vitest';
import { absentCount } from '../../src/inventory/absent.ts';
import {
  type AppInventory,
  type ClusterView,
  takeInventory,
  type World,
} from '../../src/inventory/inventory.ts';
import type { ClusterState, Footprint, Looks, Upstream } from '../../src/model.ts';
import { weigh } from '../../src/weights/rule.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
const NOTHING: Footprint = { pods: 0, routed: 'unchecked', hosts: [] };
const SHOP: Footprint = { pods: 4, routed: true, hosts: [] };
/** As of one that only watches. */
const WATCHED: Looks = { changedAt: 0, since: Number.POSITIVE_INFINITY };

interface Seen {
  readonly state?: ClusterState;
  readonly footprints?: Readonly<Record<string, Footprint>>;
  readonly looks?: Looks;
}

function view({ state = 'fresh', footprints = {}, looks = WATCHED }: Seen): ClusterView {
  const ingressNodes = [{ name: 'e1', address: '10.0.0.1:80' }];
  const status = { name: 'east', state, ageSeconds: 7, ingressNodes, leftOut: [], relists: 0 };
  return {
    status,
    absent: absentCount(status),
    apps: new Set(Object.keys(footprints)),
    footprint: (app) => footprints[app] ?? NOTHING,
    isPod: () => false,
    looks,
  };
}

function look(east: ClusterView, more: Partial<World> = {}): AppInventory {
  const world: World = {
    clusters: [east],
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
  return takeInventory(world, 'shop');
}

const countIn = (inventory: AppInventory) => inventory.clusters[0];

test.each([
  ['unseen', true, 'unseen'],
  ['fresh', false, 'no-pods'],
] as const)('%s: the same count, with its reason', (state, kept, code) => {
  const east = view({ state });
  const inventory = look(east);
  expect(countIn(inventory)).toBe(east.absent);
  expect(countIn(inventory)).toMatchObject({ pods: 0, kept, reason: { code }, absent: true });
  expect(weigh(inventory, undefined, 10).upstream.servers).toEqual([]);
});

test('a cluster that turns stale: shared where it was seen without the app', () => {
  const stale = view({ state: 'stale' });
  const seen = look(view({}));
  expect(countIn(look(stale, { last: () => seen }))).toBe(stale.absent);
  expect(stale.absent).toMatchObject({ kept: false, reason: { code: 'stale' } });
  const unseen = look(view({ state: 'unseen' }));
  for (const last of [undefined, unseen]) {
    const count = countIn(look(stale, { last: () => last }));
    expect(count).toMatchObject({ state: 'stale', pods: 0, kept: true });
    expect(count).not.toHaveProperty('absent');
  }
});

const servers = [{ address: '10.0.0.1:80', from: 'east', weight: 40 }];
const published: Upstream = { app: 'shop', policy: POLICY, servers };

test.each(['unseen', 'stale', 'fresh'] as const)(
  'what is published from a cluster has a count of its own there (%s)',
  (state) => {
    const inventory = look(view({ state }), { published: () => published });
    expect(countIn(inventory)).not.toHaveProperty('absent');
  },
);

test('an app that the configuration names is told what is missing', () => {
  const noService: Footprint = { ...NOTHING, reason: { code: 'no-service', text: 'none' } };
  const east = { ...view({}), footprint: () => noService };
  const told = new Map([['shop', { app: 'shop', policy: POLICY }]]);
  expect(countIn(look(east, { told }))).toMatchObject({ reason: { code: 'no-service' } });
});

test('an app that a list no longer shows is doubted first, and shared when a second list agrees', () => {
  const first = look(view({ footprints: { shop: SHOP }, looks: { changedAt: 1000, since: 900 } }));
  const short = view({ looks: { changedAt: 5000, since: 4000 } });
  const doubted = look(short, { last: () => first });
  expect(countIn(doubted)).toMatchObject({ pods: 4, reason: { code: 'second-look' } });
  const again = view({ looks: { changedAt: 5000, since: 16_000 } });
  const fallen = look(again, { last: () => doubted });
  expect(countIn(fallen)).toMatchObject({ pods: 0, kept: false });
  expect(countIn(look(again, { last: () => fallen }))).toBe(again.absent);
});

test('an app that comes has a count of its own; also while it is in two namespaces', () => {
  const before = look(view({}));
  const come = look(view({ footprints: { shop: SHOP } }), { last: () => before });
  expect(countIn(come)).toMatchObject({ pods: 4 });
  const split: Footprint = { ...SHOP, reason: { code: 'two-namespaces', text: 'a and b' } };
  const unknown = look(view({ footprints: { shop: split } }), { last: () => before });
  expect(countIn(unknown)).toMatchObject({ pods: 0, reason: { code: 'two-namespaces' } });
  for (const one of [come, unknown]) expect(countIn(one)).not.toHaveProperty('absent');
});
