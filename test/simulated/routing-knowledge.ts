// What an ingress controller knows: which Ingress leads a Host and path where, and which pods are ready
// there. Fed by followers, asked once per request; what an answer needs is kept until a change spoils it.
import type { FollowedObject } from './follower.ts';

export interface ReadyPod {
  readonly name: string;
  readonly uid: string;
}

export type Route =
  | { readonly status: 404 }
  | { readonly status: 503 }
  | { readonly status: 200; readonly namespace: string; readonly pods: readonly ReadyPod[] };

interface PathRule {
  readonly path: string;
  readonly exact: boolean;
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
}

interface Endpoint {
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
  readonly targetRef?: { readonly name?: string; readonly uid?: string };
  readonly addresses: readonly string[];
}

interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: Backend;
  readonly rules?: readonly {
    readonly host?: string;
    readonly http?: { readonly paths: readonly (Backend & { path?: string; pathType?: string })[] };
  }[];
}

interface Backend {
  readonly backend?: Backend;
  readonly service?: { readonly name: string; readonly port?: { number?: number; name?: string } };
}

export interface RoutingKnowledge {
  readonly ingressClass: string | undefined;
  readonly ingresses: Map<string, FollowedObject>;
  readonly services: Map<string, FollowedObject>;
  /** `NAMESPACE/SERVICE` -> its slices by uid. */
  readonly slices: Map<string, Map<string, FollowedObject>>;
  readonly pods: Map<string, readonly ReadyPod[]>;
  hosts: Map<string, readonly PathRule[]> | undefined;
}

export function createRoutingKnowledge(ingressClass: string | undefined): RoutingKnowledge {
  return {
    ingressClass,
    ingresses: new Map(),
    services: new Map(),
    slices: new Map(),
    pods: new Map(),
    hosts: undefined,
  };
}

type Change = FollowedObject | undefined;

export function takeIngress(known: RoutingKnowledge, now: Change, before: Change): void {
  if (before) known.ingresses.delete(before.metadata.uid);
  if (now) known.ingresses.set(now.metadata.uid, now);
  known.hosts = undefined;
}

export function takeService(known: RoutingKnowledge, now: Change, before: Change): void {
  if (before) known.services.delete(keyOf(before));
  if (now) known.services.set(keyOf(now), now);
}

export function takeSlice(known: RoutingKnowledge, now: Change, before: Change): void {
  if (before) known.slices.get(serviceKey(before))?.delete(before.metadata.uid);
  if (now) {
    const slices = known.slices.get(serviceKey(now)) ?? new Map<string, FollowedObject>();
    known.slices.set(serviceKey(now), slices.set(now.metadata.uid, now));
  }
  for (const slice of [now, before]) if (slice) known.pods.delete(serviceKey(slice));
}

export function findRoute(known: RoutingKnowledge, host: string, path: string): Route {
  known.hosts ??= readHosts(known);
  const rules = rulesFor(known.hosts, host);
  const rule = rules?.find((one) => matchesPath(one, path));
  if (!rule) return { status: 404 };
  const key = `${rule.namespace}/${rule.service}`;
  if (!hasPort(known.services.get(key), rule.port)) return { status: 503 };
  const pods = readyPods(known, key);
  return pods.length === 0 ? { status: 503 } : { status: 200, namespace: rule.namespace, pods };
}

/** The pods of a slice by uid, and whether they are terminating. */
export function endpointsOf(slice: Change): Map<string, boolean> {
  const endpoints = new Map<string, boolean>();
  for (const { targetRef, conditions } of readEndpoints(slice)) {
    if (targetRef?.uid) endpoints.set(targetRef.uid, conditions?.terminating === true);
  }
  return endpoints;
}

function readyPods(known: RoutingKnowledge, key: string): readonly ReadyPod[] {
  const cached = known.pods.get(key);
  if (cached) return cached;
  // By uid: in a dual-stack cluster, or while the controller moves one, a pod stands in two slices.
  const pods = new Map<string, ReadyPod>();
  for (const slice of known.slices.get(key)?.values() ?? []) {
    for (const { addresses, conditions, targetRef } of readEndpoints(slice)) {
      const uid = targetRef?.uid ?? addresses[0] ?? '';
      if (conditions?.ready !== false) pods.set(uid, { uid, name: targetRef?.name ?? uid });
    }
  }
  const found = [...pods.values()];
  known.pods.set(key, found);
  return found;
}

function readHosts(known: RoutingKnowledge): Map<string, readonly PathRule[]> {
  const hosts = new Map<string, PathRule[]>();
  for (const ingress of known.ingresses.values()) {
    const spec = ingress['spec'] as IngressSpec;
    if (known.ingressClass !== undefined && spec.ingressClassName !== known.ingressClass) continue;
    for (const { host, rule } of readRules(ingress.metadata.namespace ?? '', spec)) {
      hosts.set(host, [...(hosts.get(host) ?? []), rule]);
    }
  }
  // Exact before prefix, then the longest: the first that fits is the right one.
  for (const rules of hosts.values()) {
    rules.sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));
  }
  return hosts;
}

/** The host '' stands for a rule without host. */
function readRules(namespace: string, spec: IngressSpec): { host: string; rule: PathRule }[] {
  const found: { host: string; rule: PathRule }[] = [];
  const add = (host: string, backend: Backend | undefined, path: string, exact: boolean) => {
    const service = backend?.service;
    if (!service) return;
    const port = service.port?.number ?? service.port?.name ?? '';
    found.push({ host, rule: { path, exact, namespace, service: service.name, port } });
  };
  add('', spec.defaultBackend, '/', false);
  for (const { host = '', http } of spec.rules ?? []) {
    for (const { path = '/', pathType, backend } of http?.paths ?? []) {
      add(host, backend, path, pathType === 'Exact');
    }
    if (!http) add(host, spec.defaultBackend, '/', false);
  }
  return found;
}

function rulesFor(
  hosts: ReadonlyMap<string, readonly PathRule[]>,
  host: string,
): readonly PathRule[] | undefined {
  // An Ingress wildcard stands for exactly one label.
  return hosts.get(host) ?? hosts.get(`*${host.slice(host.indexOf('.'))}`) ?? hosts.get('');
}

function matchesPath(rule: PathRule, path: string): boolean {
  if (rule.exact) return path === rule.path;
  if (rule.path === '/') return true;
  const prefix = rule.path.endsWith('/') ? rule.path.slice(0, -1) : rule.path;
  return path === prefix || path.startsWith(`${prefix}/`);
}

function hasPort(service: FollowedObject | undefined, port: number | string): boolean {
  const spec = service?.['spec'] as { ports?: { port: number; name?: string }[] } | undefined;
  return spec?.ports?.some((one) => one.port === port || one.name === port) ?? false;
}

function readEndpoints(slice: Change): readonly Endpoint[] {
  return (slice?.['endpoints'] as readonly Endpoint[] | null | undefined) ?? [];
}

function keyOf({ metadata }: FollowedObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function serviceKey({ metadata }: FollowedObject): string {
  return `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
}
