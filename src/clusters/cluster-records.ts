// The records of one cluster with the indexes that make one app's footprint cheap, and which apps a
// change touches. Changed only by the reflectors; no clock, no socket.

import type { AppName, Dirty } from '../model.ts';
import type { AppSources } from './cluster.ts';
import type { Records, RouteRules } from './footprint.ts';
import type { IngressPodRecord, Meta, NodeRecord, ServiceRecord, SliceRecord } from './records.ts';
import type { GatewayRecord, HttpRouteRecord, IngressRecord, RouteLead } from './route-records.ts';

/** One record that came, went or took another's place. Objects with another uid are other objects. */
export interface Change<R extends Meta> {
  readonly before: R | undefined;
  readonly after: R | undefined;
}

/** Sets by key that vanish when they are empty. */
class Index<R> {
  readonly #sets = new Map<string, Set<R>>();

  of(key: string): ReadonlySet<R> {
    return this.#sets.get(key) ?? NONE;
  }

  keys(): Iterable<string> {
    return this.#sets.keys();
  }

  move(change: { before: R | undefined; after: R | undefined }, keysOf: (record: R) => string[]) {
    for (const key of change.before ? keysOf(change.before) : []) this.#drop(key, change.before!);
    for (const key of change.after ? keysOf(change.after) : []) this.#add(key, change.after!);
  }

  #add(key: string, record: R): void {
    const set = this.#sets.get(key);
    if (set) set.add(record);
    else this.#sets.set(key, new Set([record]));
  }

  #drop(key: string, record: R): void {
    const set = this.#sets.get(key);
    set?.delete(record);
    if (set?.size === 0) this.#sets.delete(key);
  }
}

const NONE: ReadonlySet<never> = new Set();
const keyOf = (record: Meta) => `${record.namespace}/${record.name}`;

export class ClusterRecords implements Records {
  routes: RouteRules;
  readonly nodes = new Map<string, NodeRecord>();
  readonly ingressPods = new Map<string, IngressPodRecord>();
  readonly #told: ReadonlyMap<AppName, readonly string[]>;
  readonly #toldByService = new Index<AppName>();
  // In sets, since for a moment two objects may stand under one name: the new one wins.
  readonly #services = new Index<ServiceRecord>();
  readonly #discovered = new Index<ServiceRecord>();
  readonly #slices = new Index<SliceRecord>();
  readonly #ingresses = new Index<IngressRecord>();
  readonly #httpRoutes = new Index<HttpRouteRecord>();
  readonly #gateways = new Index<GatewayRecord>();
  readonly #classes = new Index<Meta>();

  constructor(sources: AppSources, routes: RouteRules) {
    this.routes = routes;
    this.#told = new Map(
      sources.told.map(({ app, services }) => [
        app,
        [...new Set(services.map(({ namespace, name }) => `${namespace}/${name}`))],
      ]),
    );
    for (const [app, keys] of this.#told) {
      this.#toldByService.move({ before: undefined, after: app }, () => [...keys]);
    }
  }

  apps(): Set<AppName> {
    const apps = new Set(this.#discovered.keys());
    for (const [app, keys] of this.#told) {
      if (keys.some((key) => this.service(key))) apps.add(app);
    }
    return apps;
  }

  servicesOf(app: AppName): { keys: readonly string[]; told: boolean } {
    const told = this.#told.get(app);
    if (told) return { keys: told, told: true };
    const keys = [...this.#discovered.of(app)].map(keyOf);
    return { keys: [...new Set(keys)].toSorted(), told: false };
  }

  service(key: string): ServiceRecord | undefined {
    return [...this.#services.of(key)].at(-1);
  }

  slicesOf(key: string): Iterable<SliceRecord> {
    return this.#slices.of(key);
  }

  ingressesTo(key: string): Iterable<IngressRecord> {
    return this.#ingresses.of(key);
  }

  *routeLeadsTo(key: string): Generator<RouteLead> {
    for (const route of this.#httpRoutes.of(key)) {
      if (route.gateways.length === 0) continue;
      const inherited = route.gateways.flatMap((gateway) =>
        [...this.#gateways.of(gateway)].flatMap(({ hosts }) => hosts),
      );
      for (const lead of route.leads) {
        if (lead.service !== key) continue;
        yield lead.hosts.length > 0 || lead.leftOut ? lead : { ...lead, hosts: inherited };
      }
    }
  }

  /** Names of the IngressClasses. */
  classNames(): ReadonlySet<string> {
    return new Set([...this.#classes.keys()].map((key) => key.slice(1)));
  }

  // Each answers which apps have to be looked at again.

  changeService(change: Change<ServiceRecord>): Dirty {
    this.#services.move(change, (service) => [keyOf(service)]);
    this.#discovered.move(change, ({ app }) =>
      app === undefined || this.#told.has(app) ? [] : [app],
    );
    const records = [change.before, change.after].filter((record) => record !== undefined);
    const labelled = records.flatMap(({ app }) => app ?? []);
    return new Set([...this.#appsOf(records.map(keyOf)), ...labelled]);
  }

  changeSlice(change: Change<SliceRecord>): Dirty {
    const keys = ({ namespace, service }: SliceRecord) =>
      service === undefined ? [] : [`${namespace}/${service}`];
    this.#slices.move(change, keys);
    return this.#appsOf(touched(change, keys));
  }

  changeIngress(change: Change<IngressRecord>): Dirty {
    this.#ingresses.move(change, leadKeys);
    return this.#appsOf(touched(change, leadKeys));
  }

  changeHttpRoute(change: Change<HttpRouteRecord>): Dirty {
    this.#httpRoutes.move(change, leadKeys);
    return this.#appsOf(touched(change, leadKeys));
  }

  changeGateway(change: Change<GatewayRecord>): Dirty {
    this.#gateways.move(change, (gateway) => [keyOf(gateway)]);
    const hosts = (gateway: GatewayRecord | undefined) => gateway?.hosts.join(' ') ?? '';
    return hosts(change.before) === hosts(change.after) ? new Set() : 'all';
  }

  /** Nothing is dirty by it until the names are put into `routes`. */
  changeClass(change: Change<Meta>): void {
    this.#classes.move(change, (record) => [keyOf(record)]);
  }

  #appsOf(keys: Iterable<string>): Set<AppName> {
    const apps = new Set<AppName>();
    for (const key of keys) {
      for (const app of this.#toldByService.of(key)) apps.add(app);
      const label = this.service(key)?.app;
      if (label !== undefined && !this.#told.has(label)) apps.add(label);
    }
    return apps;
  }
}

function leadKeys({ leads }: { readonly leads: readonly RouteLead[] }): string[] {
  return [...new Set(leads.map(({ service }) => service))];
}

function touched<R extends Meta>({ before, after }: Change<R>, keysOf: (record: R) => string[]) {
  return new Set([...(before ? keysOf(before) : []), ...(after ? keysOf(after) : [])]);
}
