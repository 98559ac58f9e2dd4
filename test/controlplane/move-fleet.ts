// Apps that are moved between two real control planes, and what is seen of that from outside.
//
// In: a real fleet (spine-fleet.ts), apps, and what a move is asked. Out: the job by the API; whether an app
// was ever without its objects or its servers, by the API servers and the edges. On failure: an error with
// what was seen last.

import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { weightsAt } from '../e2e/held.ts';
import { underLoad } from '../e2e/under-load.ts';
import type { ControlPlane } from './cluster.ts';
import { allowJobs } from './jobs.ts';
import { app } from './objects.ts';
import { hostOf, type JobView, jobOf, untilJobIs } from './release-fleet.ts';
import { type FleetMore, type RealFleet, startRealFleet } from './spine-fleet.ts';
import { until } from './until.ts';

export const PODS = 2;
/** Of an app of so many pods on two ingress nodes. */
export const WHOLE = [10, 10];

/** As careful as by default, in less time. */
export const GATES = {
  readySeconds: 1,
  deadlineSeconds: 300,
  intervalSeconds: 1,
  samples: 10,
  bakeSeconds: 1,
  quietSeconds: 1,
  drainSeconds: 60,
  callers: 'edges',
  pollersSeconds: 0,
};

/** Jobs may write in both clusters. */
export async function startMoveFleet(subnet: number, more: FleetMore = {}): Promise<RealFleet> {
  const fleet = await startRealFleet(
    subnet,
    {},
    {
      users: ['jobs'],
      cluster: (plane) => ({
        jobs: { kubeconfig: { path: plane.kubeconfig('jobs') }, namespaces: ['prod'] },
      }),
      ...more,
    },
  );
  try {
    for (const plane of [fleet.east, fleet.west]) await allowJobs(plane, ['prod']);
    await confirmEdges(fleet);
    return fleet;
  } catch (cause) {
    await fleet.close();
    throw cause;
  }
}

/** Before that jobs delete nothing. */
export async function confirmEdges({ edges, ballast }: RealFleet): Promise<void> {
  const body = { edges: edges.map(({ name }) => name) };
  await until('the list of edges is confirmed', async () => {
    const { status, json } = await ballast.send<object>('POST', '/api/v1/edges/confirm', body);
    if (status === 200) return true;
    throw new Error(JSON.stringify(json));
  });
}

const SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap' };
const settingsOf = (name: string) => ({
  ...SETTINGS,
  metadata: { name: `${name}-settings`, namespace: 'prod' },
  data: { a: '1' },
});

/** With a ConfigMap that its pods read. */
export function appWithSettings(name: string): KubernetesObject[] {
  const wish = { name, namespace: 'prod', replicas: PODS, host: hostOf(name) };
  const [deployment, ...rest] = app(wish);
  for (const container of deployment.spec?.template.spec?.containers ?? [])
    container.envFrom = [{ configMapRef: { name: `${name}-settings` } }];
  return [settingsOf(name), deployment, ...rest];
}

export const logsOf = (name: string): string => `${name}-logs`;
export const bareOf = (name: string): string => `${name}-bare`;

/** And a DaemonSet and a single pod, each behind a Service that has the app's pods too. */
export function appWithOthers(name: string): KubernetesObject[] {
  const all = appWithSettings(name);
  const { template } = (all[1] as V1Deployment).spec ?? {};
  const [logs, bare] = [logsOf(name), bareOf(name)].map((one) => ({
    metadata: { name: one, namespace: 'prod' },
    labels: { [one]: 'true' },
  })) as [Other, Other];
  const spec = template?.spec;
  if (template?.metadata)
    template.metadata.labels = { ...template.metadata.labels, ...logs.labels, ...bare.labels };
  const pods = { metadata: { labels: logs.labels }, spec };
  const services = [logs, bare].map(({ metadata, labels }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: labels, ports: [{ port: 80 }] },
  }));
  return [
    ...all,
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: logs.metadata,
      spec: { selector: { matchLabels: logs.labels }, template: pods },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: { ...bare.metadata, labels: bare.labels }, spec },
    ...services,
  ] as KubernetesObject[];
}

interface Other {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly labels: Readonly<Record<string, string>>;
}

/** The same as a Rollout, whose second version stands still when half of its pods are there. */
export function appAsRollout(name: string): KubernetesObject[] {
  const [settings, deployment, ...rest] = appWithSettings(name) as readonly Workload[];
  const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
  const rollout = { ...ROLLOUT, metadata: deployment?.metadata };
  return [
    ...(settings ? [settings] : []),
    { ...rollout, spec: { ...deployment?.spec, strategy: { canary } } } as KubernetesObject,
    ...rest,
  ];
}

interface Workload extends KubernetesObject {
  readonly spec?: object;
}

const ROLLOUT = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };

export interface Move {
  readonly apps: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly mode?: string;
  readonly gates?: object;
  readonly limits?: object;
}

/** Answers the id of its job. */
export async function beginMove(fleet: RealFleet, { gates, ...move }: Move): Promise<string> {
  const body = { from: 'east', to: 'west', gates: { ...GATES, ...gates }, ...move };
  const { status, json } = await fleet.ballast.send<{ readonly id: string }>(
    'POST',
    '/api/v1/migrations',
    body,
  );
  if (status !== 201) throw new Error(JSON.stringify(json));
  return json.id;
}

const WORKLOADS = [{ apiVersion: 'apps/v1', kind: 'Deployment' }, ROLLOUT];
const ROUTES = [
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
];

/** `Deployment shop`: what of an app leads requests to pods, or is its pods. */
export async function objectsOf(plane: ControlPlane, names: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    [...WORKLOADS, ...ROUTES].map(async (ref) => {
      const items = await plane.admin.list(ref, 'prod').catch(() => []);
      return items.map(({ metadata }) => ({ kind: ref.kind, name: metadata?.name ?? '' }));
    }),
  );
  const all = lists.flat().filter(({ name }) => names.includes(name));
  return all.map(({ kind, name }) => `${kind} ${name}`).toSorted();
}

/** What people write of an app's objects, and which ones they are. */
export async function formsOf(plane: ControlPlane, names: readonly string[]): Promise<object[]> {
  const lists = await Promise.all(
    [SETTINGS, ...WORKLOADS, ...ROUTES].map(async (ref) => {
      const items = await plane.admin.list<Formed>(ref, 'prod').catch(() => []);
      return items.map(({ metadata = {}, spec, data }) => {
        const { name, uid, labels, annotations, generation } = metadata;
        return { ...ref, name, uid, labels, annotations, generation, spec, data };
      });
    }),
  );
  const isOf = (name = ''): boolean => names.includes(name.replace(/-settings$/, ''));
  return lists.flat().filter(({ name }) => isOf(name));
}

interface Formed extends KubernetesObject {
  readonly spec?: object;
  readonly data?: object;
}

/** A workload, a Service and an Ingress each. */
const OBJECTS = 3;

export interface MoveSeen {
  readonly job: JobView;
  /** Apps whose source had lost an object while an edge still had a weight for it. */
  readonly early: readonly string[];
  /** Apps for which an edge had no server with a weight. */
  readonly empty: readonly string[];
}

/** Under a steady load of which no request may fail. */
export async function moveWatched(fleet: RealFleet, move: Move, end = 'Done'): Promise<MoveSeen> {
  let seen: MoveSeen | undefined;
  await underLoad(slow(fleet), move.apps.map(hostOf), async () => {
    const id = await beginMove(fleet, move);
    const over = new AbortController();
    const job = untilJobIs(fleet, id, end).finally(() => over.abort());
    const [ended, watched] = await Promise.all([job, watch(fleet, move, over.signal)]);
    seen = { job: ended, ...watched };
  });
  if (!seen) throw new Error('it was not watched');
  return seen;
}

/** Requests take their time: a pod that goes away under one breaks it. */
export const slow = ({ edges }: RealFleet) => edges.map(({ url }) => ({ url: `${url}/?delay=20` }));

async function watch(
  fleet: RealFleet,
  { apps, from = 'east' }: Move,
  over: AbortSignal,
): Promise<Omit<MoveSeen, 'job'>> {
  const early = new Set<string>();
  const empty = new Set<string>();
  const source = from === 'east' ? fleet.east : fleet.west;
  const nodes = [1, 2].map((one) => fleet.address(`${from}-${one}`));
  while (!over.aborted) {
    // The objects first: what is gone must have been without requests before.
    const objects = await objectsOf(source, apps);
    for (const name of apps) {
      const whole = objects.filter((one) => one.endsWith(` ${name}`)).length === OBJECTS;
      for (const edge of fleet.edges) {
        const held = await weightsAt(edge, name);
        if (Object.values(held).every((weight) => weight === 0)) empty.add(name);
        if (!whole && nodes.some((one) => (held[one] ?? 0) > 0)) early.add(name);
      }
    }
  }
  return { early: [...early], empty: [...empty] };
}

/** Waits until a step has begun. */
export function untilStep(fleet: RealFleet, id: string, step: string): Promise<JobView> {
  return until(
    `${id} is at ${step}`,
    async () => {
      const job = await jobOf(fleet, id);
      if (job.steps.some((one) => one.id === step)) return job;
      throw new Error(`${job.state} at ${job.steps.at(-1)?.id}`);
    },
    400_000,
  );
}
