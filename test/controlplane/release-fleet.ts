// Apps that are released by fan-outs on two real control planes, and what is seen of that from outside.
//
// In: a real fleet (spine-fleet.ts), and what to release. Out: the job by the API; the clusters that get
// traffic, by the edges; pods that serve, by the API servers. On failure: an error with what was seen last.

import type { KubernetesObject } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { underLoad } from '../e2e/under-load.ts';
import { weightsAt } from '../e2e/held.ts';
import { allowJobs } from './jobs.ts';
import { app } from './objects.ts';
import { type FleetMore, type RealFleet, startRealFleet } from './spine-fleet.ts';
import { serving } from './truth.ts';
import { until } from './until.ts';

export const CLUSTERS = ['east', 'west'] as const;
/** In each cluster. */
export const REPLICAS = 4;
/** Of an app of so many pods on two ingress nodes. */
export const FULL = { east: [20, 20], west: [20, 20] };

export interface Release {
  readonly app: string;
  readonly kind: 'Deployment' | 'Rollout';
  readonly version: number;
  readonly strategy: object;
  /** In `west` its pods find no node, and its controller gives up after a while. */
  readonly broken?: boolean;
}

export interface StepView {
  readonly id: string;
  readonly state: string;
  readonly text: string;
  readonly waits?: string;
}

export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly why?: string;
  readonly steps: readonly StepView[];
}

const GOOD = { disk: 'good' };
const PATIENT_SECONDS = 600;
/** A busy machine brings the good cluster's pods within it. */
const BROKEN_SECONDS = 30;

/** Jobs may write in both clusters; broken releases find their nodes in `east` alone. */
export async function startReleaseFleet(subnet: number, more: FleetMore): Promise<RealFleet> {
  const fleet = await startRealFleet(
    subnet,
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
      ...more,
      config: { weights: { ramp: { seconds: 1 } }, ...more.config },
    },
  );
  try {
    for (const plane of [fleet.east, fleet.west]) await allowJobs(plane, ['prod']);
    for (const name of ['east-1', 'east-2']) {
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
      await fleet.east.admin.patch(node, { metadata: { labels: GOOD } });
    }
    return fleet;
  } catch (cause) {
    await fleet.close();
    throw cause;
  }
}

export const hostOf = (name: string): string => `${name}.example.com`;

/** All pods of a cluster are taken away before the next ones come: what is sent there then fails. */
const ALL_AT_ONCE = {
  Deployment: { type: 'Recreate' },
  Rollout: { canary: { maxSurge: 0, maxUnavailable: '100%' } },
};
const API_VERSION = { Deployment: 'apps/v1', Rollout: 'argoproj.io/v1alpha1' };

function streamOf({ app: name, kind, version, strategy, broken = false }: Release): string {
  const wish = { name, namespace: 'prod', replicas: REPLICAS, host: hostOf(name) };
  const [deployment, ...others] = plain(app({ ...wish, ...(broken && { nodeSelector: GOOD }) }));
  const { spec } = deployment;
  const { template } = spec;
  const containers = [{ name: 'main', image: imageOf(name, version) }];
  const workload = {
    ...deployment,
    apiVersion: API_VERSION[kind],
    kind,
    spec: {
      ...spec,
      strategy: ALL_AT_ONCE[kind],
      progressDeadlineSeconds: broken ? BROKEN_SECONDS : PATIENT_SECONDS,
      template: { ...template, spec: { ...template.spec, containers } },
    },
  };
  const metadata = { name: `${name}-settings`, namespace: 'prod' };
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { v: `${version}` } };
  const key = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${name}-key`, namespace: 'prod' },
    stringData: { v: secretOf(version) },
  };
  const fanout = {
    apiVersion: 'ballast.io/v1',
    kind: 'FanOut',
    metadata: { name },
    spec: { objects: 'all', clusters: CLUSTERS, strategy },
  };
  return [fanout, settings, key, workload, ...others]
    .map((one) => stringify(one, { aliasDuplicateObjects: false }))
    .join('---\n');
}

interface Workload extends KubernetesObject {
  readonly spec: { readonly template: { readonly spec: object } };
}

const plain = (objects: readonly KubernetesObject[]) =>
  structuredClone(objects) as unknown as [Workload, ...KubernetesObject[]];

/** What its Secret is to hold. */
export const secretOf = (version: number): string => `planted-${version}`;

export const imageOf = (name: string, version: number): string => `example.com/${name}:${version}`;

/** Answers the id of its job. */
export async function begin(fleet: RealFleet, release: Release): Promise<string> {
  const files = [{ name: 'release.yaml', text: streamOf(release) }];
  const answer = await until('somebody leads', async () => {
    // What gets no answer is not sent again: it may have begun.
    const sent = await fleet.ballast
      .send<{ readonly id: string; readonly code?: string }>('POST', '/api/v1/fanouts', { files })
      .catch((error: unknown) => ({ error }));
    return 'json' in sent && sent.json.code === 'not-leader' ? undefined : sent;
  });
  if ('error' in answer) throw answer.error;
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.json));
  return answer.json.id;
}

export const jobOf = (fleet: RealFleet, id: string): Promise<JobView> =>
  fleet.ballast.get<JobView>(`/api/v1/jobs/${id}`);

export async function untilJobIs(fleet: RealFleet, id: string, state: string): Promise<JobView> {
  return until(
    `${id} is ${state}`,
    async () => {
      const job = await jobOf(fleet, id);
      if (job.state === state) return job;
      const open = job.steps.filter((step) => step.state === 'open' || step.state === 'failed');
      const all = open.map((step) => `${step.id}: ${step.state} ${step.waits ?? step.text}`);
      throw new Error([job.state, job.why, ...all].join('; '));
    },
    400_000,
  );
}

/** The images that run now, by cluster. */
export async function imagesOf(
  { east, west }: RealFleet,
  { app: name, kind }: Pick<Release, 'app' | 'kind'>,
): Promise<readonly (string | undefined)[]> {
  const ref = { apiVersion: API_VERSION[kind], kind, metadata: { name, namespace: 'prod' } };
  return Promise.all(
    [east, west].map(async ({ admin }) => {
      const found = await admin.get<KubernetesObject>(ref);
      return /"image":"([^"]*)"/.exec(JSON.stringify(found))?.[1];
    }),
  );
}

/** What the Secret of an app holds, by cluster; what jobs have there for their own sake is to be gone. */
export async function secretsIn({ east, west }: RealFleet, name: string): Promise<string[]> {
  return Promise.all(
    [east, west].map(async ({ admin }) => {
      const kinds = ['ConfigMap', 'Secret'].map((kind) => ({ apiVersion: 'v1', kind }));
      const all = await Promise.all(kinds.map((kind) => admin.list<Held>(kind, 'prod')));
      const left = all.flat().filter(({ metadata }) => metadata?.name?.startsWith('ballast-job-'));
      if (left.length > 0) throw new Error(`${left.length} traces are left`);
      const found = all.flat().find(({ metadata }) => metadata?.name === `${name}-key`);
      return Buffer.from(found?.data?.['v'] ?? '', 'base64').toString();
    }),
  );
}

type Held = KubernetesObject & { readonly data?: Readonly<Record<string, string>> };

/** Clusters that get traffic of an app from one of the edges. */
async function sending(fleet: RealFleet, name: string): Promise<string[]> {
  const held = await Promise.all(fleet.edges.map((edge) => weightsAt(edge, name)));
  const gets = (cluster: string) => (at: Readonly<Record<string, number>>) =>
    [1, 2].some((node) => (at[fleet.address(`${cluster}-${node}`)] ?? 0) > 0);
  return CLUSTERS.filter((cluster) => held.some(gets(cluster)));
}

export interface Seen {
  /** Pods that served in clusters that got traffic, at the worst moment. */
  readonly fewest: number;
  /** Clusters that got traffic while their hold had to stand. */
  readonly loose: readonly string[];
  /** Clusters that were seen without any traffic. */
  readonly drained: readonly string[];
}

/** Under a steady load of which no request may fail. */
export async function releaseWatched(
  fleet: RealFleet,
  release: Release,
  state: string,
): Promise<Seen & { readonly job: JobView }> {
  const { app: name } = release;
  let job: JobView | undefined;
  let seen: Seen | undefined;
  // Requests take their time: a pod that goes away under one breaks it.
  const slow = fleet.edges.map(({ url }) => ({ url: `${url}/?delay=20` }));
  await underLoad(slow, hostOf(name), async () => {
    const id = await begin(fleet, release);
    const over = new AbortController();
    const end = untilJobIs(fleet, id, state).finally(() => over.abort());
    [job, seen] = await Promise.all([end, watch(fleet, name, { id, over: over.signal })]);
  });
  if (!job || !seen) throw new Error('it was not watched');
  return { ...seen, job };
}

async function watch(
  fleet: RealFleet,
  name: string,
  { id, over }: { readonly id: string; readonly over: AbortSignal },
): Promise<Seen> {
  let fewest = Number.POSITIVE_INFINITY;
  const loose = new Set<string>();
  const drained = new Set<string>();
  while (!over.aborted) {
    const first = await jobOf(fleet, id);
    const before = await sending(fleet, name);
    const pods = await Promise.all(
      [fleet.east, fleet.west].map(({ admin }) => serving(admin, 'prod', name)),
    );
    const after = await sending(fleet, name);
    const last = await jobOf(fleet, id);
    for (const cluster of CLUSTERS) {
      if (!before.includes(cluster)) drained.add(cluster);
      const mustStand = isHeld(first, last, cluster);
      if (mustStand && (before.includes(cluster) || after.includes(cluster))) loose.add(cluster);
    }
    // Where it changed meanwhile, the two do not belong together.
    if (before.join() !== after.join()) continue;
    const count = CLUSTERS.map((cluster, index) =>
      before.includes(cluster) ? (pods[index]?.size ?? 0) : 0,
    );
    fewest = Math.min(
      fewest,
      count.reduce((sum, one) => sum + one, 0),
    );
  }
  return { fewest, loose: [...loose], drained: [...drained] };
}

/** From the word of every edge to the first thought of giving it back. */
function isHeld(first: JobView, last: JobView, cluster: string): boolean {
  const isDone = (verb: string): boolean =>
    first.steps.some(({ id, state }) => id === `${verb} ${cluster}` && state === 'done');
  const isThere = (verb: string): boolean =>
    last.steps.some(({ id }) => id === `${verb} ${cluster}`);
  if (isDone('acknowledge-again')) return !isThere('release-again');
  return isDone('acknowledge') && !isThere('release') && !isThere('release-again');
}
