// Plans on real control planes: from a live cluster, and from a backup that the real Velero made of it
// before it was killed. The last one is carried out under load; then the source returns.

import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanAnswer, RehearsalAnswer } from '../../src/api/migration-shapes.ts';
import type { DebtAnswer, DebtNowAnswer } from '../../src/api/debt-shapes.ts';
import { call } from '../cli/run.ts';
import { underLoad } from '../e2e/under-load.ts';
import { jobOf, untilJobIs } from './release-fleet.ts';
import { beginMove, confirmEdges, objectsOf, slow } from './move-fleet.ts';
import { type RealFleet, HOST, SHOP, startRealFleet } from './spine-fleet.ts';
import { allowJobs } from './jobs.ts';
import { app } from './objects.ts';
import { until } from './until.ts';
import { BUCKET, type S3, startS3, startVelero, type Velero } from './velero.ts';

const STARTS_MS = 600_000;
const PASSWORD = 'bm8tb25lLWtub3dz';

let s3: S3;
let velero: Velero;
let fleet: RealFleet;

const CONFIG = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shop', namespace: 'prod' },
    data: { a: '1' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shop', namespace: 'prod' },
    data: { password: PASSWORD },
  },
];

beforeAll(async () => {
  s3 = await startS3();
  const credentials = { file: s3.credentials };
  const place = { bucket: BUCKET, prefix: 'east', url: s3.url, credentials };
  fleet = await startRealFleet(
    37,
    {},
    {
      users: ['jobs'],
      cluster: (plane) => ({
        jobs: {
          kubeconfig: { path: plane.kubeconfig('jobs') },
          namespaces: ['prod'],
          secrets: true,
        },
      }),
      config: { migration: { backups: [{ cluster: 'east', s3: place }] } },
    },
  );
  const { east, west } = fleet;
  await allowJobs(east, ['prod']);
  await allowJobs(west, ['prod']);
  const [deployment, ...rest] = app({ ...SHOP, replicas: 4, host: HOST });
  const containers = deployment.spec?.template.spec?.containers ?? [];
  for (const container of containers)
    container.envFrom = [{ configMapRef: { name: 'shop' } }, { secretRef: { name: 'shop' } }];
  await east.admin.apply(...CONFIG, deployment, ...rest);
  await fleet.settled({ east: [20, 20] });
  velero = await startVelero(east, s3, 'east');
  await velero.backup('first', ['prod']);
}, STARTS_MS);
afterAll(async () => {
  await velero?.close();
  await fleet?.close();
  await s3?.close();
});

const KINDS = ['ConfigMap', 'Secret', 'Service', 'Deployment', 'Ingress'];

async function plan(...args: readonly string[]): Promise<PlanAnswer> {
  const { url } = fleet.ballast;
  const all = ['migration', 'plan', ...args, '--from', 'east', '--to', 'west', '-o', 'json'];
  const { out, errors } = await call([...all, '--server', url]);
  if (out === '') throw new Error(errors);
  return JSON.parse(out) as PlanAnswer;
}

const manifests = ({ apps }: PlanAnswer) => apps[0]?.objects.map(({ manifest }) => manifest);
const refused = ({ findings }: PlanAnswer) =>
  findings.filter(({ severity }) => severity === 'refuse');

let live: PlanAnswer;

test('online, from the live cluster, by the published rights alone', {
  timeout: STARTS_MS,
}, async () => {
  live = await plan('shop');
  expect(refused(live)).toEqual([]);
  expect(live.apps[0]).toMatchObject({
    state: 'planned',
    workload: 'Deployment prod/shop',
    replicas: { before: 4, after: 4 },
    origin: { kind: 'live' },
  });
  expect(manifests(live)?.map(({ kind }) => kind)).toEqual(KINDS);
  expect(JSON.stringify(live)).not.toContain(PASSWORD);
  const { east, west } = fleet;
  for (const plane of [east, west]) {
    const kept = await plane.admin.list({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'prod');
    expect(kept.map(({ metadata }) => metadata?.name)).toEqual(plane === east ? ['shop'] : []);
  }
});

interface Role extends KubernetesObject {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: string[];
  }[];
}

test('without rights a kind is unread, but for one that the cluster does not have', {
  timeout: STARTS_MS,
}, async () => {
  const { east } = fleet;
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' };
  const ref = { ...role, metadata: { name: 'ballast-jobs', namespace: 'prod' } };
  const { rules } = await east.admin.get<Role>(ref);
  const narrow = rules
    .filter(({ apiGroups }) => !apiGroups.includes('argoproj.io'))
    .map((rule) => ({ ...rule, resources: rule.resources.filter((one) => one !== 'daemonsets') }));
  const unread = async () =>
    (await plan('shop')).findings.filter(({ code }) => code === 'unread').map(({ text }) => text);
  const rolled = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
  await expect(east.client('jobs').list(rolled, 'prod')).rejects.toThrow('404');
  await east.admin.apply({ ...ref, rules: narrow } as KubernetesObject);
  const told = await until('the rights are gone', async () => {
    const all = await unread();
    return all.length > 0 && all;
  });
  await expect(east.client('jobs').list(rolled, 'prod')).rejects.toThrow('403');
  expect(told).toEqual([
    'DaemonSet objects could not be read: what they may need stays at the source',
  ]);
  await allowJobs(east, ['prod']);
  await until('they are back', async () => (await unread()).length === 0);
});

test('a rehearsal: the app would come back from Velero’s backup', {
  timeout: STARTS_MS,
}, async () => {
  const { json } = await fleet.ballast.send<RehearsalAnswer>('POST', '/api/v1/migrations/rehearse');
  const east = json.clusters.find(({ cluster }) => cluster === 'east');
  expect(east?.apps).toMatchObject([
    { app: 'shop', namespace: 'prod', backup: 'first', warnings: [] },
  ]);
  expect(east?.destinations).toMatchObject([{ cluster: 'west', ok: true, rung: 0, refused: [] }]);
  expect(east?.ok).toBe(true);
});

test('offline, from the bucket, with the cluster killed: the same objects', {
  timeout: STARTS_MS,
}, async () => {
  await velero.close();
  await fleet.east.stop();
  const offline = await plan('prod/shop', '--mode', 'offline');
  expect(refused(offline)).toEqual([]);
  expect(offline.apps[0]?.origin).toMatchObject({
    kind: 'backup',
    backup: 'first',
    passedOver: [],
  });
  expect(manifests(offline)).toEqual(manifests(live));
  expect(JSON.stringify(offline)).not.toContain(PASSWORD);
});

const DEBTS = '/api/v1/migrations/debts';
const debts = async () => (await fleet.ballast.get<{ items: DebtAnswer[] }>(DEBTS)).items;
const APP = ['Deployment shop', 'Ingress shop', 'Service shop'];

test('offline, carried out: no request fails, and what the source still has is owed', {
  timeout: STARTS_MS,
}, async () => {
  const { west } = fleet;
  await underLoad(slow(fleet), HOST, async () => {
    const id = await beginMove(fleet, { apps: ['prod/shop'], mode: 'offline' });
    const { why } = await untilJobIs(fleet, id, 'Done');
    expect(why).toBe('the source still has what was moved');
  });
  await fleet.settled({ east: [0, 0], west: [20, 20] });
  expect(await objectsOf(west, ['shop'])).toEqual(APP);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: SHOP };
  expect(await west.admin.get(secret)).toMatchObject({ data: { password: PASSWORD } });
  expect(await debts()).toMatchObject([{ app: 'shop', cluster: 'east', objects: 3 }]);
});

test('the source returns: it gets no requests, and loses nothing until a person consents', {
  timeout: STARTS_MS,
}, async () => {
  const { east, ballast } = fleet;
  await underLoad(slow(fleet), HOST, async () => {
    await east.start();
    const [debt] = await until(
      'it is back',
      async () => {
        const all = await debts();
        return all[0]?.clusterState === 'fresh' ? all : undefined;
      },
      120_000,
    );
    await fleet.settled({ east: [0, 0], west: [20, 20] });
    expect(await objectsOf(east, ['shop'])).toEqual(APP);
    await confirmEdges(fleet);
    const path = `${DEBTS}/${debt?.id}`;
    const { digest, objects } = await ballast.get<DebtNowAnswer>(path);
    expect(objects.map(({ state }) => state)).toEqual(['there', 'there', 'there']);
    const { json } = await ballast.send<{ id: string }>('POST', `${path}/consent`, { digest });
    // That it is deleted then is proved in test/migration/debts: it takes a minute without requests.
    await until('it is looked whether nobody asks it', async () => {
      const { steps } = await jobOf(fleet, json.id);
      return steps.some(({ waits = '' }) => /^no request for \d+ of 60 s$/.test(waits));
    });
  });
  expect(await objectsOf(east, ['shop'])).toEqual(APP);
});
