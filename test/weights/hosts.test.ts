// Hosts move between apps within one round, and nobody else's host is ever taken.

import { expect, test } from 'vitest';
import { encodeUpstream } from '../../src/edges/document.ts';
import type { World } from '../../src/inventory/inventory.ts';
import type { AppName, Footprint, Upstream } from '../../src/model.ts';
import { computeRound, type PublishedView } from '../../src/round.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
const SERVERS = [{ address: '10.0.0.1:80', from: 'east', weight: 10 }];

type Hosts = Readonly<Record<AppName, readonly string[]>>;

function viewOf(app: AppName, hosts: readonly string[], owner: PublishedView['owner']) {
  const upstream: Upstream = { app, hosts, policy: POLICY, servers: SERVERS };
  return { upstream, body: encodeUpstream(upstream), owner };
}

function round(before: Hosts, now: Hosts, pods: (app: AppName) => number = () => 1) {
  const published = new Map<AppName, PublishedView>(
    Object.entries(before).map(([app, hosts]) => [app, viewOf(app, hosts, 'controller')]),
  );
  const footprint = (app: AppName): Footprint => ({
    pods: pods(app),
    routed: true,
    hosts: now[app] ?? [],
  });
  const status = {
    name: 'east',
    state: 'fresh' as const,
    ageSeconds: 0,
    ingressNodes: [{ name: 'east-1', address: '10.0.0.1:80' }],
    leftOut: [],
    relists: 0,
  };
  const world: World = {
    clusters: [
      {
        status,
        looks: { changedAt: 0, since: Number.POSITIVE_INFINITY },
        apps: new Set(Object.keys(now)),
        footprint,
        isPod: () => false,
      },
    ],
    told: new Map(),
    vms: new Map(),
    policy: POLICY,
    hostsFromIngress: true,
    base: 10,
    secondLookMs: 10_000,
    last: () => undefined,
    published: (app) => published.get(app)?.upstream,
  };
  const owners = new Map(
    Object.entries(before).flatMap(([app, hosts]) => hosts.map((host) => [host, app] as const)),
  );
  const { pass, facts } = computeRound({
    world,
    apps: Object.keys(now),
    published: (app) => published.get(app),
    hostOwner: (host) => owners.get(host),
    unreadable: () => undefined,
  });
  return {
    order: pass.map(({ app }) => app),
    hosts: Object.fromEntries(pass.map(({ app, after }) => [app, after.hosts ?? []])),
    conflicts: [...facts]
      .filter(([, { reason }]) => reason?.code === 'host-conflict')
      .map(([a]) => a),
  };
}

test.each([
  ['p', 'q'],
  ['q', 'p'],
])('a host that goes from %s to %s is in one commit, whoever gains it first', (from, to) => {
  const before = { [from]: [`${from}.example`, 'both.example'], [to]: [`${to}.example`] };
  const now = { [from]: [`${from}.example`], [to]: [`${to}.example`, 'both.example'] };
  expect(round(before, now)).toEqual({
    order: [to, from],
    hosts: { [from]: [`${from}.example`], [to]: ['both.example', `${to}.example`] },
    conflicts: [],
  });
});

test('who is published and still wants a host keeps it', () => {
  const { hosts, conflicts } = round({ p: ['x.example'] }, { a: ['x.example'], p: ['x.example'] });
  expect(hosts).toEqual({ a: [] });
  expect(conflicts).toEqual(['a']);
});

test('of two that claim a host that is given up, the first by name has it', () => {
  const { hosts, conflicts } = round(
    { p: ['x.example'] },
    { a: ['x.example'], b: ['x.example'], p: ['p.example'] },
  );
  expect(hosts).toMatchObject({ a: ['x.example'], b: [], p: ['p.example'] });
  expect(conflicts).toEqual(['b']);
});

test('an app whose change the guard refuses gives nothing up', () => {
  const { hosts, conflicts } = round(
    { p: ['x.example'] },
    { a: ['x.example'], p: ['p.example'] },
    (app) => (app === 'p' ? 0 : 1),
  );
  expect(hosts).toEqual({ a: [] });
  expect(conflicts).toEqual(['a']);
});
