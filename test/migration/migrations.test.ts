// Plans read from two simulated clusters and from a folder of backups, the way the controller does it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadCluster } from '../../src/clusters/kubeconfig.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { Booked } from '../../src/migration/capacity/ledger.ts';
import { needOf } from '../../src/migration/capacity/need.ts';
import { MOVED_KINDS, STAYING_KINDS } from '../../src/migration/kinds.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { BOTH_RUN } from '../../src/migration/plan/findings.ts';
import { createMigrations, type Migrations } from '../../src/migration/migrations.ts';
import { GATES } from '../../src/migration/flow/gates.ts';
import { LIMITS } from '../../src/migration/flow/next.ts';
import type { MigrationPlan, PlanRequest } from '../../src/migration/plan/model.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';
import { resourceKinds, type ResourceKind } from '../simulated/resource-kinds.ts';
import { object, OBJECTS, PASSWORD, REQUEST } from './plan/plan-world.ts';
import { writeBackup } from './velero/backups.ts';

const known = new Set(resourceKinds.map(({ group, plural }) => `${group}/${plural}`));
const MORE: readonly (readonly [string, string, string, string])[] = [
  ['', 'v1', 'resourcequotas', 'ResourceQuota'],
  ['', 'v1', 'limitranges', 'LimitRange'],
  ['storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'],
];
const KINDS = [...MOVED_KINDS, ...STAYING_KINDS];
const extraKinds: readonly ResourceKind[] = [
  ...KINDS.filter(({ group, resource }) => !known.has(`${group}/${resource}`)).map(
    ({ group, version, resource, kind }) => ({
      group,
      version,
      plural: resource,
      kind,
      namespaced: true,
    }),
  ),
  ...MORE.map(([group, version, plural, kind]) => ({
    group,
    version,
    plural,
    kind,
    namespaced: plural !== 'storageclasses',
  })),
];

let folder = '';
let east: SimulatedApiServer;
let west: SimulatedApiServer;
let migrations: Migrations;
const booked = new Map<string, Booked[]>();
const seen = new MemoryCluster('east');
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-migrations-'));
  east = await new SimulatedApiServer({ name: 'east', extraKinds }).start();
  west = await new SimulatedApiServer({ name: 'west', extraKinds }).start();
  for (const api of [east, west]) {
    writeFileSync(join(folder, `${api.name}.kubeconfig`), api.kubeconfig());
    api.put('namespaces', { metadata: { name: 'prod' } });
    api.put('ingressclasses', { metadata: { name: 'nginx' } });
  }
  for (const one of OBJECTS) put(east, one);
  const node = { status: { allocatable: { cpu: '4', memory: '16Gi', pods: '110' } } };
  west.put('nodes', { metadata: { name: 'node-1' }, ...node } as never);
  await writeBackup(folder, {
    name: 'nightly-1',
    objects: OBJECTS,
    startedAt: '2026-01-01T20:00:00Z',
  });
  const cut = { 'NAME.tar.gz': (bytes: Buffer) => bytes.subarray(0, -40) };
  await writeBackup(folder, { name: 'nightly-2', objects: OBJECTS, files: cut });

  seen.set('shop', { pods: 4 });
  seen.setNodes([{ name: 'n1', address: '10.0.0.1:80' }]);
  const other = new MemoryCluster('west');
  other.setNodes([{ name: 'n2', address: '10.0.0.2:80' }]);
  const { controller } = controllerInMemory({ clusters: [seen, other] });
  running = controller.run(stop.signal);
  await until('it is published', () => controller.published()?.app('shop') !== undefined);
  migrations = createMigrations({ ...world(), controller });
});

afterAll(async () => {
  stop.abort();
  await running;
  await east.stop();
  await west.stop();
  rmSync(folder, { recursive: true, force: true });
});

function put(api: SimulatedApiServer, one: Manifest): void {
  const kind = KINDS.find((each) => each.kind === one.kind);
  api.put(kind?.resource ?? '', one as never);
}

function world() {
  const clusterWorld = {
    baseFolder: folder,
    clock: systemClock,
    wall: () => new Date('2026-01-02T12:00:00Z'),
    random: () => 0.5,
    environment: {},
    log: pino({ level: 'silent' }),
    limits: { connectMs: 2000, headersMs: 5000 },
  };
  const orders = ['east', 'west'].map((name) => {
    const kubeconfig = { path: `${name}.kubeconfig` };
    const jobs = { namespaces: ['prod'], secrets: true };
    const settings = { name, kubeconfig, ingress: { port: 80 }, jobs };
    return { settings, load: () => loadCluster(settings, clusterWorld) };
  });
  const backups = [{ cluster: 'east', folder: { path: folder }, maxAgeHours: 26 }];
  return {
    orders: () => orders,
    world: clusterWorld,
    rules: () => ({
      sources: { told: [], serviceLabel: 'app' },
      importance: new Map([['shop', { core: true, importance: 0, floor: 1 }]]),
      migration: { headroomPercent: 10, backups },
      base: 10,
    }),
    edges: () => [{ name: 'edge-1' }],
    booked: async (destination: string) => booked.get(destination) ?? [],
  };
}

const plan = (own: Partial<PlanRequest> = {}): Promise<MigrationPlan> =>
  migrations.plan({ ...REQUEST, ...own });
const said = ({ findings }: MigrationPlan): string[] =>
  findings.map(({ severity, code, object, text }) => `${severity} ${code}: ${object}: ${text}`);

const ANSWERS = `warn source-answers: cluster east: ${BOTH_RUN}`;

test('online: found by its label, read from the live cluster, and nothing is written', async () => {
  const planned = await plan();
  expect(said(planned)).toEqual([]);
  const [shop] = planned.apps;
  expect(shop).toMatchObject({
    state: 'planned',
    namespace: 'prod',
    core: true,
    origin: { kind: 'live' },
  });
  expect(shop?.objects.map(({ manifest }) => manifest.kind)).toEqual([
    'ConfigMap',
    'Secret',
    'Service',
    'Deployment',
    'Ingress',
  ]);
  expect(shop?.weights?.steps[0]?.parts).toEqual([
    { from: 'east', servers: 1, sum: 40, each: 40, share: 1 },
  ]);
  expect(JSON.stringify(planned)).not.toContain(PASSWORD);
  const verbs = [...east.requests, ...west.requests].map(({ verb }) => verb);
  expect(verbs.filter((verb) => /create|update|patch|delete/.test(verb))).toEqual([]);
});

test('offline: the same objects from the newest whole backup, and why the newer one is not taken', async () => {
  const live = await plan();
  const planned = await plan({ apps: ['prod/shop'], mode: 'offline' });
  expect(said(planned)).toEqual([ANSWERS]);
  expect(planned.ok).toBe(true);
  expect(planned.apps[0]?.origin).toMatchObject({
    backup: 'nightly-1',
    passedOver: [{ backup: 'nightly-2', why: 'its tarball or list: it is cut off' }],
  });
  const manifests = (of: MigrationPlan) => of.apps[0]?.objects.map(({ manifest }) => manifest);
  expect(manifests(planned)).toEqual(manifests(live));
  expect(planned.digest).not.toBe(live.digest);
  expect(JSON.stringify(planned)).not.toContain(PASSWORD);
});

test('offline, the namespace must be told; without a backup each app says why', async () => {
  expect(said(await plan({ mode: 'offline' }))).toEqual([
    ANSWERS,
    'refuse no-namespace: app shop: where it was is not known: name its namespace, as NAMESPACE/shop',
  ]);
  expect(said(await plan({ apps: ['prod/news', 'test/shop'], mode: 'offline' }))).toEqual([
    ANSWERS,
    'refuse no-backup: app test/shop: no backup will do: nightly-2: its tarball or list: it is cut off; nightly-1: no Service of it is there',
    'refuse no-backup: app prod/news: no backup will do: nightly-2: its tarball or list: it is cut off; nightly-1: no Service of it is there',
  ]);
  expect(
    said(await plan({ apps: ['prod/shop'], mode: 'offline', from: 'west', to: 'east' }))[1],
  ).toBe('refuse no-backup: app prod/shop: migration.backups has nothing of west');
});

test('what jobs have booked in the destination is deducted, in plans and rehearsals', async () => {
  const spec = { containers: [{ name: 'app', resources: { requests: { cpu: '3' } } }] };
  const booking = { pods: 1, need: needOf({ namespace: 'prod', labels: {}, spec }) };
  const told =
    'there is no room: shop 1 of 4 (full: cpu (100m left, 500m a pod) on 1 of 1 node); booked: 1 by move-1/till';
  booked.set('west', [{ key: 'move-1/till', ...booking }]);
  try {
    expect(said(await plan())).toEqual([`refuse no-room: cluster west: ${told}`]);
    const [dead] = (await migrations.rehearse()).clusters;
    expect(dead?.destinations[0]?.refused.join()).toContain('booked: 1 by move-1/till');
  } finally {
    booked.clear();
  }
});

test('whose pods are behind its Service is told, and which kinds may not be listed', async () => {
  const template = { metadata: { labels: { app: 'shop' } }, spec: { containers: [] } };
  put(east, object('apps/v1', 'DaemonSet', 'logs', { spec: { template } }));
  const resources = ['cronjobs'];
  const { clear } = await east.fault({ kind: 'status', code: 403, verbs: ['list'], resources });
  try {
    const text = 'objects could not be read: what they may need stays at the source';
    const told = said(await plan());
    expect(told).toContain(`warn unread: Deployment prod/shop: CronJob ${text}`);
    const needed = 'needed by 1 more at the source (DaemonSet prod/logs)';
    for (const one of ['Service', 'Ingress'])
      expect(told.join('\n')).toContain(`warn shared: ${one} prod/shop: ${needed}`);
  } finally {
    await clear();
    east.remove('daemonsets', 'logs', 'prod');
  }
});

test('what a cluster adds to pods of a namespace: nothing of another, nor of a cluster that is none', async () => {
  const limits = [{ type: 'Container', defaultRequest: { cpu: '250m' } }];
  for (const namespace of ['prod', 'test'])
    east.put('limitranges', {
      metadata: { name: namespace, namespace },
      spec: { limits },
    } as never);
  const { limitRanges, overheads } = await migrations.additions('east', 'prod');
  expect(limitRanges.map(({ metadata, spec }) => [metadata?.name, spec])).toEqual([
    ['prod', { limits }],
  ]);
  expect(overheads).toEqual({});
  expect((await migrations.additions('north', 'prod')).limitRanges).toEqual([]);
});

test('an app that nobody knows, a form that is none', async () => {
  expect(said(await plan({ apps: ['nobody', 'a/b/c'] }))).toEqual([
    'refuse app-unknown: app a/b/c: write APP or NAMESPACE/APP',
    'refuse app-unknown: app nobody: nothing names such an app',
  ]);
});

test('a rehearsal: what would come back, from which backup, and where', async () => {
  const { clusters } = await migrations.rehearse();
  expect(clusters).toEqual([
    {
      cluster: 'east',
      ok: true,
      apps: [
        {
          app: 'shop',
          namespace: 'prod',
          backup: 'nightly-1',
          ageSeconds: 16 * 3600,
          warnings: [],
          passedOver: [{ backup: 'nightly-2', why: 'its tarball or list: it is cut off' }],
        },
      ],
      destinations: [
        { cluster: 'west', ok: true, rung: 0, words: 'all in full', refused: [], deferred: [] },
      ],
    },
    { cluster: 'west', ok: true, apps: [], destinations: [] },
  ]);
  expect(migrations.rehearsed()?.clusters).toEqual(clusters);
  const verbs = [...east.requests, ...west.requests].map(({ verb }) => verb);
  expect(verbs.filter((verb) => /create|update|patch|delete/.test(verb))).toEqual([]);
});

test('a rehearsal while the cluster is dead, and while the other one has no room', async () => {
  await east.stop();
  try {
    const [dead] = (await migrations.rehearse()).clusters;
    expect(dead).toMatchObject({
      ok: false,
      apps: [{ trouble: 'where it is in east could not be read' }],
    });
  } finally {
    await east.start();
  }
  const node = (cpu: string) => ({
    metadata: { name: 'node-1' },
    status: { allocatable: { cpu, memory: '16Gi', pods: '110' } },
  });
  west.put('nodes', node('1') as never);
  try {
    const [degraded] = (await migrations.rehearse()).clusters;
    expect(degraded).toMatchObject({
      ok: false,
      destinations: [{ ok: false, words: 'all apps halved, 0 deferred' }],
    });
    expect(degraded?.destinations[0]?.refused.join()).toContain('there is no room: shop 1 of 2');
  } finally {
    west.put('nodes', node('4') as never);
  }
});

test('a cluster that does not answer is no empty one, source or destination', async () => {
  await east.stop();
  try {
    expect(said(await plan())).toEqual([
      'refuse source-unread: app shop: east could not be read: connection refused; mode offline moves from a backup',
    ]);
    seen.setStatus({ state: 'stale', reason: 'connection refused' });
    const offline = await plan({ apps: ['prod/shop'], mode: 'offline' });
    expect(said(offline).join()).not.toContain('source-answers');
    expect(offline.ok).toBe(true);
  } finally {
    seen.setStatus({ state: 'fresh' });
    await east.start();
  }
  await west.stop();
  try {
    expect(said(await plan())).toEqual([
      'refuse destination-unread: cluster west: it could not be read: connection refused',
    ]);
  } finally {
    await west.start();
  }
});

test('a job reads the very backup that its plan was made by, and no other', async () => {
  const request = { ...REQUEST, apps: ['prod/shop'], mode: 'offline' } as const;
  const planned = await plan(request);
  const [shop] = planned.apps;
  if (shop?.origin?.kind !== 'backup') throw new Error('no backup');
  const job = { ...planned, request, gates: GATES, limits: LIMITS };
  const objects = await migrations.objects(job, shop);
  expect(objects.map(({ manifest }) => manifest.kind)).toEqual(
    shop.objects.map(({ manifest }) => manifest.kind),
  );
  expect(JSON.stringify(objects)).toContain(PASSWORD);
  const other = { ...shop, origin: { ...shop.origin, backup: 'nightly-0' } };
  const { findings } = await migrations.look(job, other);
  expect(findings.map(({ text }) => text).join()).toContain(
    'nightly-1: the plan was made by nightly-0',
  );
});
