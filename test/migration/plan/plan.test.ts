// Plans over small worlds: what would be done, and everything that stands against it.

import { expect, test } from 'vitest';
import { needOf } from '../../../src/migration/capacity/need.ts';
import type { MigrationPlan, PlanRequest, PlanWorld } from '../../../src/migration/plan/model.ts';
import { planMigration } from '../../../src/migration/plan/plan.ts';
import {
  app,
  deployment,
  destination,
  ingress,
  object,
  OBJECTS,
  PASSWORD,
  REQUEST,
  service,
  source,
  world,
} from './plan-world.ts';

const plan = (own: Partial<PlanWorld> = {}, request: Partial<PlanRequest> = {}): MigrationPlan =>
  planMigration({ ...REQUEST, ...request }, world(own));

const said = ({ findings }: MigrationPlan): string[] =>
  findings.map(({ severity, code, object: name, text }) => `${severity} ${code}: ${name}: ${text}`);

test('an app with its objects in order, its replicas, the weights of each step', () => {
  const planned = plan();
  expect(said(planned)).toEqual([]);
  expect(planned.ok).toBe(true);
  const [shop] = planned.apps;
  expect(shop).toMatchObject({
    app: 'shop',
    state: 'planned',
    namespace: 'prod',
    workload: 'Deployment prod/shop',
    origin: { kind: 'live' },
    replicas: { before: 4, after: 4 },
  });
  expect(shop?.objects.map(({ step, manifest, uid }) => [step, manifest.kind, uid])).toEqual([
    [1, 'ConfigMap', 'uid-ConfigMap-shop'],
    [2, 'Secret', 'uid-Secret-shop'],
    [3, 'Service', 'uid-service-shop'],
    [4, 'Deployment', 'uid-Deployment-shop'],
    [5, 'Ingress', 'uid-Ingress-shop'],
  ]);
  expect(planned.capacity).toMatchObject({ ok: true, rung: 0 });
  expect(shop?.weights?.steps.map(({ step }) => step)).toEqual([
    'now',
    '5 %',
    '10 %',
    '25 %',
    '50 %',
    '75 %',
    '100 %',
    'the rule',
  ]);
});

test('no plan has a Secret’s data, and its digest sees that the data changed', () => {
  const before = plan();
  expect(JSON.stringify(before)).not.toContain(PASSWORD);
  const other = OBJECTS.map((one) =>
    one.kind === 'Secret' ? { ...one, data: { password: 'b3RoZXI=' } } : one,
  );
  const after = plan({ apps: [app('shop', { source: source(other) })] });
  expect(after.digest).not.toBe(before.digest);
  expect(plan().digest).toBe(before.digest);
});

test('the digest is of what would be done, not of how old a backup is', () => {
  const origin = (startedAt: number, backup = 'b1') =>
    ({ kind: 'backup', backup, startedAt, warnings: [], passedOver: [] }) as const;
  const digest = (from: ReturnType<typeof origin>): string =>
    plan(
      { apps: [app('shop', { source: source(OBJECTS, { origin: from }) })] },
      { mode: 'offline' },
    ).digest;
  expect(digest(origin(1))).toBe(digest(origin(2)));
  expect(digest(origin(1))).not.toBe(digest(origin(1, 'b2')));
});

test('all that stands against it is said at once', () => {
  const shut = destination({ ingressNodes: 0, namespaces: new Map() });
  const { jobs: _, ...closed } = shut;
  const planned = plan({ destination: closed, edges: [] });
  expect(planned.ok).toBe(false);
  expect(said(planned)).toEqual([
    'refuse not-allowed: cluster west: it is read only: the configuration has no clusters[].jobs for it',
    'refuse no-ingress-nodes: cluster west: no request can get in: it has no ingress node',
    'refuse no-edges: edges: there is none: nothing would prove where requests go',
    'refuse namespace-missing: Namespace prod: west has no such namespace: whoever runs it makes it, with its quotas and rights',
  ]);
  expect(planned.apps[0]?.state).toBe('refused');
});

test('all of nothing is refused', () => {
  expect(said(plan({ apps: [] }, { apps: [] }))).toEqual(['refuse no-apps: apps: none is named']);
  const { destination: _, ...nowhere } = world();
  const planned = planMigration({ ...REQUEST, to: 'south' }, nowhere);
  expect(said(planned)).toEqual(['refuse no-destination: cluster south: there is none']);
  expect(said(plan({}, { to: 'east' }))).toContain(
    'refuse same-cluster: cluster east: it is source and destination',
  );
  expect(said(plan({ apps: [app(), app()] }))).toContain(
    'refuse twice: app shop: it is named twice',
  );
});

test('a destination that could not be read is said once, and has room for none', () => {
  const planned = plan({ destination: destination({ trouble: 'connection refused' }) });
  expect(said(planned)[0]).toBe(
    'refuse destination-unread: cluster west: it could not be read: connection refused',
  );
  expect(said(planned).join()).not.toContain('no-room');
});

test('no room: refused with the numbers; with degrade the first rung that fits', () => {
  const big = OBJECTS.map((one) => (one.kind === 'Deployment' ? deployment('shop', 14) : one));
  const apps = [app('shop', { source: source(big) })];
  const planned = plan({ apps });
  expect(said(planned)).toEqual([
    'refuse no-room: cluster west: there is no room: shop 8 of 14 (full: cpu (0 left, 500m a pod) on 2 of 2 nodes)',
  ]);
  const halved = plan({ apps }, { degrade: true });
  expect(halved.ok).toBe(true);
  expect(halved.capacity.words).toBe('apps that are not core halved');
  expect(halved.apps[0]?.replicas).toEqual({ before: 14, after: 7 });
  const spec = halved.apps[0]?.objects.find(({ manifest }) => manifest.kind === 'Deployment');
  expect(spec?.manifest['spec']).toMatchObject({ replicas: 7 });
});

test('room that others have booked is not there, and it is said who has it', () => {
  const spec = { containers: [{ name: 'app', resources: { requests: { cpu: '500m' } } }] };
  const need = needOf({ namespace: 'prod', labels: {}, spec });
  const bookings = [{ key: 'move-1/till', pods: 6, need }];
  expect(said(plan({ bookings }))).toEqual([
    'refuse no-room: cluster west: there is no room: shop 2 of 4 (full: cpu (0 left, 500m a pod) on 2 of 2 nodes); ' +
      'booked: 6 by move-1/till',
  ]);
});

test('an app that an earlier migration still has to delete, at either end', () => {
  const owed = { apiVersion: 'v1', kind: 'Service', name: 'shop', uid: 'u' };
  const rest = { job: 'm-1', objects: [owed], who: 'ann', why: 'it was dead', since: 0 };
  const debts = ['west', 'east', 'north'].flatMap((cluster) =>
    ['shop', 'till'].map((name) => ({ ...rest, id: `m-1.${name}`, app: name, cluster })),
  );
  const text = (cluster: string) =>
    `an earlier migration still owes its deletion in ${cluster}: settle debt m-1.shop first`;
  expect(said(plan({ debts }))).toEqual([
    `refuse owed: app shop: ${text('west')}`,
    `refuse owed: app shop: ${text('east')}`,
  ]);
});

test('a taint, a small node, a quota: each refused with what binds', () => {
  const nodes: readonly object[] = world().destination?.view.nodes ?? [];
  const taint = { key: 'gpu', effect: 'NoSchedule' };
  const view = (more: object) =>
    destination({
      view: { nodes, pods: [], quotas: [], limitRanges: [], headroomPercent: 0, ...more } as never,
    });
  const tainted = nodes.map((one) => ({ ...one, spec: { taints: [taint] } }));
  expect(said(plan({ destination: view({ nodes: tainted }) }))[0]).toContain(
    'shop 0 of 4 (full: taint gpu:NoSchedule on 2 of 2 nodes)',
  );
  const small = [
    {
      metadata: { name: 'tiny' },
      status: { allocatable: { cpu: '400m', memory: '8Gi', pods: '10' } },
    },
  ];
  expect(said(plan({ destination: view({ nodes: small }) }))[0]).toContain(
    'shop 0 of 4 (full: cpu (400m left, 500m a pod) on 1 of 1 node)',
  );
  const quota = {
    metadata: { name: 'team', namespace: 'prod' },
    spec: { hard: { pods: '3' } },
    status: { hard: { pods: '3' }, used: { pods: '1' } },
  };
  expect(said(plan({ destination: view({ quotas: [quota] }) }))[0]).toContain(
    'shop 2 of 4 (quota team: pods 2 left, 1 a pod)',
  );
  const { quotas: _, ...unread } = view({}).view;
  expect(said(plan({ destination: destination({ view: unread }) }))[0]).toContain(
    'its quotas could not be read',
  );
});

test('core apps are placed first, and the order says so', () => {
  const named = (name: string) => [
    deployment(name, 4),
    service(name),
    ingress(name),
    ...OBJECTS.slice(3),
  ];
  const apps = [
    app('a', { source: source(named('a')) }),
    app('b', { source: source(named('b')), importance: 5 }),
    app('c', { source: source(named('c')), core: true }),
  ];
  const planned = plan({ apps }, { degrade: true });
  expect(planned.apps.map((one) => [one.app, one.state, one.replicas?.after])).toEqual([
    ['c', 'planned', 4],
    ['b', 'planned', 2],
    ['a', 'planned', 2],
  ]);
});

test('a deferred app is no refusal, and gets nothing', () => {
  const named = (name: string) => [
    deployment(name, 8),
    service(name),
    ingress(name),
    ...OBJECTS.slice(3),
  ];
  const apps = ['a', 'b', 'c'].map((name) =>
    app(name, { source: source(named(name)), core: name === 'a' }),
  );
  const planned = plan({ apps }, { degrade: true });
  expect(planned.ok).toBe(true);
  expect(planned.apps.map((one) => [one.app, one.state, one.replicas?.after])).toEqual([
    ['a', 'planned', 4],
    ['b', 'planned', 4],
    ['c', 'deferred', 0],
  ]);
});

test('which workload: none, several, one of another app', () => {
  const text = (objects: typeof OBJECTS): string | undefined =>
    said(plan({ apps: [app('shop', { source: source(objects) })] }))[0];
  expect(text(OBJECTS.filter(({ kind }) => kind !== 'Service'))).toBe(
    'refuse no-workload: app prod/shop: no Service of it is there',
  );
  expect(text(OBJECTS.filter(({ kind }) => kind !== 'Deployment'))).toBe(
    'refuse no-workload: app prod/shop: none has pods that its Services select',
  );
  const second = { ...deployment('shop', 1), metadata: { name: 'shop-2', namespace: 'prod' } };
  expect(text([...OBJECTS, second])).toBe(
    'refuse several-workloads: app prod/shop: Deployment prod/shop, Deployment prod/shop-2 are selected',
  );
  const alias = {
    ...service('shop'),
    metadata: { name: 'alias', namespace: 'prod', labels: { app: 'other' } },
  };
  expect(text([...OBJECTS, alias])).toBe(
    'refuse several-apps: app prod/shop: Deployment prod/shop is selected for other too',
  );
});

test('online wants pods that count; evacuate does not', () => {
  const clusters = [{ cluster: 'east', pods: 0, ingressNodes: 2, weight: 0, kept: false }];
  const apps = [app('shop', { traffic: { clusters, vms: 1 } })];
  expect(said(plan({ apps }))).toEqual([
    'refuse no-pods: app shop: no pod of it counts in east; mode evacuate moves it',
  ]);
  expect(said(plan({ apps }, { mode: 'evacuate' }))).toEqual([]);
  const kept = [{ cluster: 'east', pods: 0, ingressNodes: 2, weight: 40, kept: true }];
  const stale = [app('shop', { traffic: { clusters: kept, vms: 1 } })];
  expect(said(plan({ apps: stale }))).toEqual([
    'refuse kept-weights: app shop: east is not seen; mode offline moves from a backup',
  ]);
});

test('what the destination has already, lacks, and does not serve', () => {
  const there = (objects: typeof OBJECTS) =>
    destination({ namespaces: new Map([['prod', { objects, unread: new Set<string>() }]]) });
  const other = object('v1', 'ConfigMap', 'shop', { data: { a: '2' } });
  const taken = 'refuse exists: ConfigMap prod/shop: west has another of that name';
  expect(said(plan({ destination: there([other]) }))).toEqual([taken]);
  expect(said(plan({ destination: there([other]) }, { adopt: true }))).toEqual([
    'warn exists: ConfigMap prod/shop: west has another of that name, which is taken over',
  ]);
  const secret = object('v1', 'Secret', 'shop', { data: { password: 'eA==' } });
  expect(said(plan({ destination: there([secret]) }, { adopt: true }))).toEqual([
    'refuse exists: Secret prod/shop: west has another of that name',
  ]);
  const same = object('v1', 'ConfigMap', 'shop', { data: { a: '1' } });
  expect(said(plan({ destination: there([same]) }))).toEqual([
    'warn same: ConfigMap prod/shop: west has it already, the same',
  ]);
  expect(said(plan({ destination: destination({ classes: new Set() }) }))).toEqual([
    'refuse not-there: IngressClass nginx: west has none (Ingress prod/shop)',
  ]);
  expect(
    said(
      plan({ destination: destination({ unserved: new Set(['networking.k8s.io/v1/Ingress']) }) }),
    ),
  ).toEqual([
    'refuse unserved: Ingress prod/shop: west does not serve networking.k8s.io/v1 Ingress',
  ]);
  expect(
    said(
      plan({ destination: destination({ hosts: new Map([['shop.example.com', 'test/old']]) }) }),
    ),
  ).toEqual(['refuse host-clash: Ingress prod/shop: shop.example.com leads to test/old there']);
  expect(said(plan({ destination: destination({ jobs: { namespaces: ['prod'] } }) }))).toEqual([
    'refuse not-allowed: Secret prod/shop: clusters[].jobs.secrets is not true for west',
  ]);
});

test('offline, a source that answers: that both copies run, and what to do', () => {
  const origin = {
    kind: 'backup',
    backup: 'b',
    startedAt: 0,
    warnings: [],
    passedOver: [],
  } as const;
  const apps = [app('shop', { source: source(OBJECTS, { origin }) })];
  const jobs = { namespaces: ['prod'] };
  const offline = (answers: boolean) =>
    plan({ apps, source: { jobs, answers } }, { mode: 'offline' });
  const [warning] = said(offline(true));
  expect(warning).toMatch(/^warn source-answers: cluster east: it answers: .*both copies run/);
  expect(warning).toMatch(/mode online, or evacuate .*scale to 0 .*consent to the debt/);
  expect(offline(true).ok).toBe(true);
  expect(offline(true).digest).toBe(offline(false).digest);
  expect(said(offline(false))).toEqual([]);
  expect(said(plan({ source: { jobs, answers: true } }))).toEqual([]);
});

test('an edge that is silent is told', () => {
  const planned = plan({
    edges: [{ name: 'edge-1' }, { name: 'edge-2', silent: 'no word for 60 s' }],
  });
  expect(said(planned)).toEqual(['warn silent-edge: edge edge-2: no word for 60 s']);
  expect(planned.ok).toBe(true);
});

test('a destination that cannot be read takes nobody, however little is asked', () => {
  const there = destination({ view: { headroomPercent: 0 } });
  const { ok, findings } = planMigration(
    { ...REQUEST, degrade: true },
    world({ destination: there }),
  );
  const rooms = findings.filter(({ code }) => code === 'no-room').map(({ text }) => text);
  expect(ok).toBe(false);
  expect(rooms).toEqual(['there is no room: shop 0 of 2 (its nodes could not be read)']);
});
