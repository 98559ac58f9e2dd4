// Slim records of what leads outside traffic to Services: Ingresses, their classes, HTTPRoutes and
// Gateways. Pure.

import type { Interner } from './interner.ts';
import { isHost } from '../host-name.ts';
import { type Meta, type Raw, readMeta } from './records.ts';

/** One Service that a route leads to, at one of its ports, and for which hosts. */
export interface RouteLead {
  /** `namespace/name`. */
  readonly service: string;
  /** Absent: a route that names none. */
  readonly port?: string | number;
  readonly hosts: readonly string[];
  /** Hosts that no edge could take. */
  readonly leftOut?: readonly string[];
}

export interface IngressRecord extends Meta {
  readonly class?: { readonly name: string; readonly by: 'field' | 'annotation' };
  readonly leads: readonly RouteLead[];
}

export interface HttpRouteRecord extends Meta {
  readonly leads: readonly RouteLead[];
  /** Gateways (`namespace/name`) that took it; their listeners' hosts count where it names none. */
  readonly gateways: readonly string[];
}

export interface GatewayRecord extends Meta {
  readonly hosts: readonly string[];
}

/** Lower-case and well formed, each once; the empty host of a catch-all is none. */
export function cleanHosts(hosts: Iterable<string | undefined>): string[] {
  const clean = new Set<string>();
  for (const host of hosts) {
    const lower = host?.toLowerCase() ?? '';
    if (isHost(lower)) clean.add(lower);
  }
  return [...clean];
}

function splitHosts(hosts: readonly (string | undefined)[]): Pick<RouteLead, 'hosts' | 'leftOut'> {
  const leftOut = hosts.filter((host) => host && !isHost(host.toLowerCase())) as string[];
  return { hosts: cleanHosts(hosts), ...(leftOut.length > 0 && { leftOut }) };
}

interface RawBackend {
  readonly service?: {
    readonly name?: string;
    readonly port?: { readonly number?: number; readonly name?: string };
  };
}

interface RawIngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: RawBackend;
  readonly rules?: readonly {
    readonly host?: string;
    readonly http?: { readonly paths?: readonly { readonly backend?: RawBackend }[] } | null;
  }[];
}

export function readIngress(raw: Raw<RawIngressSpec>, intern: Interner): IngressRecord {
  const meta = readMeta(raw, intern);
  const { ingressClassName, defaultBackend, rules = [] } = raw.spec ?? {};
  const annotated = raw.metadata?.annotations?.['kubernetes.io/ingress.class'];
  const pairs = rules.flatMap(({ host, http }) =>
    // A host without paths is wholly the default backend's.
    (http?.paths ?? [{ backend: defaultBackend }]).map(({ backend }) => ({ backend, host })),
  );
  const name = ingressClassName ?? annotated;
  const by = ingressClassName === undefined ? 'annotation' : 'field';
  return {
    ...meta,
    ...(name && { class: { name: intern(name), by } }),
    leads: collectLeads(meta.namespace, [...pairs, { backend: defaultBackend, host: '' }]),
  };
}

function collectLeads(
  namespace: string,
  pairs: readonly {
    readonly backend?: RawBackend | undefined;
    readonly host?: string | undefined;
  }[],
): RouteLead[] {
  const found = new Map<string, { backend: NonNullable<RawBackend['service']>; hosts: string[] }>();
  for (const { backend, host } of pairs) {
    const service = backend?.service;
    if (!service?.name) continue;
    const key = `${service.name}:${service.port?.number ?? service.port?.name}`;
    const entry = found.get(key) ?? { backend: service, hosts: [] };
    entry.hosts.push(host ?? '');
    found.set(key, entry);
  }
  return [...found.values()].map(({ backend, hosts }) => {
    const port = backend.port?.number ?? backend.port?.name;
    const place = { service: `${namespace}/${backend.name}`, ...splitHosts(hosts) };
    return port === undefined ? place : { ...place, port };
  });
}

interface RawParentRef {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

interface RawRouteSpec {
  readonly hostnames?: readonly string[];
  readonly rules?: readonly {
    readonly backendRefs?: readonly {
      readonly group?: string;
      readonly kind?: string;
      readonly namespace?: string;
      readonly name?: string;
      readonly port?: number;
      readonly weight?: number;
    }[];
  }[];
}

interface RawRouteStatus {
  readonly parents?: readonly {
    readonly parentRef?: RawParentRef;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
  }[];
}

export function readHttpRoute(
  raw: Raw<RawRouteSpec, RawRouteStatus>,
  intern: Interner,
): HttpRouteRecord {
  const meta = readMeta(raw, intern);
  const hosts = splitHosts(raw.spec?.hostnames ?? []);
  const refs = (raw.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
  const leads = refs
    .filter(({ group = '', kind = 'Service' }) => group === '' && kind === 'Service')
    .filter(({ weight = 1 }) => weight > 0)
    .map(({ namespace = meta.namespace, name, port }) => {
      const place = { service: intern(`${namespace}/${name}`), ...hosts };
      return port === undefined ? place : { ...place, port };
    });
  return { ...meta, leads, gateways: acceptedGateways(meta, raw.status?.parents ?? []) };
}

/** A parent of kind Service is a mesh's, and no way in from outside. */
function acceptedGateways(
  meta: Meta,
  parents: NonNullable<RawRouteStatus['parents']>,
): readonly string[] {
  return parents
    .filter(({ parentRef }) => (parentRef?.kind ?? 'Gateway') === 'Gateway')
    .filter(({ conditions = [] }) =>
      ['Accepted', 'ResolvedRefs'].every((type) =>
        conditions.some((condition) => condition.type === type && condition.status === 'True'),
      ),
    )
    .map(({ parentRef }) => `${parentRef?.namespace ?? meta.namespace}/${parentRef?.name}`);
}

export function readGateway(
  raw: Raw<{ readonly listeners?: readonly { readonly hostname?: string }[] }>,
  intern: Interner,
): GatewayRecord {
  const hosts = cleanHosts((raw.spec?.listeners ?? []).map(({ hostname }) => hostname));
  return { ...readMeta(raw, intern), hosts };
}
