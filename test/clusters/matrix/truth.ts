// What a simulated API server holds, counted in the plainest way from its objects, and since when.

import type { SimulatedApiServer } from '../../simulated/api-server.ts';
import type { KubeObject } from '../../simulated/object-store.ts';

export interface Extent {
  /** Serving pods that an Ingress leads to. */
  readonly pods: number;
  readonly addresses: readonly string[];
  /** A Service has the app's label. */
  readonly known: boolean;
}

export interface Truth {
  now(app: string): Extent;
  /** When the app last had no pod or no node here, on the test's clock; never: minus infinity. */
  lastNothing(app: string): number;
  look(): void;
}

export function followTruth(
  api: SimulatedApiServer,
  apps: readonly string[],
  now: () => number,
): Truth {
  const nothing = new Map<string, number>();
  const empty = new Set<string>();
  const look = (): void => {
    for (const app of apps) {
      const { pods, addresses } = extentOf(api, app);
      const is = pods === 0 || addresses.length === 0;
      // It was so up to this change.
      if (is || empty.has(app)) nothing.set(app, now());
      if (is) empty.add(app);
      else empty.delete(app);
    }
  };
  api.store.listeners.add(look);
  look();
  return {
    now: (app) => extentOf(api, app),
    lastNothing: (app) => (empty.has(app) ? now() : (nothing.get(app) ?? Number.NEGATIVE_INFINITY)),
    look,
  };
}

function extentOf(api: SimulatedApiServer, app: string): Extent {
  const services = api.list('services').filter(({ metadata }) => metadata.labels?.[LABEL] === app);
  const names = services.map(({ metadata }) => metadata.name);
  const led = api.list('ingresses').some(({ metadata }) => names.includes(metadata.name));
  const uids = new Set<string>();
  for (const slice of api.list('endpointslices')) {
    if (names.includes(slice.metadata.labels?.[SERVICE] ?? '')) {
      for (const uid of servingIn(slice)) uids.add(uid);
    }
  }
  const addresses = api.list('nodes').flatMap((node) => waysIn(api, node));
  return { pods: led ? uids.size : 0, addresses: addresses.toSorted(), known: names.length > 0 };
}

const LABEL = 'ballast.io/app';
const SERVICE = 'kubernetes.io/service-name';

interface Endpoint {
  readonly conditions: { readonly serving: boolean; readonly terminating: boolean };
  readonly targetRef: { readonly uid: string };
}

function servingIn(slice: KubeObject): string[] {
  const endpoints = (slice['endpoints'] ?? []) as readonly Endpoint[];
  return endpoints
    .filter(({ conditions }) => conditions.serving && !conditions.terminating)
    .map(({ targetRef }) => targetRef.uid);
}

function waysIn(api: SimulatedApiServer, { metadata, status }: KubeObject): string[] {
  const pod = api.get('pods', `ingress-${metadata.name}`, 'ingress');
  if (metadata.labels?.['ingress'] !== 'true' || !pod) return [];
  const { addresses } = status as { addresses: { type: string; address: string }[] };
  return addresses
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => `${address}:80`);
}
