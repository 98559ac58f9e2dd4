// Moves between two real control planes under a steady load through two real edges: no request fails,
// nothing of the source goes before the edges report that nothing is sent there, nothing is written twice,
// by the API servers' own audit, and who is aborted is as before. Exhaustively that is proved on clusters
// in memory (test/jobs/move*.test.ts). KILLS_TURN=N chooses the records at which the controller is killed.

import type { KubernetesObject, V1Deployment, V1ResourceQuota } from '@kubernetes/client-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { underLoad } from '../e2e/under-load.ts';
import { auditFlags, writesIn } from './audited.ts';
import { type WatchedJournal, watchJournal } from './journal-watched.ts';
import {
  appAsRollout,
  appWithOthers,
  appWithSettings,
  bareOf,
  beginMove,
  formsOf,
  logsOf,
  moveWatched,
  objectsOf,
  PODS,
  slow,
  startMoveFleet,
  untilStep,
  WHOLE,
} from './move-fleet.ts';
import { CLUSTERS, hostOf, jobOf, untilJobIs } from './release-fleet.ts';
import { installRollouts, type RolloutsController, startRollouts } from './rollouts.ts';
import type { RealFleet } from './spine-fleet.ts';
import { until } from './until.ts';

const STARTS_MS = 600_000;
const RUNS_MS = 900_000;
const DAY_MS = 86_400_000;
const KILLS = 3;
/** A move of one app has more records than so many for each. */
const APART = 12;
const TURN = Number(process.env['KILLS_TURN'] ?? Math.floor(Date.now() / DAY_MS));

const named = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${what}-${index + 1}`);
const PLAIN = named('shop', 16);
const ROLLED = named('cart', 4);
const [CANARY = ''] = ROLLED;
const MANY = [...PLAIN, ...ROLLED];
const STAYING = named('till', 4);
const KILLED = 'desk';
const RETURNING = ['kiosk', 'booth'];
const [KIOSK = '', BOOTH = ''] = RETURNING;
const ROLLOUT = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
/** Of a priority of their own, by which a quota counts them. */
const RIVALS = ['pier', 'quay'];
const BERTH = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: 'berth' },
  value: 1,
};
const BERTHS = { apiVersion: 'v1', kind: 'ResourceQuota' };
const SHARING = 'lobby';

let folder: string;
let fleet: RealFleet;
let journal: WatchedJournal;
const controllers: RolloutsController[] = [];

const auditOf = (cluster: string): string => join(folder, `${cluster}.audit`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-moves-'));
  fleet = await startMoveFleet(41, {
    apiServerFlags: (cluster) => auditFlags(auditOf(cluster)),
  });
  journal = await watchJournal(fleet.redis.port);
  for (const plane of [fleet.east, fleet.west]) {
    await installRollouts(plane);
    controllers.push(await startRollouts(plane));
  }
  const { admin } = fleet.east;
  await admin.apply(...[...ROLLED, BOOTH].flatMap(appAsRollout));
  await admin.apply(...[...PLAIN, ...STAYING, KILLED, KIOSK].flatMap(appWithSettings));
  for (const plane of [fleet.east, fleet.west]) await plane.admin.apply(BERTH as KubernetesObject);
  await admin.apply(...RIVALS.flatMap(appOfBerth));
  await admin.apply(...appWithOthers(SHARING));
  for (const name of [...MANY, ...STAYING, KILLED, ...RETURNING, ...RIVALS, SHARING])
    await fleet.settled({ east: WHOLE }, name);
  await toMidCanary(CANARY);
  await toMidCanary(BOOTH);
}, STARTS_MS);
afterAll(async () => {
  journal?.close();
  for (const one of controllers) await one.close();
  await fleet?.close();
  await rm(folder, { recursive: true, force: true });
});

const containers = (version: number) => [
  { name: 'main', image: `example.com/never-pulled:${version}` },
];

function appOfBerth(name: string): KubernetesObject[] {
  const [settings, deployment, ...rest] = appWithSettings(name);
  const pod = (deployment as V1Deployment).spec?.template.spec;
  if (pod) pod.priorityClassName = BERTH.metadata.name;
  return [settings, deployment, ...rest].filter((one) => one !== undefined);
}

interface Phased extends KubernetesObject {
  readonly status?: { readonly phase?: string };
}

async function toMidCanary(name: string): Promise<void> {
  const ref = { ...ROLLOUT, metadata: { name, namespace: 'prod' } };
  await fleet.east.admin.patch(ref, {
    spec: { template: { spec: { containers: containers(2) } } },
  });
  await until('half of it is the second version', async () => {
    const { status } = await fleet.east.admin.get<Phased>(ref);
    return status?.phase === 'Paused';
  });
}

async function writes(): Promise<string[][]> {
  return Promise.all(CLUSTERS.map((cluster) => writesIn(auditOf(cluster))));
}

async function holdsOf(names: readonly string[]): Promise<readonly object[]> {
  type Holds = { readonly items: readonly { readonly app?: string }[] };
  const { items } = await fleet.ballast.get<Holds>('/api/v1/holds');
  return items.filter(({ app = '' }) => names.includes(app));
}

const kindOf = (name: string) => ([...ROLLED, BOOTH].includes(name) ? 'Rollout' : 'Deployment');
const allOf = (names: readonly string[]) =>
  names.flatMap((name) => [kindOf(name), 'Ingress', 'Service'].map((kind) => `${kind} ${name}`));
/** By cluster: what a move of an app writes. */
function written(name: string): string[][] {
  const workload = `${kindOf(name).toLowerCase()}s`;
  return [
    [
      `delete ingresses ${name}`,
      `patch ${workload} ${name}`,
      `delete ${workload} ${name}`,
      `delete services ${name}`,
    ],
    [
      `patch configmaps ${name}-settings`,
      `patch services ${name}`,
      `patch ${workload} ${name}`,
      `patch ingresses ${name}`,
    ],
  ];
}
const of = (name: string, list: readonly string[]) =>
  list.filter((one) => one.endsWith(` ${name}`) || one.endsWith(` ${name}-settings`));

test.concurrent('twenty apps in waves: no request fails, and the source goes last', {
  timeout: RUNS_MS,
}, async () => {
  const { early, empty } = await moveWatched(fleet, {
    apps: MANY,
    limits: { atOnce: 12, shifting: 10 },
  });
  expect({ early, empty }).toEqual({ early: [], empty: [] });
  expect(await objectsOf(fleet.east, MANY)).toEqual([]);
  expect(await objectsOf(fleet.west, MANY)).toEqual(allOf(MANY).toSorted());
  for (const name of MANY) await fleet.settled({ west: WHOLE }, name);
  const [east = [], west = []] = await writes();
  for (const name of MANY) expect([of(name, east), of(name, west)]).toEqual(written(name));
  expect(await holdsOf(MANY)).toEqual([]);
  const ref = { ...ROLLOUT, metadata: { name: CANARY, namespace: 'prod' } };
  expect(await fleet.west.admin.get(ref)).toMatchObject({
    spec: { template: { spec: { containers: containers(1) } } },
    status: { phase: 'Healthy' },
  });
});

test.concurrent('aborted on the way, or changed by somebody else: as before', {
  timeout: RUNS_MS,
}, async () => {
  const [early = '', half = '', late = '', edited = ''] = STAYING;
  const before = await formsOf(fleet.east, STAYING);
  const abortAt = async (app: string, step: string): Promise<void> => {
    const id = await beginMove(fleet, { apps: [app] });
    await untilStep(fleet, id, `${app}:${step}`);
    await fleet.ballast.send('POST', `/api/v1/jobs/${id}/abort`, {});
    await untilJobIs(fleet, id, 'RolledBack');
  };
  const edit = async (app: string): Promise<void> => {
    const id = await beginMove(fleet, { apps: [app] });
    await untilStep(fleet, id, `${app}:shift.10`);
    const metadata = { name: `${app}-settings`, namespace: 'prod' };
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    await fleet.west.admin.patch(settings, { data: { a: 'theirs' } });
    const { why } = await untilJobIs(fleet, id, 'Blocked');
    expect(why).toContain(`ConfigMap prod/${app}-settings in west was changed by somebody else`);
    expect(await fleet.west.admin.get(settings)).toMatchObject({ data: { a: 'theirs' } });
    await fleet.ballast.send('POST', `/api/v1/jobs/${id}/abort`, {});
    await untilJobIs(fleet, id, 'RolledBack');
  };
  await underLoad(slow(fleet), STAYING.map(hostOf), async () => {
    await Promise.all([
      abortAt(early, 'apply.2'),
      abortAt(half, 'shift.25'),
      abortAt(late, 'drain'),
      edit(edited),
    ]);
  });
  expect(await formsOf(fleet.east, STAYING)).toEqual(before);
  expect(await objectsOf(fleet.west, STAYING)).toEqual([]);
  const [east = []] = await writes();
  expect(STAYING.flatMap((name) => of(name, east))).toEqual([]);
  for (const name of STAYING) await fleet.settled({ east: WHOLE }, name);
  expect(await holdsOf(STAYING)).toEqual([]);
});

test.concurrent('what others than the moved app’s have pods behind stays at the source', {
  timeout: RUNS_MS,
}, async () => {
  const { early, empty } = await moveWatched(fleet, { apps: [SHARING] });
  expect({ early, empty }).toEqual({ early: [], empty: [] });
  const shared = [logsOf(SHARING), bareOf(SHARING)];
  const services = shared.map((name) => `Service ${name}`).toSorted();
  const all = [SHARING, ...shared];
  expect(await objectsOf(fleet.east, all)).toEqual(services);
  expect(await objectsOf(fleet.west, all)).toEqual([...allOf([SHARING]), ...services].toSorted());
  await fleet.settled({ west: WHOLE }, SHARING);
});

interface Spec extends KubernetesObject {
  readonly spec?: { readonly selector?: object; readonly rules?: readonly object[] };
}

/** What leads to an app's pods in east, as people write it. */
async function routesOf(name: string): Promise<object> {
  const metadata = { name, namespace: 'prod' };
  const get = (apiVersion: string, kind: string) =>
    fleet.east.admin.get<Spec>({ apiVersion, kind, metadata });
  const service = await get('v1', 'Service');
  const ingress = await get('networking.k8s.io/v1', 'Ingress');
  return [service.metadata?.annotations, service.spec?.selector, ingress.spec?.rules];
}

test.concurrent('called off when the source is deleted: it comes again, and no request fails', {
  timeout: RUNS_MS,
}, async () => {
  const before = await Promise.all(RETURNING.map(routesOf));
  const stay = async (name: string): Promise<void> => {
    const metadata = { name, namespace: 'prod' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata };
    // Its deletion, the last one, does not end before that is taken away.
    await fleet.east.admin.patch(service, { metadata: { finalizers: ['example.com/stay'] } });
    const id = await beginMove(fleet, { apps: [name] });
    await until(
      `the Service of ${name} is going`,
      async () => {
        const live = await fleet.east.admin.get(service);
        return live.metadata?.deletionTimestamp;
      },
      RUNS_MS,
    );
    expect(await objectsOf(fleet.east, [name])).toEqual([`Service ${name}`]);
    await fleet.ballast.send('POST', `/api/v1/jobs/${id}/abort`, {});
    await until('it waits for its end', async () => {
      const job = await jobOf(fleet, id);
      return job.steps.some((one) => one.id.includes(':again.') && one.waits === 'it is going');
    });
    await fleet.east.admin.patch(service, { metadata: { finalizers: null } });
    await untilJobIs(fleet, id, 'RolledBack');
  };
  await underLoad(slow(fleet), RETURNING.map(hostOf), async () => {
    await Promise.all(RETURNING.map(stay));
  });
  expect(await objectsOf(fleet.east, RETURNING)).toEqual(allOf(RETURNING).toSorted());
  expect(await objectsOf(fleet.west, RETURNING)).toEqual([]);
  expect(await Promise.all(RETURNING.map(routesOf))).toEqual(before);
  for (const name of RETURNING) await fleet.settled({ east: WHOLE }, name);
  expect(await holdsOf(RETURNING)).toEqual([]);
  const ref = { ...ROLLOUT, metadata: { name: BOOTH, namespace: 'prod' } };
  expect(await fleet.east.admin.get(ref)).toMatchObject({
    spec: { template: { spec: { containers: containers(1) } } },
    status: { phase: 'Healthy' },
  });
});

/** West takes so many pods of that priority. */
async function giveBerths(pods: number): Promise<void> {
  const scope = { scopeName: 'PriorityClass', operator: 'In', values: [BERTH.metadata.name] };
  const spec = { hard: { pods: String(pods) }, scopeSelector: { matchExpressions: [scope] } };
  const quota = { ...BERTHS, metadata: { name: 'berths', namespace: 'prod' } };
  await fleet.west.admin.apply({ ...quota, spec } as KubernetesObject);
  await until('it is counted', async () => {
    const { status } = await fleet.west.admin.get<V1ResourceQuota>(quota);
    return status?.hard?.['pods'] === String(pods) && status.used?.['pods'];
  });
}

interface Waiting {
  readonly id: string;
  readonly apps: readonly string[];
  readonly state: string;
  readonly waits?: readonly string[];
}

test.concurrent('two fight for the last room: one waits, says for what, and goes on by itself', {
  timeout: RUNS_MS,
}, async () => {
  await giveBerths(PODS);
  const listed = async (): Promise<readonly Waiting[]> =>
    (await fleet.ballast.get<{ readonly items: readonly Waiting[] }>('/api/v1/jobs')).items;
  const waitsWith = (text: RegExp): Promise<Waiting> =>
    until(
      `one waits with ${text}`,
      async () => {
        const mine = (await listed()).filter(({ apps }) => RIVALS.includes(apps[0] ?? ''));
        const found = mine.find(({ waits = [] }) => waits.some((one) => text.test(one)));
        if (found) return found;
        throw new Error(JSON.stringify(mine));
      },
      RUNS_MS,
    );
  await underLoad(slow(fleet), RIVALS.map(hostOf), async () => {
    const gates = { deadlineSeconds: RUNS_MS / 1000 };
    const ids = await Promise.all(RIVALS.map((app) => beginMove(fleet, { apps: [app], gates })));
    const lacks = 'no room in west: 0 of 2 fit \\(quota berths: pods 0 left, 1 a pod\\)';
    const loser = await waitsWith(new RegExp(`${lacks}; booked: 2 by move-`));
    expect(loser.state).toBe('Running');
    const winner = ids.find((id) => id !== loser.id) ?? '';
    await untilJobIs(fleet, winner, 'Done');
    // Its pods are there by now.
    await waitsWith(new RegExp(`${lacks}$`));
    expect(await objectsOf(fleet.west, loser.apps)).toEqual([]);
    await giveBerths(2 * PODS);
    await untilJobIs(fleet, loser.id, 'Done');
  });
  expect(await objectsOf(fleet.west, RIVALS)).toEqual(allOf(RIVALS).toSorted());
  for (const name of RIVALS) await fleet.settled({ west: WHOLE }, name);
  const [east = [], west = []] = await writes();
  for (const name of RIVALS) expect([of(name, east), of(name, west)]).toEqual(written(name));
});

test('killed again and again: the same end, and nothing twice', {
  timeout: RUNS_MS,
}, async () => {
  const next = (TURN % APART) + 1;
  const deaths: string[] = [];
  let records = 0;
  let dead = Promise.withResolvers<void>();
  journal.told = (steps) => {
    records += 1;
    if (records !== next + deaths.length * APART || deaths.length === KILLS) return;
    deaths.push(steps);
    const { resolve, reject } = dead;
    fleet.ballast.kill('SIGKILL').then(() => resolve(), reject);
  };
  await underLoad(slow(fleet), hostOf(KILLED), async () => {
    const before = new Set(await jobs());
    // Its answer may be lost with it.
    beginMove(fleet, { apps: [KILLED] }).catch(() => undefined);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await dead.promise;
      dead = Promise.withResolvers<void>();
      await fleet.restartBallast();
    }
    const id = await until('the job is there', async () =>
      (await jobs()).find((one) => !before.has(one)),
    );
    await untilJobIs(fleet, id, 'Done');
  });
  expect(deaths).toHaveLength(KILLS);
  const [east = [], west = []] = await writes();
  expect([of(KILLED, east), of(KILLED, west)], deaths.join()).toEqual(written(KILLED));
  expect(await objectsOf(fleet.east, [KILLED])).toEqual([]);
  await fleet.settled({ west: WHOLE }, KILLED);
  expect(await holdsOf([KILLED])).toEqual([]);
});

async function jobs(): Promise<string[]> {
  const { items } = await fleet.ballast.get<{ readonly items: readonly { readonly id: string }[] }>(
    '/api/v1/jobs',
  );
  return items.map(({ id }) => id);
}
