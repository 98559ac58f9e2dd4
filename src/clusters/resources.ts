// Which resources of a cluster are followed, where they are listed, and into which records they go; but for
// pods by label, which come and go (app-pods.ts).

import type { Dirty } from '../model.ts';
import type { AppSources, PodSelector } from './cluster.ts';
import type { ClusterRecords } from './cluster-records.ts';
import { holdBack } from './hold-back.ts';
import { createInterner } from './interner.ts';
import { type LoadBalancerRecord, readLoadBalancer } from './load-balancer.ts';
import type { Change } from './record-index.ts';
import {
  type IngressPodRecord,
  type Meta,
  type NodeRecord,
  type Reading,
  readIngressPod,
  readMeta,
  readNode,
  readService,
  readSlice,
  type SliceRecord,
} from './records.ts';
import { Reflector, type ReflectorParts } from './reflector.ts';
import type { Resource, ResourceKind } from './resource.ts';
import { readRollout } from './rollout-records.ts';
import { readGateway, readHttpRoute, readIngress } from './route-records.ts';
import type { LabelMatcher } from './selector.ts';
import type { ClusterSettings } from './settings.ts';
import { annotationType } from './ways-in.ts';

export interface Followed {
  readonly kind: ResourceKind;
  readonly place: Pick<Resource<never>, 'title' | 'path' | 'labelSelector' | 'fieldSelector'>;
  readonly reflector: Reflector<never>;
  /** Of `app-pods`. */
  readonly pods?: PodSelector;
  /** Of what is followed in each namespace that the configuration names. */
  readonly namespace?: string;
  /** Begun after the others: until it is listed, it alone is not known. */
  readonly late?: boolean;
}

export interface Followers {
  dirty(apps: Dirty): void;
  nodesChanged(): void;
  classesChanged(): void;
}

export interface Place {
  readonly settings: ClusterSettings;
  readonly sources: AppSources;
  readonly records: ClusterRecords;
  readonly isIngressNode: LabelMatcher;
  readonly followers: Followers;
  readonly parts: ReflectorParts;
  /** Aborts when the cluster is closed. */
  readonly signal: AbortSignal;
}

const NETWORKING = '/apis/networking.k8s.io/v1';
const ARGO = '/apis/argoproj.io/v1alpha1';
const GATEWAYS = '/apis/gateway.networking.k8s.io/v1';

/** Nodes come first: what their silence explains must be known before counts fall. */
export function followResources(place: Place): Followed[] {
  const { settings, sources, isIngressNode } = place;
  const { serviceLabel } = sources;
  const intern = createInterner();
  const key = settings.ingress.addressAnnotation;
  const reading: Reading = {
    intern,
    isIngressNode,
    ...(serviceLabel !== undefined && { serviceLabel }),
    ...(key !== undefined && { addressAnnotation: { key, type: annotationType(key) } }),
  };
  const namespaces = settings.namespaces?.length ? settings.namespaces : [undefined];
  return [
    followNodes(place, reading),
    ...followIngressPods(place, reading),
    ...followLoadBalancer(place, reading),
    ...namespaces.flatMap((namespace) => followNamespace(place, reading, namespace)),
    followClasses(place, reading),
  ];
}

function followNodes({ records, followers, parts }: Place, reading: Reading): Followed {
  const resource: Resource<NodeRecord> = {
    title: 'nodes',
    path: '/api/v1/nodes',
    listAfter: 'trouble',
    read: (raw) => readNode(raw as never, reading),
    changed: (changes) => {
      moveAll(records.nodes, changes);
      for (const change of changes) records.podRanges.move(change);
      followers.nodesChanged();
    },
  };
  return follow('required', resource, parts);
}

function followIngressPods(place: Place, reading: Reading): Followed[] {
  const { settings, records, followers, parts } = place;
  const { pods } = settings.ingress;
  if (!pods) return [];
  const resource: Resource<IngressPodRecord> = {
    title: `pods of ${pods.namespace}`,
    path: `/api/v1/namespaces/${pods.namespace}/pods`,
    labelSelector: pods.selector,
    listAfter: 'interruption',
    read: (raw) => readIngressPod(raw as never, reading),
    changed: (changes) => {
      moveAll(records.ingressPods, changes);
      followers.nodesChanged();
    },
  };
  return [follow('required', resource, parts)];
}

function followLoadBalancer(place: Place, { intern }: Reading): Followed[] {
  const { settings, records, followers, parts } = place;
  const { service } = settings.ingress;
  if (!service) return [];
  const { namespace, name } = service;
  const resource: Resource<LoadBalancerRecord> = {
    title: `service ${namespace}/${name}`,
    path: `/api/v1/namespaces/${namespace}/services`,
    fieldSelector: `metadata.name=${name}`,
    listAfter: 'interruption',
    read: (raw) => readLoadBalancer(raw as never, intern),
    changed: (changes) => {
      moveAll(records.loadBalancers, changes);
      followers.nodesChanged();
    },
  };
  return [follow('required', resource, parts)];
}

function followNamespace(
  { records, followers, parts, signal }: Place,
  reading: Reading,
  namespace: string | undefined,
): Followed[] {
  const { intern } = reading;
  const place = (base: string, plural: string) => ({
    title: namespace === undefined ? plural : `${plural} of ${namespace}`,
    path:
      namespace === undefined ? `${base}/${plural}` : `${base}/namespaces/${namespace}/${plural}`,
    listAfter: 'interruption' as const,
  });
  function one<R extends Meta>(
    kind: ResourceKind,
    at: ReturnType<typeof place>,
    read: Resource<R>['read'],
    change: (change: Change<R>) => Dirty,
  ): Followed {
    const changed = (changes: readonly Change<R>[]) => {
      for (const each of changes) followers.dirty(change(each));
    };
    return own(follow(kind, { ...at, read, changed }, parts));
  }
  const own = (followed: Followed): Followed =>
    namespace === undefined ? followed : { ...followed, namespace };
  const needed = namespace === undefined ? 'required' : 'namespaced';
  const slices: Resource<SliceRecord> = {
    ...place('/apis/discovery.k8s.io/v1', 'endpointslices'),
    read: (raw) => readSlice(raw as never, reading),
    changed: holdBack({
      clock: parts.clock,
      signal,
      worse: (before, after) => after.unready > before.unready,
      apply: (changes) => {
        for (const change of changes) followers.dirty(records.changeSlice(change));
      },
    }),
  };
  return [
    one(
      needed,
      place('/api/v1', 'services'),
      (raw) => readService(raw as never, reading),
      (change) => records.changeService(change),
    ),
    own(follow(needed, slices, parts)),
    one(
      'rollouts',
      place(ARGO, 'rollouts'),
      (raw) => readRollout(raw as never, intern),
      (change) => records.changeRollout(change),
    ),
    one(
      'ingresses',
      place(NETWORKING, 'ingresses'),
      (raw) => readIngress(raw as never, intern),
      (change) => records.changeIngress(change),
    ),
    one(
      'httproutes',
      place(GATEWAYS, 'httproutes'),
      (raw) => readHttpRoute(raw as never, intern),
      (change) => records.changeHttpRoute(change),
    ),
    one(
      'gateways',
      place(GATEWAYS, 'gateways'),
      (raw) => readGateway(raw as never, intern),
      (change) => records.changeGateway(change),
    ),
  ];
}

function followClasses({ records, followers, parts }: Place, { intern }: Reading): Followed {
  const resource: Resource<Meta> = {
    title: 'ingressclasses',
    path: `${NETWORKING}/ingressclasses`,
    listAfter: 'interruption',
    read: (raw) => readMeta(raw, intern),
    changed: (changes) => {
      for (const change of changes) records.changeClass(change);
      followers.classesChanged();
    },
  };
  return follow('classes', resource, parts);
}

export function follow<R extends Meta>(
  kind: ResourceKind,
  resource: Resource<R>,
  parts: ReflectorParts,
): Followed {
  return {
    kind,
    place: resource,
    reflector: new Reflector(resource, parts) as unknown as Reflector<never>,
  };
}

function moveAll<R extends Meta>(records: Map<string, R>, changes: readonly Change<R>[]): void {
  for (const { before, after } of changes) {
    if (before) records.delete(before.uid);
    if (after) records.set(after.uid, after);
  }
}
