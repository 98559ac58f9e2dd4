// What a plan reads of live clusters: the namespaces of a source, all that bears on a destination.
//
// Comes in: a cluster's lists. Goes out: objects as served, and which kinds could not be read. On failure:
// a CallFailure; a kind that may not be read is said to be unread, never empty.

import type { V1LimitRange, V1Node, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import type { KubernetesObject } from '../../clusters/cluster-writer.ts';
import {
  kindsServed,
  listKind,
  type ListedKind,
  type Listing,
  type WholeList,
} from '../../clusters/whole-lists.ts';
import { amountsOf, type Amounts } from '../../quantity.ts';
import type { Additions } from '../capacity/need.ts';
import type { Namespace } from '../manifests/collect.ts';
import { at, fieldsOf, textAt, type Manifest } from '../manifests/manifest.ts';
import { apiVersionOf, MOVED_KINDS, type MovedKind } from '../kinds.ts';
import { hostsIn } from '../plan/there.ts';
import type { DestinationWorld } from '../plan/model.ts';

const kind = (group: string, version: string, resource: string, name: string): ListedKind => ({
  group,
  version,
  resource,
  kind: name,
});

const NODES = kind('', 'v1', 'nodes', 'Node');
const PODS = kind('', 'v1', 'pods', 'Pod');
const QUOTAS = kind('', 'v1', 'resourcequotas', 'ResourceQuota');
const RANGES = kind('', 'v1', 'limitranges', 'LimitRange');
const NAMESPACES = kind('', 'v1', 'namespaces', 'Namespace');
const SERVICES = kind('', 'v1', 'services', 'Service');
const INGRESSES = kind('networking.k8s.io', 'v1', 'ingresses', 'Ingress');
const ROUTES = kind('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute');

const RUNTIMES = kind('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass');

/** What workloads name, and every cluster has of its own. */
const CLASSES: readonly ListedKind[] = [
  kind('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass'),
  kind('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass'),
  kind('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass'),
  RUNTIMES,
  kind('argoproj.io', 'v1alpha1', 'clusteranalysistemplates', 'ClusterAnalysisTemplate'),
];

export async function readNamespace(
  listing: Listing,
  namespace: string,
  secrets: boolean,
  kinds: readonly MovedKind[] = MOVED_KINDS,
): Promise<Namespace> {
  const unread = new Set<string>();
  const lists = await Promise.all(
    kinds.map(async (one) => {
      const isLeftOut = one.kind === 'Secret' && !secrets;
      const items = isLeftOut ? 'forbidden' : await listKind(listing, one, { namespace });
      if (items === 'forbidden' && (await mayBeServed(listing, one))) unread.add(one.kind);
      return itemsOf(items);
    }),
  );
  return { objects: lists.flat() as readonly Manifest[], unread };
}

/** Who has no right to list a kind is not told by its list that the cluster does not have it. */
async function mayBeServed(listing: Listing, one: MovedKind): Promise<boolean> {
  return (await kindsServed(listing, apiVersionOf(one)))?.has(one.kind) ?? true;
}

function itemsOf(list: WholeList): readonly KubernetesObject[] {
  return typeof list === 'string' ? [] : list;
}

/** In which namespaces a Service has the label. `within` empty: all are looked at. */
export async function namespacesOf(
  listing: Listing,
  label: string,
  within: readonly string[],
): Promise<string[]> {
  const places = within.length === 0 ? [{}] : within.map((namespace) => ({ namespace }));
  const lists = await Promise.all(
    places.map((place) => listKind(listing, SERVICES, { ...place, labelSelector: label })),
  );
  const found = lists.flatMap(itemsOf).map(({ metadata }) => metadata.namespace ?? '');
  return [...new Set(found)].toSorted();
}

/** In which namespaces Services have each value of a label. */
export async function labelledServices(
  listing: Listing,
  label: string,
  within: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const places = within.length === 0 ? [{}] : within.map((namespace) => ({ namespace }));
  const lists = await Promise.all(
    places.map((place) => listKind(listing, SERVICES, { ...place, labelSelector: label })),
  );
  const found = new Map<string, Set<string>>();
  for (const { metadata } of lists.flatMap(itemsOf)) {
    const value = metadata.labels?.[label] ?? '';
    found.set(value, (found.get(value) ?? new Set()).add(metadata.namespace ?? ''));
  }
  return new Map([...found].map(([value, names]) => [value, [...names].toSorted()]));
}

/** Of namespaces; nothing where they may not be listed. */
export async function uidsOf(listing: Listing): Promise<ReadonlyMap<string, string>> {
  const items = itemsOf(await listKind(listing, NAMESPACES));
  return new Map(items.map(({ metadata }) => [metadata.name, String(metadata['uid'])]));
}

/** A cluster by two credentials: those it is watched by, and those of jobs, which see their namespaces. */
export interface Listings {
  readonly wide: Listing;
  readonly own: Listing;
}

export interface DestinationAsk {
  readonly namespaces: readonly string[];
  /** Of the objects that would come, as `apiVersion/Kind`. */
  readonly kinds: ReadonlySet<string>;
  readonly secrets: boolean;
  readonly headroomPercent: number;
}

export async function readDestination(
  { wide, own }: Listings,
  ask: DestinationAsk,
): Promise<Omit<DestinationWorld, 'ingressNodes'>> {
  const [nodes, pods, all, ingresses, routes] = await Promise.all(
    [NODES, PODS, NAMESPACES, INGRESSES, ROUTES].map((one) => listKind(wide, one)),
  );
  const [quotas, limitRanges] = await Promise.all(
    [QUOTAS, RANGES].map((one) => within(own, one, ask.namespaces)),
  );
  const classes = await Promise.all(CLASSES.map((one) => listKind(wide, one)));
  const [runtimes = 'absent'] = classes.slice(3);
  return {
    view: {
      ...(isRead(nodes) && { nodes: nodes as readonly object[] as readonly V1Node[] }),
      ...(isRead(pods) && { pods: pods as readonly object[] as readonly V1Pod[] }),
      ...(quotas && { quotas: quotas as readonly object[] as readonly V1ResourceQuota[] }),
      ...(limitRanges && {
        limitRanges: limitRanges as readonly object[] as readonly V1LimitRange[],
      }),
      headroomPercent: ask.headroomPercent,
    },
    overheads: overheadsOf(itemsOf(runtimes)),
    namespaces: await namespacesIn(own, ask, all),
    classes: new Set(classes.flatMap(itemsOf).map((one) => `${one.kind} ${one.metadata.name}`)),
    classKinds: new Set(
      CLASSES.filter((_, index) => classes[index] !== 'forbidden').map((one) => one.kind),
    ),
    unserved: await unservedOf(wide, ask.kinds),
    hosts: hostsOf([...itemsOf(ingresses ?? []), ...itemsOf(routes ?? [])]),
  };
}

/** What a cluster adds to the pods of a namespace; nothing of what may not be read. */
export async function readAdditions(
  { wide, own }: Listings,
  namespace: string,
): Promise<Additions> {
  const [ranges, runtimes] = await Promise.all([
    listKind(own, RANGES, { namespace }),
    listKind(wide, RUNTIMES),
  ]);
  return {
    limitRanges: itemsOf(ranges) as readonly object[] as readonly V1LimitRange[],
    overheads: overheadsOf(itemsOf(runtimes)),
  };
}

function isRead(list: WholeList | undefined): list is readonly KubernetesObject[] {
  return Array.isArray(list);
}

/** Undefined: not all could be read. */
async function within(
  listing: Listing,
  one: ListedKind,
  namespaces: readonly string[],
): Promise<readonly KubernetesObject[] | undefined> {
  const lists = await Promise.all(
    namespaces.map((namespace) => listKind(listing, one, { namespace })),
  );
  return lists.includes('forbidden') ? undefined : lists.flatMap(itemsOf);
}

/** Which namespaces there are may not be told: then those are there that can be read. */
async function namespacesIn(
  listing: Listing,
  { namespaces, secrets }: DestinationAsk,
  all: WholeList | undefined,
): Promise<Map<string, Namespace>> {
  const there = isRead(all)
    ? namespaces.filter((name) => all.some(({ metadata }) => metadata.name === name))
    : namespaces;
  const read = there.map(
    async (name) => [name, await readNamespace(listing, name, secrets)] as const,
  );
  return new Map(await Promise.all(read));
}

async function unservedOf(
  listing: Listing,
  kinds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const versions = Map.groupBy(kinds, (one) => one.slice(0, one.lastIndexOf('/')));
  const unserved = await Promise.all(
    [...versions].map(async ([apiVersion, wanted]) => {
      const served = await kindsServed(listing, apiVersion);
      return wanted.filter((one) => !served?.has(one.slice(apiVersion.length + 1)));
    }),
  );
  return new Set(unserved.flat());
}

function hostsOf(routes: readonly KubernetesObject[]): ReadonlyMap<string, string> {
  return new Map(
    routes.flatMap((one) =>
      hostsIn(one as Manifest).map(
        (host) => [host, `${one.metadata.namespace ?? ''}/${one.metadata.name}`] as const,
      ),
    ),
  );
}

function overheadsOf(classes: readonly KubernetesObject[]): Record<string, Amounts> {
  return Object.fromEntries(
    classes.map((one) => {
      const fixed = fieldsOf(at(one, 'overhead', 'podFixed')) as Record<string, string>;
      return [textAt(one, 'metadata', 'name') ?? '', amountsOf(fixed)];
    }),
  );
}
