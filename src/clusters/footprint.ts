// What one cluster has of one app: its pods, whether outside traffic is led to it, its hosts. Pure,
// and as cheap as the app is small: everything is looked up by Service, nothing is searched.
//
// In: the slim records of the app's Services, or of its pods where it has none. Out: a Footprint. Nothing here fails: what does not
// count has a reason.

import type { AppName, Footprint, Reason } from '../model.ts';
import type { AppPodRecord, ServiceRecord, SliceRecord } from './records.ts';
import type { IngressRecord, RouteLead } from './route-records.ts';

/** Records by key; a Service's key is `namespace/name`. */
export interface Records {
  /** Keys of the app's Services: as told, also absent ones, or as discovered, and those of Rollouts. */
  servicesOf(app: AppName): { readonly keys: readonly string[]; readonly told: boolean };
  /** The app's pods by label; undefined where it has Services instead. */
  podsOf(app: AppName): Iterable<AppPodRecord> | undefined;
  podsFault(app: AppName): string | undefined;
  /** Why what a Service's namespace says is unknown; undefined where it is known. */
  namespaceFault(key: string): string | undefined;
  service(key: string): ServiceRecord | undefined;
  slicesOf(key: string): Iterable<SliceRecord>;
  ingressesTo(key: string): Iterable<IngressRecord>;
  /** Accepted HTTPRoutes' leads, with the hosts of their Gateways where they name none. */
  routeLeadsTo(key: string): Iterable<RouteLead>;
  readonly routes: RouteRules;
}

export interface RouteRules {
  /** `some`: not all kinds can be read, so that a missing route proves nothing. */
  readonly checked: 'all' | 'some' | 'off';
  /** With `some`: it is in these namespaces that it proves nothing; absent: everywhere. */
  readonly uncheckedIn?: ReadonlySet<string>;
  /** Ingress classes that count; empty: all. */
  readonly classes: ReadonlySet<string>;
  /** Names of the IngressClasses that exist; absent: not known. */
  readonly existing?: ReadonlySet<string>;
}

export function takeFootprint(records: Records, app: AppName): Footprint {
  const labelled = records.podsOf(app);
  if (labelled) {
    const fault = records.podsFault(app);
    const footprint = footprintByLabel(labelled, records.routes);
    return fault === undefined
      ? footprint
      : { ...footprint, reason: { code: 'pods-unread', text: fault } };
  }
  const { keys, told } = records.servicesOf(app);
  const services = keys.flatMap((key) => {
    const service = records.service(key);
    return service ? [{ key, service }] : [];
  });
  const pods = countPods(records, services);
  const leads = services.flatMap((found) => [...leadsTo(records, found)]);
  const routed = isRouted(records.routes, services, leads);
  const hosts = [...new Set(leads.flatMap((lead) => lead.hosts))].toSorted();
  const reason =
    unreadReason(records, keys) ??
    serviceReason(keys, services, told) ??
    (routed === false && pods > 0 ? notRouted(records, services) : badHosts(leads));
  return { pods, routed, hosts, ...(reason && { reason }) };
}

/** An Ingress or HTTPRoute leads to a Service: without one nothing leads here, whatever can be read. */
function footprintByLabel(labelled: Iterable<AppPodRecord>, { checked }: RouteRules): Footprint {
  const pods = new Set<string>();
  for (const pod of labelled) if (pod.counts) pods.add(pod.uid);
  if (checked === 'off') return { pods: pods.size, routed: 'unchecked', hosts: [] };
  const text =
    'an app without Service, to which no Ingress can lead; its pods count where the cluster says `routed: off`';
  const reason: Reason | undefined = pods.size > 0 ? { code: 'not-routed', text } : undefined;
  return { pods: pods.size, routed: false, hosts: [], ...(reason && { reason }) };
}

/** Each pod once, over all slices and Services. */
function countPods(records: Records, services: readonly Found[]): number {
  const pods = new Set<string>();
  for (const { key, service } of services) {
    if (service.external) continue;
    for (const slice of records.slicesOf(key)) for (const pod of slice.pods) pods.add(pod);
  }
  return pods.size;
}

function isRouted(
  { checked, uncheckedIn }: RouteRules,
  services: readonly Found[],
  leads: readonly RouteLead[],
): Footprint['routed'] {
  if (checked === 'off') return 'unchecked';
  if (leads.length > 0) return true;
  if (checked === 'all') return false;
  const proves =
    uncheckedIn && services.every(({ service }) => !uncheckedIn.has(service.namespace));
  return proves ? false : 'unchecked';
}

type Found = { readonly key: string; readonly service: ServiceRecord };

/** All of an app's Services together are its pods: one of them unknown, and the sum is. */
function unreadReason(records: Records, keys: readonly string[]): Reason | undefined {
  const faults = new Set(keys.map((key) => records.namespaceFault(key)));
  faults.delete(undefined);
  if (faults.size === 0) return undefined;
  return { code: 'namespace-unread', text: [...faults].join('; ') };
}

function serviceReason(
  keys: readonly string[],
  services: readonly Found[],
  told: boolean,
): Reason | undefined {
  if (keys.length > 0 && services.length === 0) {
    return { code: 'no-service', text: `No Service ${keys.join(', ')} here` };
  }
  const namespaces = new Set(services.map(({ service }) => service.namespace));
  if (!told && namespaces.size > 1) {
    const places = services.map(({ key }) => key).join(', ');
    const text = `Found in ${namespaces.size} namespaces (${places}) that the configuration does not add up`;
    return { code: 'two-namespaces', text };
  }
  const external = services.find(({ service }) => service.external);
  if (!external) return undefined;
  const text = `Service ${external.key} is an ExternalName, which has no pods`;
  return { code: 'external-name', text };
}

function notRouted(records: Records, services: readonly Found[]): Reason {
  const places = services.map(({ key }) => key).join(', ');
  const obstacles = services.flatMap((found) => [...obstaclesTo(records, found)]);
  const text = [`no Ingress and no HTTPRoute leads to ${places}`, ...new Set(obstacles)].join('; ');
  return { code: 'not-routed', text };
}

/** Of each Ingress that would lead there, why it does not. */
function* obstaclesTo(records: Records, { key, service }: Found): Generator<string> {
  if (service.external) return;
  for (const ingress of records.ingressesTo(key)) {
    const fault = classFault(ingress, records.routes);
    const leads = ingress.leads.some((lead) => lead.service === key && hasPort(service, lead));
    if (fault && leads) yield `Ingress ${ingress.namespace}/${ingress.name} would, but ${fault}`;
  }
}

function badHosts(leads: readonly RouteLead[]): Reason | undefined {
  const hosts = new Set(leads.flatMap((lead) => lead.leftOut ?? []));
  if (hosts.size === 0) return undefined;
  const text = `Left out, as no DNS names of 253 characters at most: ${[...hosts].join(', ')}`;
  return { code: 'host-invalid', text };
}

function* leadsTo(records: Records, { key, service }: Found): Generator<RouteLead> {
  if (service.external) return;
  for (const ingress of records.ingressesTo(key)) {
    if (classFault(ingress, records.routes)) continue;
    for (const lead of ingress.leads) {
      if (lead.service === key && hasPort(service, lead)) yield lead;
    }
  }
  for (const lead of records.routeLeadsTo(key)) if (hasPort(service, lead)) yield lead;
}

/** Why an Ingress of this class leads nowhere. */
function classFault(
  { class: own }: IngressRecord,
  { classes, existing }: RouteRules,
): string | undefined {
  if (own?.by === 'field' && existing && !existing.has(own.name)) {
    return `its IngressClass ${own.name} does not exist`;
  }
  if (classes.size === 0) return undefined;
  if (!own) return `it has no class, and only ${[...classes].join(', ')} count here`;
  return classes.has(own.name) ? undefined : `its class ${own.name} does not count here`;
}

function hasPort(service: ServiceRecord, { port }: RouteLead): boolean {
  if (port === undefined) return true;
  return service.ports.some(({ number, name }) => port === number || port === name);
}
