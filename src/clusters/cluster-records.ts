// The records of one cluster with the indexes that make one app's footprint cheap, and which apps a
// change touches. Changed only by the reflectors; no clock, no socket.

import type { AppName, AppNames, Dirty } from '../model.ts';
import type { AppSource, AppSources, PodSelector } from './cluster.ts';
import type { Records, RouteRules } from './footprint.ts';
import type { LoadBalancerRecord } from './load-balancer.ts';
import { PodRanges } from './pod-addresses.ts';
import { type Change, Index } from './record-index.ts';
import type {
  AppPodRecord,
  IngressPodRecord,
  Meta,
  NodeRecord,
  ServiceRecord,
  SliceRecord,
} from './records.ts';
import { type RolloutRecord, withoutPreviews, withRollouts } from './rollout-records.ts';
import type { GatewayRecord, HttpRouteRecord, IngressRecord, RouteLead } from './route-records.ts';
import { NOTHING_UNREAD, type Unread } from './unread.ts';

const keyOf = (record: Meta) => `${record.namespace}/${record.name}`;

export class ClusterRecords implements Records {
  routes: RouteRules;
  readonly nodes = new Map<string, NodeRecord>();
  readonly podRanges = new PodRanges();
  readonly ingressPods = new Map<string, IngressPodRecord>();
  /** The one that the configuration names, if any. */
  readonly loadBalancers = new Map<string, LoadBalancerRecord>();
  #told: ReadonlyMap<AppName, Told> = new Map();
  #toldByService = new Index<AppName>();
  #toldByPods = new Index<AppName>();
  // In sets, since for a moment two objects may stand under one name: the new one wins.
  readonly #services = new Index<ServiceRecord>();
  #discovered = new Index<ServiceRecord>();
  readonly #slices = new Index<SliceRecord>();
  readonly #ingresses = new Index<IngressRecord>();
  readonly #httpRoutes = new Index<HttpRouteRecord>();
  readonly #gateways = new Index<GatewayRecord>();
  readonly #classes = new Index<Meta>();
  readonly #rollouts = new Index<RolloutRecord>();
  /** By selector. A pod that two of them find has two records. */
  readonly #pods = new Index<AppPodRecord>();
  #unread = NOTHING_UNREAD;
  #unreadPods: ReadonlyMap<string, string> = new Map();

  constructor(sources: AppSources, routes: RouteRules) {
    this.routes = routes;
    this.lookFor(sources.told);
  }

  /** The told apps are these from now on; each may count otherwise. */
  lookFor(told: readonly AppSource[]): void {
    this.#told = new Map(told.map((source) => [source.app, readTold(source)]));
    this.#toldByService = new Index();
    this.#toldByPods = new Index();
    for (const [app, { services, pods = [] }] of this.#told) {
      this.#toldByService.move({ before: undefined, after: app }, () => [...services]);
      this.#toldByPods.move({ before: undefined, after: app }, () => [...pods]);
    }
    this.#discovered = new Index();
    for (const key of this.#services.keys()) {
      for (const after of this.#services.of(key)) this.#discover({ before: undefined, after });
    }
  }

  /** They are not followed any more. */
  forgetPods(place: PodSelector): void {
    const selector = selectorKey(place);
    for (const before of [...this.#pods.of(selector)]) {
      this.#pods.move({ before, after: undefined }, () => [selector]);
    }
  }

  apps(): AppNames {
    return {
      has: (app) => (this.#told.has(app) ? this.#isShown(app) : this.#discovered.has(app)),
      [Symbol.iterator]: () => this.#shown(),
    };
  }

  *#shown(): Generator<AppName> {
    yield* this.#discovered.keys();
    for (const app of this.#told.keys()) if (this.#isShown(app)) yield app;
  }

  /** Of an app that is told: whether there is something of it. */
  #isShown(app: AppName): boolean {
    const { services = [], pods = [] } = this.#told.get(app) ?? {};
    return (
      services.some((key) => this.service(key)) || pods.some((selector) => this.#pods.has(selector))
    );
  }

  servicesOf(app: AppName): { keys: readonly string[]; told: boolean } {
    const told = this.#told.get(app);
    if (told) return { keys: withRollouts(told.services, this.#claims), told: true };
    const keys = [...this.#discovered.of(app)].map(keyOf);
    const taking = withoutPreviews([...new Set(keys)].toSorted(), this.#claims);
    return { keys: withRollouts(taking, this.#claims), told: false };
  }

  podsOf(app: AppName): Iterable<AppPodRecord> | undefined {
    const selectors = this.#told.get(app)?.pods;
    return selectors && this.#podsBy(selectors);
  }

  /** Why the app's pods cannot be counted; undefined where they can. */
  podsFault(app: AppName): string | undefined {
    const faults = this.#told.get(app)?.pods?.map((selector) => this.#unreadPods.get(selector));
    return faults?.find((fault) => fault !== undefined);
  }

  /** Why what its namespace says of a Service is unknown; undefined where it is known. */
  namespaceFault(key: string): string | undefined {
    return this.#unread.namespaces.get(key.slice(0, key.indexOf('/')));
  }

  /** Namespaces of which nothing is known now. */
  unreadNamespaces(): string[] {
    return [...this.#unread.namespaces.keys()];
  }

  /** Which selectors and namespaces cannot be read now, and why. */
  setUnread(unread: Unread): Dirty {
    const selectors = unread.selectors.map(([place, why]) => [selectorKey(place), why] as const);
    const before = this.#unreadPods;
    this.#unreadPods = new Map(selectors);
    const { namespaces } = this.#unread;
    this.#unread = unread;
    if (different(namespaces, unread.namespaces).size > 0) return 'all';
    const moved = different(before, this.#unreadPods);
    return new Set([...moved].flatMap((selector) => [...this.#toldByPods.of(selector)]));
  }

  *#podsBy(selectors: readonly string[]): Generator<AppPodRecord> {
    for (const selector of selectors) yield* this.#pods.of(selector);
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
    this.#discover(change);
    const records = [change.before, change.after].filter((record) => record !== undefined);
    const labelled = records.flatMap(({ app }) => app ?? []);
    return new Set([...this.#appsOf(records.map(keyOf)), ...labelled]);
  }

  #discover(change: Change<ServiceRecord>): void {
    this.#discovered.move(change, ({ app }) =>
      app === undefined || this.#told.has(app) ? [] : [app],
    );
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

  changeRollout(change: Change<RolloutRecord>): Dirty {
    const keysOf = ({ services }: RolloutRecord) => [...services];
    this.#rollouts.move(change, keysOf);
    // Who has a preview beside one of them has that one too.
    return this.#appsOf(touched(change, keysOf));
  }

  changePod(place: PodSelector, change: Change<AppPodRecord>): Dirty {
    const selector = selectorKey(place);
    this.#pods.move(change, () => [selector]);
    return new Set(this.#toldByPods.of(selector));
  }

  readonly #claims = {
    rolloutsOf: (key: string) => this.#rollouts.of(key),
    isClaimed: (key: string) => this.#claimants(key).size > 0,
  };

  /** A Rollout's Services are one app's: what touches one touches who has the other. */
  #appsOf(keys: Iterable<string>): Set<AppName> {
    const apps = new Set<AppName>();
    for (const key of keys) {
      for (const app of this.#claimants(key)) apps.add(app);
      for (const rollout of this.#rollouts.of(key)) {
        for (const other of rollout.services) {
          for (const app of this.#claimants(other)) apps.add(app);
        }
      }
    }
    return apps;
  }

  /** Apps to which the configuration or a label gives the Service. */
  #claimants(key: string): Set<AppName> {
    const apps = new Set(this.#toldByService.of(key));
    const label = this.service(key)?.app;
    if (label !== undefined && !this.#told.has(label)) apps.add(label);
    return apps;
  }
}

function different(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Set<string> {
  return new Set(before.keys()).symmetricDifference(new Set(after.keys()));
}

/** Keys of Services, or of selectors. */
interface Told {
  readonly services: readonly string[];
  readonly pods?: readonly string[];
}

function readTold({ services, pods }: AppSource): Told {
  return {
    services: [...new Set(services.map(({ namespace, name }) => `${namespace}/${name}`))],
    ...(pods && { pods: [...new Set(pods.map(selectorKey))] }),
  };
}

export function selectorKey({ namespace, selector }: PodSelector): string {
  return `${namespace}/${selector}`;
}

function leadKeys({ leads }: { readonly leads: readonly RouteLead[] }): string[] {
  return [...new Set(leads.map(({ service }) => service))];
}

function touched<R extends Meta>({ before, after }: Change<R>, keysOf: (record: R) => string[]) {
  return new Set([...(before ? keysOf(before) : []), ...(after ? keysOf(after) : [])]);
}
