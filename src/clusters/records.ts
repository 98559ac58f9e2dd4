// From objects of a cluster's API to slim records: only what counts, so that a page can be dropped
// at once. Pure. Unknown fields are ignored; an object without name, uid or version throws.

import type { Interner } from './interner.ts';
import { packIps, packPodIps } from './packed-ip.ts';
import { packUid } from './packed-uid.ts';

export interface Meta {
  readonly uid: string;
  /** resourceVersion. */
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
}

export interface ServiceRecord extends Meta {
  /** Value of the discovery label. */
  readonly app?: string;
  readonly external: boolean;
  readonly ports: readonly { readonly number: number; readonly name?: string }[];
}

export interface SliceRecord extends Meta {
  /** Name of the Service in the same namespace. */
  readonly service?: string;
  /** Serving, not terminating: uid of the pod (packed-uid.ts), else the address. */
  readonly pods: readonly string[];
  /** Endpoints that neither serve nor terminate. */
  readonly unready: number;
  /** The addresses of all endpoints, ready or not (pod-addresses.ts). */
  readonly ips: string;
}

export type NodeReady = 'True' | 'False' | 'Unknown';

export interface NodeRecord extends Meta {
  readonly ready: NodeReady;
  readonly unschedulable: boolean;
  /** Matches `ingress.nodes`. */
  readonly ingress: boolean;
  /** Labelled to be left out by load balancers. */
  readonly excluded: boolean;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  /** podCIDRs; absent where the node has none. */
  readonly podRanges?: readonly string[];
}

export interface IngressPodRecord extends Meta {
  readonly node?: string;
  readonly ready: boolean;
  /** By the last word of its kubelet: the control plane's own word of a silent one is left out. */
  readonly readyBefore: boolean;
}

/** A pod of an app that has no Service. */
export interface AppPodRecord extends Meta {
  /** Running, Ready, not terminating. */
  readonly counts: boolean;
  /** Its addresses, ready or not, until it has finished: then they may be another's (packed-ip.ts). */
  readonly ips: string;
}

/** What the parsers need to know beside the object. */
export interface Reading {
  readonly intern: Interner;
  readonly serviceLabel?: string;
  readonly isIngressNode: (labels: Readonly<Record<string, string>>) => boolean;
  /** The annotation of nodes that holds their address, and the type that it is known by. */
  readonly addressAnnotation?: { readonly key: string; readonly type: string };
}

export interface RawMeta {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
}

export interface Raw<Spec = unknown, Status = unknown> {
  readonly metadata?: RawMeta;
  readonly spec?: Spec | null;
  readonly status?: Status | null;
}

interface RawCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
}

const SERVICE_NAME = 'kubernetes.io/service-name';
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

export function readMeta(raw: Raw, intern: Interner): Meta {
  const { uid, resourceVersion, namespace = '', name } = raw.metadata ?? {};
  if (!uid || !resourceVersion || !name) throw new Error('an object without uid, version or name');
  return { uid, version: resourceVersion, namespace: intern(namespace), name: intern(name) };
}

/** Its own only: a key may be named as something that every object has. */
function labelOf(raw: Raw, key: string): string | undefined {
  const labels = raw.metadata?.labels ?? {};
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

export function readService(
  raw: Raw<{
    readonly type?: string;
    readonly ports?: readonly { readonly port: number; readonly name?: string }[];
  }>,
  { intern, serviceLabel }: Reading,
): ServiceRecord {
  const app = serviceLabel === undefined ? undefined : labelOf(raw, serviceLabel);
  return {
    ...readMeta(raw, intern),
    ...(app && { app: intern(app) }),
    external: raw.spec?.type === 'ExternalName',
    ports: (raw.spec?.ports ?? []).map(({ port, name }) => ({
      number: port,
      ...(name && { name: intern(name) }),
    })),
  };
}

interface RawEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
  readonly targetRef?: { readonly uid?: string };
}

export function readSlice(
  raw: Raw & { readonly endpoints?: readonly RawEndpoint[] | null },
  { intern }: Reading,
): SliceRecord {
  const service = raw.metadata?.labels?.[SERVICE_NAME];
  const endpoints = raw.endpoints ?? [];
  const pods = endpoints.filter(countsEndpoint).flatMap(podOf);
  const unready = endpoints.filter(
    (one) => !countsEndpoint(one) && !one.conditions?.terminating,
  ).length;
  const ips = packIps(endpoints.flatMap(({ addresses }) => addresses ?? []));
  return {
    ...readMeta(raw, intern),
    ...(service && { service: intern(service) }),
    pods,
    unready,
    ips,
  };
}

/** The uid stands in a slice for each family, and in two while an endpoint moves. */
function podOf({ targetRef, addresses }: RawEndpoint): string[] {
  if (targetRef?.uid) return [packUid(targetRef.uid)];
  return addresses?.slice(0, 1) ?? [];
}

/** Not `ready`: publishNotReadyAddresses makes that true for pods that are not. */
function countsEndpoint({ conditions }: RawEndpoint): boolean {
  if (conditions?.terminating) return false;
  return conditions?.serving ?? conditions?.ready ?? true;
}

export function readNode(
  raw: Raw<
    { readonly unschedulable?: boolean; readonly podCIDRs?: readonly string[] },
    { readonly conditions?: readonly RawCondition[]; readonly addresses?: NodeRecord['addresses'] }
  >,
  reading: Reading,
): NodeRecord {
  const { intern, isIngressNode } = reading;
  const labels = raw.metadata?.labels ?? {};
  const ready = conditionOf(raw.status?.conditions, 'Ready');
  return {
    ...readMeta(raw, intern),
    ready: ready === 'True' || ready === 'Unknown' ? ready : 'False',
    unschedulable: raw.spec?.unschedulable === true,
    ingress: isIngressNode(labels),
    excluded: EXCLUDED in labels,
    addresses: annotatedAddresses(raw, reading) ?? statusAddresses(raw.status?.addresses, intern),
    ...podRangesOf(raw.spec?.podCIDRs),
  };
}

function statusAddresses(
  addresses: NodeRecord['addresses'] = [],
  intern: Interner,
): NodeRecord['addresses'] {
  return addresses
    .filter(({ type }) => type.endsWith('IP'))
    .map(({ type, address }) => ({ type: intern(type), address }));
}

function podRangesOf(ranges: readonly string[] = []): Pick<NodeRecord, 'podRanges'> {
  return ranges.length > 0 ? { podRanges: ranges } : {};
}

/** One or several with commas between; some write the length of the node's network behind. */
function annotatedAddresses(
  { metadata }: Raw,
  { addressAnnotation }: Reading,
): NodeRecord['addresses'] | undefined {
  if (!addressAnnotation) return undefined;
  const { key, type } = addressAnnotation;
  return (metadata?.annotations?.[key] ?? '')
    .split(',')
    .map((text) => text.trim().replace(/\/[0-9]{1,3}$/, ''))
    .filter((text) => text !== '')
    .map((address) => ({ type, address }));
}

export function readIngressPod(
  raw: Raw<{ readonly nodeName?: string }, { readonly conditions?: readonly RawCondition[] }>,
  { intern }: Reading,
): IngressPodRecord {
  const { conditions } = raw.status ?? {};
  const leaving = raw.metadata?.deletionTimestamp !== undefined;
  const node = raw.spec?.nodeName;
  return {
    ...readMeta(raw, intern),
    ...(node && { node: intern(node) }),
    ready: !leaving && conditionOf(conditions, 'Ready') === 'True',
    readyBefore: !leaving && saidReady(conditions),
  };
}

/** A silent kubelet's pods turn Ready=False, and nothing else; one that speaks says why. */
function saidReady(conditions: readonly RawCondition[] | undefined): boolean {
  const gated = conditions?.some(({ reason }) => reason === 'ReadinessGatesNotReady') ?? false;
  return conditionOf(conditions, 'ContainersReady') === 'True' && !gated;
}

interface RawPodStatus {
  readonly phase?: string;
  readonly conditions?: readonly RawCondition[];
  readonly podIPs?: readonly { readonly ip?: string }[];
}

const FINISHED: ReadonlySet<string | undefined> = new Set(['Succeeded', 'Failed']);

export function readAppPod(
  raw: Raw<unknown, RawPodStatus>,
  { intern }: Pick<Reading, 'intern'>,
): AppPodRecord {
  const { phase, conditions, podIPs = [] } = raw.status ?? {};
  const leaving = raw.metadata?.deletionTimestamp !== undefined;
  const ready = phase === 'Running' && conditionOf(conditions, 'Ready') === 'True';
  // Tens of thousands of names would be most of the memory, and nobody asks for one.
  const { uid, version, namespace } = readMeta(raw, (text) => text);
  const ips = FINISHED.has(phase) ? '' : packPodIps(podIPs.flatMap(({ ip }) => ip ?? []));
  const counts = ready && !leaving;
  // One literal: a spread would keep what it adds beside the object.
  return { uid: packUid(uid), version, namespace: intern(namespace), name: '', counts, ips };
}

function conditionOf(
  conditions: readonly RawCondition[] | undefined,
  type: string,
): string | undefined {
  return conditions?.find((condition) => condition.type === type)?.status;
}
