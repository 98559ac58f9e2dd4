// A fan-out on two real control planes, as the user with the published Role for jobs: what a plan says of
// them is what they do, and only what was planned is written.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ResourceQuota } from '@kubernetes/client-node';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { clusterWorld } from '../../src/app.ts';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { readOrders } from '../../src/clusters/named-orders.ts';
import { createWriters, type Writers } from '../../src/clusters/writers.ts';
import { loadConfig } from '../../src/config.ts';
import { readFanout } from '../../src/fanout/fanout.ts';
import { applyEntry } from '../../src/fanout/live/apply-entry.ts';
import { planLive } from '../../src/fanout/live/live.ts';
import { openingWriter } from '../../src/fanout/live/opening-writer.ts';
import type { Reached } from '../../src/fanout/live/read-world.ts';
import type { Plan } from '../../src/fanout/plan/plan.ts';
import { sealingBy } from '../../src/fanout/plan/seal.ts';
import { type PlanOptions, USUAL } from '../../src/fanout/plan/world.ts';
import { call } from '../cli/run.ts';
import type { Ref } from './client.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { allowJobs } from './jobs.ts';
import {
  actions,
  containers,
  FANOUT,
  FIXED,
  labels,
  meta,
  OBJECTS,
  said,
} from './fanout-objects.ts';
import { live, type RolloutStatus, takesOrMakes } from './live.ts';
import { installRollouts, type RolloutsController, startRollouts } from './rollouts.ts';
import { until } from './until.ts';

let folder: string;
let config: string;
let east: ControlPlane;
let west: ControlPlane;
let clusters: readonly Reached[];
let writers: Writers;
let controller: RolloutsController;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-fanout-real-'));
  config = join(folder, 'ballast.yaml');
  [east, west] = await Promise.all([
    startCluster({ name: 'east', users: ['jobs'] }),
    startCluster({ name: 'west', users: ['jobs'] }),
  ]);
  for (const plane of [east, west]) {
    await installRollouts(plane);
    await allowJobs(plane, ['prod', 'stage']);
  }
  const named = [east, west].map((plane) => ({
    name: plane.name,
    kubeconfig: { path: plane.ballastKubeconfig },
    ingress: { nodes: 'ingress=true', port: 80 },
    jobs: {
      kubeconfig: { path: plane.kubeconfig('jobs') },
      namespaces: ['prod', 'stage'],
      secrets: true,
    },
  }));
  controller = await startRollouts(east);
  const redis = { url: 'redis://127.0.0.1:1' };
  await writeFile(config, stringify({ environment: 'real', redis, clusters: named }));
  const loaded = loadConfig(config, {});
  const world = clusterWorld(loaded, pino({ level: 'silent' }));
  const { orders, trouble } = await readOrders(loaded.config, world, 10_000);
  expect(trouble).toEqual([]);
  clusters = orders;
  writers = createWriters(() => orders, world);
});
afterAll(async () => {
  await writers?.close();
  await controller?.close();
  await east?.close();
  await west?.close();
  await rm(folder, { recursive: true, force: true });
});

const SEALING = sealingBy('k'.repeat(32));

type Objects = readonly object[];

const streamOf = (objects: Objects): string =>
  [FANOUT, ...objects].map((one) => stringify(one, { aliasDuplicateObjects: false })).join('---\n');

async function planned(objects: Objects, options: Partial<PlanOptions> = {}, room = false) {
  const read = readFanout([{ name: 'stream.yaml', text: streamOf(objects) }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  const world = clusterWorld(loadConfig(config, {}), pino({ level: 'silent' }));
  const { plan, notes } = await planLive(read.orders, clusters, world, {
    plan: { ...USUAL, sealing: SEALING, ...options },
    timeoutMs: 20_000,
    dryRun: true,
    ...(room && { room: { headroomPercent: 10 } }),
  });
  expect(notes).toEqual([]);
  return plan;
}

/** What a run does, without its order, gates and weights. */
async function bringOut(plan: Plan) {
  expect(plan.faults).toEqual([]);
  const results = [];
  const { secrets = () => undefined } = plan;
  for (const entry of plan.entries) {
    const writer = openingWriter(await writers.writer(entry.cluster), () => secrets, SEALING);
    results.push(await applyEntry(entry, writer, plan.name ?? ''));
  }
  return results;
}

/** What a controller says of an object is no change by a plan: of what has one the generation counts. */
async function versions(): Promise<unknown[]> {
  const all = [east, west].flatMap((plane) =>
    Object.values(OBJECTS).map(async (one) => {
      const { metadata } = (await live(plane, one)) ?? {};
      return metadata?.['generation'] ?? metadata?.['resourceVersion'];
    }),
  );
  return Promise.all(all);
}

beforeEach(async () => {
  for (const plane of [east, west]) {
    for (const one of Object.values(OBJECTS)) await plane.admin.remove(one as Ref);
  }
});

const ALL = Object.values(OBJECTS);
const { deployment, service, settings, secret, rollout } = OBJECTS;

/** Behind a test, also where it failed. */
function clearedOf(...objects: readonly object[]): void {
  onTestFinished(async () => {
    const all = objects.flatMap((one) => [east, west].map(({ admin }) => admin.remove(one as Ref)));
    await Promise.all(all);
  });
}

test('brought out as planned; then nothing differs, whatever the servers filled in', async () => {
  const plan = await planned(ALL);
  expect(actions(plan)).toEqual(['create']);
  expect(await live(east, deployment)).toBeUndefined();
  expect((await bringOut(plan)).every((one) => one.ok && one.did === 'created')).toBe(true);
  expect(await live(east, deployment)).toMatchObject({ spec: { replicas: 3 } });
  expect(await live(west, rollout)).toMatchObject({
    metadata: { labels: { 'ballast.io/fan-out': 'release' } },
    spec: { replicas: 1 },
  });
  const { metadata } = (await live(east, service)) ?? { metadata: {} };
  const managers = (metadata as { managedFields?: readonly object[] }).managedFields;
  expect(managers).toMatchObject([{ manager: 'ballast', operation: 'Apply' }]);

  const before = await versions();
  const again = await planned(ALL);
  expect(actions(again)).toEqual(['none']);
  expect(again.entries.flatMap(({ differences }) => differences)).toEqual([]);
  expect((await bringOut(again)).every((one) => one.ok && one.did === 'nothing')).toBe(true);
  expect(await versions()).toEqual(before);
  expect((await planned(ALL)).digest).toBe(again.digest);
});

test('a plan changes nothing there, and shows what the servers would make of a change', async () => {
  await bringOut(await planned(ALL));
  const before = await versions();
  const next = {
    ...deployment,
    spec: {
      ...deployment.spec,
      template: {
        metadata: { labels },
        spec: { containers: [{ ...containers[0], image: 'shop:2', env: [] }] },
      },
    },
  };
  const plan = await planned([next, service, settings]);
  expect(said(plan)).toContain('east update Deployment/shop');
  const paths = plan.entries.flatMap(({ cluster, differences }) =>
    cluster === 'east' ? differences.map(({ path }) => path) : [],
  );
  expect(paths).toEqual([
    '/spec/template/spec/containers/0/env/0',
    '/spec/template/spec/containers/0/image',
  ]);
  expect(await versions()).toEqual(before);
});

test('a digest moves with the world, and what moved since the plan is not written', async () => {
  await bringOut(await planned([settings]));
  const next = { ...settings, data: { a: '2' } };
  const plan = await planned([next]);
  await west.admin.patch(settings, { data: { b: '3' } });
  expect((await planned([next])).digest).not.toBe(plan.digest);
  expect(await bringOut(plan)).toMatchObject([
    { ok: true, did: 'updated' },
    { ok: false, code: 'moved' },
  ]);
  expect(await live(east, settings)).toMatchObject({ data: { a: '2' } });
  expect(await live(west, settings)).toMatchObject({ data: { a: '1', b: '3' } });
});

test('what someone else made is a fault, and is taken over only when told', async () => {
  await east.admin.apply({ ...settings, data: { a: '0', own: 'x' } } as KubernetesObject);
  const plan = await planned([settings]);
  expect(plan.faults).toEqual(['east: ConfigMap settings is tests’s: adopt it, or leave it out']);
  const told = await planned([settings], { adopt: true });
  expect(said(told)).toEqual(['east update ConfigMap/settings', 'west create ConfigMap/settings']);
  await bringOut(told);
  expect(await live(east, settings)).toMatchObject({ data: { a: '1', own: 'x' } });
});

test('a field of ours that another has taken is a conflict that names both', async () => {
  await bringOut(await planned([deployment]));
  await east.admin.scale(deployment as Ref, 9);
  const plan = await planned([deployment]);
  expect(plan.faults).toEqual([
    expect.stringMatching(
      /^east: Deployment prod\/shop: fields are owned by .* \(\.spec\.replicas\)$/,
    ),
  ]);
  expect(await live(east, deployment)).toMatchObject({ spec: { replicas: 9 } });
  await bringOut(await planned([deployment], { adopt: true }));
  expect(await live(east, deployment)).toMatchObject({ spec: { replicas: 3 } });
});

test('a field that another has taken since the plan is no less a conflict', async () => {
  await bringOut(await planned([deployment]));
  const plan = await planned([{ ...deployment, spec: { ...deployment.spec, replicas: 8 } }]);
  // With the very value that it has: what lives is as it was planned for.
  const theirs = { ...deployment, spec: { ...deployment.spec, replicas: 3 } };
  await east.admin.apply(theirs as KubernetesObject);
  // Amounts in another spelling than the server's are in conflict too.
  const fields: unknown = expect.arrayContaining(['.spec.replicas']);
  expect(await bringOut(plan)).toMatchObject([
    { code: 'conflict', conflicts: [{ manager: 'tests', fields }] },
    { ok: true, did: 'updated' },
  ]);
  expect(await live(east, deployment)).toMatchObject({ spec: { replicas: 3 } });
});

test('what a server refuses is a fault in its words, in that cluster', async () => {
  const wrong = { ...service, spec: { ...service.spec, ports: [{ port: 70_000 }] } };
  const { faults } = await planned([wrong]);
  expect(faults).toEqual([
    expect.stringMatching(/^east: Service prod\/shop: HTTP 422: .*65535/),
    expect.stringMatching(/^west: Service prod\/shop: HTTP 422: .*65535/),
  ]);
  const other = { ...settings, metadata: { ...settings.metadata, namespace: 'kube-system' } };
  expect((await planned([other])).faults).toEqual([
    expect.stringMatching(/^east: .*kube-system is none of clusters\[\]\.jobs\.namespaces/),
    expect.stringMatching(/^west: .*kube-system is none of clusters\[\]\.jobs\.namespaces/),
  ]);
});

test.each(FIXED)(
  'a plan says of %s that it cannot be changed, where, and what to do',
  async (field, first, next) => {
    clearedOf(first);
    await bringOut(await planned([first]));
    const { faults, entries } = await planned([{ ...first, ...next }]);
    const { kind } = first;
    const todo = `leave it as it was, delete the ${kind} there first, or give the new one another name`;
    for (const [index, name] of ['east', 'west'].entries()) {
      expect(faults[index]).toContain(`${name}: ${kind} prod/fixed: ${field}`);
      expect(faults[index]).toContain(` cannot be changed once it is there: ${todo}`);
      expect(entries[index]?.differences).not.toEqual([]);
    }
  },
);

test('a workload is the app of a Service that lives in a cluster and is not in the stream', async () => {
  const label = 'ballast.io/app';
  const naming = { apps: { label, list: [] } };
  const apps = async () => (await planned([deployment], naming)).entries.map(({ app }) => app);
  expect(await apps()).toEqual([undefined, undefined]);
  const front = (name: string) => ({
    ...service,
    metadata: { ...meta(name), labels: { [label]: name } },
  });
  clearedOf(front('front'), front('second'));
  await west.admin.apply(front('front'));
  expect(await apps()).toEqual(['front', 'front']);
  await east.admin.apply(front('second'));
  const { faults } = await planned([deployment], naming);
  expect(faults).toEqual([
    expect.stringContaining('several apps by their Services: front, second'),
  ]);
});

test('room by real nodes and quotas; what does not fit is told, or planned less of', async () => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: meta('few'),
    spec: { hard: { pods: '2' } },
  };
  await takesOrMakes(east, 'east-1');
  await east.admin.apply(quota);
  const counted = async () => (await east.admin.get<V1ResourceQuota>(quota)).status?.hard?.['pods'];
  await until('the quota is counted', counted);
  const { warnings, faults } = await planned([deployment], {}, true);
  expect(faults).toEqual([]);
  const text = 'Deployment prod/shop: ';
  expect(warnings.filter(({ code }) => code === 'no-room')).toEqual([
    {
      code: 'no-room',
      place: 'east',
      text: `${text}2 of 3 more pods fit: quota few: pods 2 left, 1 a pod`,
    },
    { code: 'no-room', place: 'west', text: `${text}0 of 1 more pods fit: it has no nodes` },
  ]);
  await takesOrMakes(west, 'west-1');
  const less = await planned([deployment], { degrade: true }, true);
  expect(less).toMatchObject({ faults: [], ladder: { rung: 1 } });
  expect(less.entries.map(({ replicas }) => replicas?.after)).toEqual([2, 0]);
  await east.admin.remove(quota);
});

test('a Rollout under its controller: what that writes is no difference, and a canary goes its way', async () => {
  await takesOrMakes(east, 'east-1');
  const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
  const first = { ...rollout, spec: { ...rollout.spec, strategy: { canary } } };
  await bringOut(await planned([first]));
  const status = async () => ((await live(east, rollout))?.['status'] ?? {}) as RolloutStatus;
  const healthy = async () => {
    const { phase, observedGeneration, stableRS, currentPodHash } = await status();
    const generation = (await live(east, rollout))?.metadata['generation'];
    const isStable = stableRS !== undefined && stableRS === currentPodHash;
    return phase === 'Healthy' && observedGeneration === `${generation}` && isStable;
  };
  await until('it is healthy', healthy, 180_000);
  expect(actions(await planned([first]))).toEqual(['none']);
  const image = { ...containers[0], image: 'shop:2' };
  const template = { metadata: { labels }, spec: { containers: [image] } };
  const next = { ...first, spec: { ...first.spec, template } };
  const plan = await planned([next]);
  const paths = plan.entries.flatMap(({ differences }) => differences.map(({ path }) => path));
  expect(new Set(paths)).toEqual(new Set(['/spec/template/spec/containers/0/image']));
  await bringOut(plan);
  await until('it pauses', async () => (await status()).phase === 'Paused', 180_000);
  expect(actions(await planned([next]))).toEqual(['none']);
});

test('pruned is what carries the label of this fan-out and the UID of the plan, of every kind', async () => {
  await bringOut(await planned([settings, secret, service]));
  await west.admin.apply({ ...deployment, metadata: meta('other') } as KubernetesObject);
  const kept = await planned([service]);
  expect(said(kept)).toEqual(['east none Service/shop', 'west none Service/shop']);
  const plan = await planned([service], { prune: true });
  const gone = ['east', 'west'].flatMap((name) => [
    `${name} none Service/shop`,
    `${name} delete ConfigMap/settings`,
    `${name} delete Secret/key`,
  ]);
  expect(said(plan).toSorted()).toEqual(gone.toSorted());
  // Another of that name, and one that is not this fan-out's any more.
  await east.admin.remove(settings as Ref);
  await east.admin.apply({
    ...settings,
    metadata: { ...settings.metadata, labels: { 'ballast.io/fan-out': 'release' } },
  } as KubernetesObject);
  await west.admin.patch(secret as Ref, { metadata: { labels: { 'ballast.io/fan-out': null } } });
  const results = await bringOut(plan);
  expect(results.filter((one) => one.ok && one.did === 'removed')).toHaveLength(2);
  expect(results.filter((one) => !one.ok && one.code === 'moved')).toHaveLength(2);
  expect(await live(east, settings)).toBeDefined();
  expect(await live(west, secret)).toBeDefined();
  expect(await live(west, settings)).toBeUndefined();
  expect(await live(east, secret)).toBeUndefined();
  await west.admin.remove({ ...deployment, metadata: meta('other') });
});

test('the command, as a person calls it: a plan as text, without a word of a Secret', async () => {
  const file = join(folder, 'stream.yaml');
  await writeFile(file, streamOf([settings, secret]));
  const args = ['fanout', 'plan', '-f', file, '--config', config];
  const { code, out, errors } = await call(args);
  expect({ code, errors }).toEqual({ code: 2, errors: '' });
  expect(out).toContain('  + ConfigMap/prod/settings (create)');
  expect(out).not.toContain('planted');
  await west.stopApiServer();
  try {
    const half = await call(args);
    expect(half.code).toBe(2);
    expect(half.out).toContain('  ? ConfigMap/prod/settings (unread)');
  } finally {
    await west.startApiServer();
    await west.restartControllers();
  }
});
