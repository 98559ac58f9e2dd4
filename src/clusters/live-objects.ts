// Single objects of a cluster, read for a plan: those that are asked for, and all that carry a label.
//
// Comes in: a link, and which objects. Goes out: those that are there, of workloads with their pods that
// are ready and those that find no node, and what the cluster does not serve. On failure: a CallFailure,
// for a plan must not take a silent cluster for an empty one; only a list that is not allowed is told
// in `unlisted` instead.

import { CallFailure } from './call-failure.ts';
import type { KubernetesObject, ObjectsRef } from './cluster-writer.ts';
import { type Ask, asker } from './json-answer.ts';
import type { Link } from './link.ts';
import {
  collectionPath,
  createServedKinds,
  objectPath,
  type Resource,
  type ServedKinds,
} from './served-kinds.ts';

export interface WantedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty: it belongs to none. */
  readonly namespace: string;
  readonly name: string;
}

export interface FoundObject {
  readonly object: KubernetesObject;
  readonly ready?: number;
  readonly unschedulable?: number;
  readonly scaledBy?: string;
}

export interface LiveObjects {
  readonly found: readonly FoundObject[];
  /** `apiVersion kind` of what the cluster knows nothing of. */
  readonly unserved: ReadonlySet<string>;
  readonly unlisted: readonly string[];
  /** All Services of the namespaces that were asked for. */
  readonly services: readonly KubernetesObject[];
}

/** How it is asked. */
export interface LiveQuestion {
  readonly link: Pick<Link, 'send'>;
  readonly signal: AbortSignal;
  /** Whether a time of the cluster is over a minute ago: a pod may just not have been looked at. */
  readonly isOld: (time: string) => boolean;
  /** In which objects with the label are looked for; absent: all, which takes wider rights. */
  readonly namespaces?: readonly string[];
  /** Of which objects with the label are looked for, beside the wanted ones'. */
  readonly kinds?: readonly ObjectsRef[];
  /** Whose Services are listed. */
  readonly servicesOf?: readonly string[];
}

interface Asking extends Omit<LiveQuestion, 'kinds' | 'servicesOf'> {
  readonly ask: Ask;
  readonly served: ServedKinds;
}

/** `label`: as in a selector; objects of the same kinds that carry it are read too. */
export async function readLiveObjects(
  question: LiveQuestion,
  wanted: readonly WantedObject[],
  label: string | undefined,
): Promise<LiveObjects> {
  const { kinds: others = [], servicesOf = [], ...how } = question;
  const ask = asker(how.link, () => how.signal);
  const asking: Asking = { ...how, ask, served: createServedKinds(ask) };
  const each = new Map([...others, ...wanted].map((one) => [`${one.apiVersion} ${one.kind}`, one]));
  const lists = label === undefined ? [] : [...each.values()];
  const listed = await Promise.all(lists.map((one) => listLabelled(one, label ?? '', asking)));
  const labelled = listed.flatMap(({ items }) => items);
  // Most of what is wanted carries the label already: one by one is asked only for the rest.
  const known = new Set(labelled.map(keyOf));
  const unserved = new Set<string>();
  const single = await Promise.all(
    wanted.map(async (one) => {
      const resource = await asking.served.find(one);
      if (!resource) unserved.add(`${one.apiVersion} ${one.kind}`);
      const isKnown = known.has(keyOf(asObject(one)));
      return resource && !isKnown ? await getObject(one, resource, asking) : undefined;
    }),
  );
  const all = [...labelled, ...single.filter((one) => one !== undefined)];
  const found = await Promise.all(
    [...new Map(all.map((object) => [keyOf(object), object])).values()].map((object) =>
      withPods(object, asking),
    ),
  );
  const services = await Promise.all(servicesOf.map((namespace) => servicesIn(namespace, asking)));
  return {
    found,
    unserved,
    unlisted: [...listed, ...services].flatMap(({ refused }) => refused),
    services: services.flatMap(({ items }) => items),
  };
}

const SERVICE: ObjectsRef = { apiVersion: 'v1', kind: 'Service' };

async function servicesIn(namespace: string, asking: Asking): Promise<Listed> {
  const resource = await asking.served.find(SERVICE);
  return resource ? listIn({ one: SERVICE, resource, namespace }, '', asking) : NOTHING;
}

const NOTHING: Listed = { items: [], refused: [] };

function keyOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name].join('|');
}

function asObject({ apiVersion, kind, namespace, name }: WantedObject): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace } };
}

async function getObject(
  wanted: WantedObject,
  resource: Resource,
  asking: Asking,
): Promise<KubernetesObject | undefined> {
  const { apiVersion, kind } = wanted;
  const object = await asking.ask(objectPath(wanted, resource));
  return object && ({ ...object, apiVersion, kind } as KubernetesObject);
}

interface Listed {
  readonly items: readonly KubernetesObject[];
  readonly refused: readonly string[];
}

async function listLabelled(one: ObjectsRef, label: string, asking: Asking): Promise<Listed> {
  const resource = await asking.served.find(one);
  if (!resource) return { items: [], refused: [] };
  const places = resource.namespaced ? (asking.namespaces ?? [undefined]) : [undefined];
  const lists = await Promise.all(
    places.map((namespace) => listIn({ one, resource, namespace }, label, asking)),
  );
  return {
    items: lists.flatMap(({ items }) => items),
    refused: lists.flatMap(({ refused }) => refused),
  };
}

interface ListPlace {
  readonly one: ObjectsRef;
  readonly resource: Resource;
  readonly namespace: string | undefined;
}

async function listIn(
  { one, resource, namespace }: ListPlace,
  label: string,
  asking: Asking,
): Promise<Listed> {
  const { apiVersion, kind } = one;
  const where = { apiVersion, kind, ...(namespace !== undefined && { namespace }) };
  const path = collectionPath(where, resource);
  try {
    const items = await list(`${path}?labelSelector=${encodeURIComponent(label)}`, asking);
    // A list's items have neither.
    return { items: items.map((item) => ({ ...item, apiVersion, kind })), refused: [] };
  } catch (error) {
    if (!(error instanceof CallFailure) || error.failure.status !== 403) throw error;
    return { items: [], refused: [`${resource.name} of ${namespace ?? 'all namespaces'}`] };
  }
}

async function list(path: string, { ask }: Asking): Promise<readonly KubernetesObject[]> {
  return ((await ask(path))?.['items'] as readonly KubernetesObject[] | undefined) ?? [];
}

interface Workload {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
}

async function withPods(object: KubernetesObject, asking: Asking): Promise<FoundObject> {
  const spec = (object['spec'] ?? {}) as Workload;
  if (spec.replicas === undefined) return { object };
  const scaledBy = await scalerOf(object, asking);
  const counts = await countsOf(object, spec, asking);
  return { object, ...counts, ...(scaledBy !== undefined && { scaledBy }) };
}

/** Pods are counted one by one only where not all that are wanted are ready. */
async function countsOf(
  object: KubernetesObject,
  { replicas, selector }: Workload,
  asking: Asking,
): Promise<Pick<FoundObject, 'ready' | 'unschedulable'>> {
  const { readyReplicas: ready = 0 } = (object['status'] ?? {}) as { readyReplicas?: number };
  const labels = Object.entries(selector?.matchLabels ?? {});
  if (ready === replicas || labels.length === 0) return { ready };
  const pods = await podsOf(object, labels, asking);
  const unschedulable = pods.filter((pod) => hasNoNode(pod, asking)).length;
  const running = pods.filter(runsReady).length;
  return { ready: running, ...(unschedulable > 0 && { unschedulable }) };
}

function podsOf(
  { metadata }: KubernetesObject,
  labels: readonly (readonly [string, string])[],
  asking: Asking,
): Promise<readonly KubernetesObject[]> {
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  const namespace = encodeURIComponent(metadata.namespace ?? 'default');
  const query = `labelSelector=${encodeURIComponent(selector)}`;
  return list(`/api/v1/namespaces/${namespace}/pods?${query}`, asking);
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly lastTransitionTime?: string;
  }[];
}

function runsReady(pod: KubernetesObject): boolean {
  const { phase, conditions = [] } = (pod['status'] ?? {}) as PodStatus;
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return phase === 'Running' && ready;
}

function hasNoNode(pod: KubernetesObject, { isOld }: Asking): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as PodStatus;
  return conditions.some(
    ({ type, reason, lastTransitionTime = '' }) =>
      type === 'PodScheduled' && reason === 'Unschedulable' && isOld(lastTransitionTime),
  );
}

/** An autoscaler that has written the replicas: only then may a plan leave them out. */
async function scalerOf(object: KubernetesObject, asking: Asking): Promise<string | undefined> {
  if (!isScaledByOthers(object)) return undefined;
  const namespace = encodeURIComponent(object.metadata.namespace ?? 'default');
  const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
  const scalers = await list(path, asking);
  const found = scalers.find((scaler) => {
    const { scaleTargetRef } = (scaler['spec'] ?? {}) as {
      readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    };
    return scaleTargetRef?.kind === object.kind && scaleTargetRef.name === object.metadata.name;
  });
  return found && `HorizontalPodAutoscaler ${found.metadata.name}`;
}

function isScaledByOthers({ metadata }: KubernetesObject): boolean {
  const managers = (metadata['managedFields'] ?? []) as readonly {
    readonly subresource?: string;
  }[];
  return managers.some(({ subresource }) => subresource === 'scale');
}
