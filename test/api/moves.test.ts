// A migration through the API, over a whole controller in memory with an edge that acknowledges and counts:
// what is published is the controller's own doing.

import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { notePollers } from '../../src/api/pollers.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { BallastError } from '../../src/errors.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { tracedPlaces } from '../../src/jobs/traces.ts';
import { NOTHING_ADDED } from '../../src/migration/capacity/need.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import type { Migrations } from '../../src/migration/migrations.ts';
import { lookAgain } from '../../src/migration/plan/again.ts';
import type { PlanRequest, PlanWorld } from '../../src/migration/plan/model.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { trafficOf } from '../../src/migration/read/traffic.ts';
import { liveLedgers } from '../../src/migration/run/live-ledgers.ts';
import { liveMoveTraffic } from '../../src/migration/run/live-traffic.ts';
import { migrationKind } from '../../src/migration/run/run.ts';
import { gatesOf, limitsOf } from '../../src/migration/run/settings.ts';
import { draftMove } from '../../src/migration/run/submit.ts';
import { shareLimitsOf } from '../../src/plan/settings.ts';
import { rampOf } from '../../src/weights/settings.ts';
import type { Word } from '../../src/words/word.ts';
import { until } from '../controlplane/until.ts';
import { MemoryLedgers } from '../jobs/memory-ledgers.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { ALL, SHOP } from '../jobs/move-fleet.ts';
import { app as appWorld, destination, world } from '../migration/plan/plan-world.ts';
import { accessBy, listText, tokenOf, writeList, type ListFile } from './access.ts';
import type { InMemory } from './memory-controller.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';
import { closeAll, openApi } from './open-api.ts';

let list: ListFile;
beforeAll(async () => {
  list = await writeList(
    listText({
      all: { roles: ['migrator'] },
      east: { roles: ['migrator'], clusters: ['east'] },
      news: { roles: ['migrator'], apps: ['news'] },
      viewer: { roles: ['viewer'] },
    }),
  );
});
afterEach(closeAll);
afterAll(() => list.remove());

/** As careful as the usual ones, in little time. */
const QUICK = {
  readySeconds: 0.1,
  deadlineSeconds: 30,
  intervalSeconds: 0.1,
  samples: 5,
  bakeSeconds: 0.1,
  quietSeconds: 0.1,
  callers: 'edges',
  pollersSeconds: 0,
} as const;
const MOVE = { apps: ['shop'], from: 'east', to: 'west', gates: QUICK };
const PLACES = ['east', 'west'];

async function start() {
  const objects = new Map(PLACES.map((name) => [name, new MemoryObjects(name)]));
  const clusters = PLACES.map((name, index) => {
    const cluster = new MemoryCluster(name);
    cluster.setNodes(
      [1, 2].map((n) => ({ name: `${name}-${n}`, address: `10.${index}.0.${n}:80` })),
    );
    const its = objects.get(name);
    if (its)
      its.onReady = (_workload, pods) => cluster.set('shop', pods > 0 ? { pods } : undefined);
    return cluster;
  });
  const [east, west] = PLACES.map((name) => objects.get(name) ?? new MemoryObjects(name));
  if (!east || !west) throw new Error('no clusters');
  for (const { metadata, ...rest } of ALL) {
    const { uid: _, ...own } = metadata;
    east.applyAs('kubectl', { ...rest, metadata: own } as never);
  }
  for (const _ of [1, 2]) await east.read(SHOP);
  const statistics = collectStatistics();
  const ledgers = new MemoryLedgers();
  let parts: (() => Pick<InMemory, 'controller' | 'book'>) | undefined;
  const its = () => {
    if (!parts) throw new Error('not yet');
    return parts();
  };
  const writerOf = async (name: string) => objects.get(name) ?? east;
  const manifests = (from: MemoryObjects) => from.all() as readonly object[] as readonly Manifest[];
  const worldOf = (request: PlanRequest): PlanWorld => {
    const source = { objects: manifests(east), unread: new Set<string>(), origin: LIVE };
    const others = manifests(west).filter((one) => !one.metadata.labels?.['ballast.io/migration']);
    const { controller } = its();
    const traffic = trafficOf(controller.facts('shop'), undefined, 10);
    const app = appWorld('shop', { source, ...(traffic && { traffic }) });
    const there = new Map([['prod', { objects: others, unread: new Set<string>() }]]);
    return world({
      apps: request.apps.map(() => app),
      destination: destination({ namespaces: there }),
    });
  };
  const migrations: Migrations = {
    ...NO_MIGRATIONS,
    plan: async (request) => planMigration(request, worldOf(request)),
    async draft({ gates = {}, limits = {}, ...asked }) {
      const care = { gates: gatesOf(gates), limits: limitsOf(limits) };
      return draftMove({ ...asked, ...care }, planMigration(asked.request, worldOf(asked.request)));
    },
    async look({ request }, { replicas }) {
      const now = worldOf(request);
      const view = now.destination?.view;
      const again = lookAgain(request, now, replicas?.after ?? 0);
      return { ...again, ...(view && { destination: view }) };
    },
    objects: async ({ request }, { replicas }) =>
      lookAgain(request, worldOf(request), replicas?.after ?? 0).objects,
    additions: async () => NOTHING_ADDED,
  };
  const kinds = (of: NonNullable<typeof parts>): readonly JobKind[] => {
    parts = of;
    const controller = {
      published: () => its().controller.published(),
      facts: (app: string) => its().controller.facts(app),
      say: (word: Word) => its().controller.say(word),
    };
    const traffic = liveMoveTraffic({
      controller,
      book: { views: (mark, at) => its().book.views(mark, at) },
      statistics,
      pollers: notePollers(systemClock),
      clock: systemClock,
    });
    const probe = async () => ({ status: 200, seconds: 0.01 });
    const { room, hooks } = ledgers;
    const marks = liveLedgers({ bookings: room, hooks, controller });
    const places = tracedPlaces({ environment: 'test', clusters: () => PLACES, writerOf });
    const own = { ...marks, environment: 'test', writerOf, places, traffic, probe };
    return [migrationKind({ ...own, clock: systemClock, world: migrations }) as JobKind];
  };
  const access = accessBy({ tokens: list.tokens });
  const share = shareLimitsOf({});
  const ramp = rampOf({});
  const api = await openApi(
    { clusters, objects, kinds, ...(share && { share }), ...(ramp && { ramp }) },
    { migrations, statistics, access },
  );
  await until(
    'it leads',
    () => api.controller.published()?.app('shop')?.upstream.servers.length === 2,
  );
  await api.jobs.confirmEdges('ann', ['edge-1']);
  onTestFinished(beating(api, statistics));
  const as = (name: string, path: string, body?: object) =>
    api.call(body ? 'POST' : 'GET', `/api/v1${path}`, body, {
      authorization: `Bearer ${tokenOf(name)}`,
    });
  return { ...api, as, east, west, ledgers };
}

const LIVE = { kind: 'live' } as const;

/** An edge that has what is published, and sends requests where there is weight. */
function beating(
  { controller, book }: InMemory,
  statistics: ReturnType<typeof collectStatistics>,
): () => void {
  const stop = new AbortController();
  const counts = new Map<string, number>();
  const beat = (number: number): void => {
    const mark = controller.published()?.mark;
    if (!mark) return;
    const told = { highest: mark.term, mark, saved: mark, compared: mark.term };
    const rest = { documents: 1, above: [], refused: [], source: 'redis', start: 'a' };
    const state = { name: 'edge-1', beat: number, workers: [{ pid: 1, mark }], ...told, ...rest };
    book.hear(state as EdgeState, systemClock.now());
    for (const { address, weight } of controller.published()?.app('shop')?.upstream.servers ?? [])
      if (weight > 0) counts.set(address, (counts.get(address) ?? 0) + 1);
    const all = [...counts].map(([address, requests]) => {
      return { app: 'shop', address, requests, failures: 0, inFlight: 0 };
    });
    statistics.add('edge-1', systemClock.now(), { start: 'a', counts: all, unhealthy: [] });
  };
  void (async () => {
    for (let number = 1; !stop.signal.aborted; number += 1) {
      beat(number);
      await systemClock.sleep(20, stop.signal);
    }
  })();
  return () => stop.abort();
}

test('an online move, begun by the digest that was looked at, followed to its end', async () => {
  const { as, controller, weights, east, west } = await start();
  const plan = await as('all', '/migrations?dryRun=true', MOVE);
  expect(plan).toMatchObject({ status: 200, json: { ok: true } });
  expect(await as('all', '/migrations', { ...MOVE, digest: 'other' })).toMatchObject({
    status: 409,
    json: { code: 'plan-moved' },
  });
  const { digest } = plan.json;
  const begun = await as('all', '/migrations', { ...MOVE, digest });
  expect(begun).toMatchObject({
    status: 201,
    json: { kind: 'migration', name: 'move-shop', apps: ['shop'], planDigest: digest },
  });
  const { id } = begun.json;
  const seen = new Set<string>();
  const job = await until(`${id} is done`, async () => {
    seen.add(weights());
    const { json } = await as('viewer', `/jobs/${id}`);
    if (json.state === 'Done') return json;
    const open = json.steps.filter(({ state }: { state: string }) => state !== 'done');
    throw new Error(`${json.state} ${json.why ?? ''} ${JSON.stringify(open)}`);
  });
  expect(job.why).toBeUndefined();
  // What the controller published, step by step.
  expect([...seen]).toEqual(
    expect.arrayContaining(['20, 20', '100 of 20, 100 of 20, 100 of 20, 100 of 20']),
  );
  await until('the rule weighs again', () => weights() === '20, 20');
  const servers = controller.published()?.app('shop')?.upstream.servers ?? [];
  expect(new Set(servers.map(({ from }) => from))).toEqual(new Set(['west']));
  expect(controller.published()?.held.holds).toEqual([]);
  const isTrace = (line: string) => line.includes('/ballast-job-');
  expect(east.writes.findLast((line) => !isTrace(line))).toBe('remove Service prod/shop');
  expect(west.writes.filter((line) => !isTrace(line))).toHaveLength(7);
  for (const { writes } of [east, west]) {
    const traces = writes.filter(isTrace).map((line) => line.split(' ')[0]);
    expect([traces, isTrace(writes[0] ?? ''), isTrace(writes.at(-1) ?? '')]).toEqual([
      ['create', 'remove'],
      true,
      true,
    ]);
  }
  const mark = { app: 'shop', namespace: 'prod', from: 'east', to: 'west', job: id };
  expect(controller.published()?.held.moved).toMatchObject([mark]);
}, 60_000);

test('called off when it was marked as moved: within ramps and limits of shares it is as before', async () => {
  const { as, jobs, controller, weights, east, west, ledgers } = await start();
  const forms = () => east.all().map(({ kind, spec }) => [kind, spec] as const);
  const before = Object.fromEntries(forms());
  const { room } = ledgers;
  const release = room.release.bind(room);
  let isAway = false;
  // The last that it does; a person is faster.
  room.release = async (key, fence) => {
    if (isAway) throw new BallastError('redis-unavailable', 'it is away');
    await release(key, fence);
  };
  const { id } = (await as('all', '/migrations', MOVE)).json;
  await until('it is deleted', async () => {
    const job = await jobs.read(id);
    isAway = job?.steps['shop:drain'] !== undefined;
    return controller.published()?.held.moved.length === 1;
  });
  expect(east.all().map(({ kind }) => kind)).not.toContain('Deployment');
  expect(await as('all', `/jobs/${id}/abort`, {})).toMatchObject({ status: 200 });
  await until('it goes home', async () => (await jobs.read(id))?.steps['shop:return.ready']);
  isAway = false;
  await until(`${id} is back`, async () => {
    const { json } = await as('viewer', `/jobs/${id}`);
    if (json.state === 'RolledBack') return true;
    const open = json.steps.filter(({ state }: { state: string }) => state !== 'done');
    throw new Error(`${json.state} ${json.why ?? ''} ${JSON.stringify(open)}`);
  });
  await until('the rule weighs again', () => weights() === '20, 20');
  const servers = controller.published()?.app('shop')?.upstream.servers ?? [];
  expect(new Set(servers.map(({ from }) => from))).toEqual(new Set(['east']));
  expect(controller.published()?.held).toMatchObject({ holds: [], moved: [] });
  expect(Object.fromEntries(forms())).toEqual(before);
  expect(west.all()).toEqual([]);
}, 60_000);

test('a plan that is refused begins nothing; nor does who may not', async () => {
  const { as, jobs } = await start();
  const code = async (name: string, body: object): Promise<string> =>
    (await as(name, '/migrations', body)).json.code;
  expect(await code('all', { ...MOVE, to: 'south' })).toBe('plan-invalid');
  expect(await code('all', { ...MOVE, gates: { samples: 0 } })).toBe('request-invalid');
  expect(await code('all', { ...MOVE, gates: { hurry: true } })).toBe('request-invalid');
  expect(await code('east', MOVE)).toBe('cluster-unknown');
  expect(await code('news', MOVE)).toBe('app-unknown');
  expect(await code('viewer', MOVE)).toBe('role-missing');
  expect(await jobs.heads()).toEqual([]);
});
