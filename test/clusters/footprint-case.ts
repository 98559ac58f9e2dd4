// One file of test/cases/footprint: objects of a cluster, and what they come to.

import type { AppSource } from '../../src/clusters/cluster.ts';
import { ClusterRecords } from '../../src/clusters/cluster-records.ts';
import { createInterner } from '../../src/clusters/interner.ts';
import { readLoadBalancer } from '../../src/clusters/load-balancer.ts';
import {
  type Raw,
  type Reading,
  readAppPod,
  readIngressPod,
  readMeta,
  readNode,
  readService,
  readSlice,
} from '../../src/clusters/records.ts';
import { readRollout } from '../../src/clusters/rollout-records.ts';
import { readGateway, readHttpRoute, readIngress } from '../../src/clusters/route-records.ts';
import { parseSelector } from '../../src/clusters/selector.ts';
import type { ClusterSettings } from '../../src/clusters/settings.ts';
import { annotationType, findWaysIn } from '../../src/clusters/ways-in.ts';

export interface FootprintCase {
  readonly about: string;
  readonly objects: readonly (Raw & { readonly kind: string })[];
  /** Without `services` where an app is told by its pods. */
  readonly told?: readonly (Omit<AppSource, 'services'> & Partial<AppSource>)[];
  readonly checked?: 'all' | 'some' | 'off' | false;
  readonly classes?: readonly string[];
  /** Selector of the ingress nodes. */
  readonly nodes?: string;
  /** Whether ingress pods are watched. */
  readonly pods?: boolean;
  readonly addressType?: 'InternalIP' | 'ExternalIP';
  readonly addressAnnotation?: string;
  readonly addressFamily?: 'IPv4' | 'IPv6';
  /** Instead of nodes. */
  readonly service?: { readonly namespace: string; readonly name: string };
  readonly port?: number;
  /** Names of nodes that counted before. */
  readonly counted?: readonly string[];
  /** Expected: footprints, with the reason's code. */
  readonly apps?: Readonly<Record<string, unknown>>;
  /** Expected: what the reason of an app says. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Expected: what apps() says; absent: the names under `apps`. */
  readonly names?: readonly string[];
  readonly ingressNodes?: readonly unknown[];
  readonly leftOut?: Readonly<Record<string, string>>;
}

const KNOWN = [
  ...['Service', 'EndpointSlice', 'Ingress', 'IngressClass', 'HTTPRoute', 'Gateway'],
  ...['Node', 'Pod', 'Rollout'],
];

/** With a uid that follows from kind and name. */
function complete(object: FootprintCase['objects'][number]): Raw {
  if (!KNOWN.includes(object.kind)) throw new Error(`a case of kind ${object.kind}`);
  const { namespace = '', name = '' } = object.metadata ?? {};
  const uid = `${object.kind}/${namespace}/${name}`;
  return { ...object, metadata: { uid, resourceVersion: '1', ...object.metadata } };
}

export function recordsOf(footprintCase: FootprintCase): ClusterRecords {
  const { told = [], checked = 'all', classes = [], nodes = 'ingress=true' } = footprintCase;
  const records = new ClusterRecords(
    { told: told.map((one) => ({ services: [], ...one })), serviceLabel: 'ballast.io/app' },
    // YAML reads a bare `off` as false in some versions.
    { checked: checked === false ? 'off' : checked, classes: new Set(classes) },
  );
  const intern = createInterner();
  const isIngressNode = parseSelector(nodes);
  if (!isIngressNode) throw new Error(`no selector: ${nodes}`);
  const key = footprintCase.addressAnnotation;
  const reading: Reading = {
    intern,
    isIngressNode,
    serviceLabel: 'ballast.io/app',
    ...(key !== undefined && { addressAnnotation: { key, type: annotationType(key) } }),
  };
  const of = (kind: string) =>
    footprintCase.objects.filter((object) => object.kind === kind).map(complete) as never[];
  const added = <R>(after: R) => ({ before: undefined, after });
  // Slices come before their Services, as they may.
  for (const raw of of('EndpointSlice')) records.changeSlice(added(readSlice(raw, reading)));
  for (const raw of of('Service')) records.changeService(added(readService(raw, reading)));
  for (const raw of of('Rollout')) records.changeRollout(added(readRollout(raw, intern)));
  for (const selected of told.flatMap(({ pods = [] }) => pods)) {
    const matches = parseSelector(selected.selector);
    const found = (of('Pod') as Raw[]).filter(({ metadata = {} }) => {
      return metadata.namespace === selected.namespace && matches?.(metadata.labels ?? {});
    });
    for (const raw of found) records.changePod(selected, added(readAppPod(raw as never, reading)));
  }
  for (const raw of of('Ingress')) records.changeIngress(added(readIngress(raw, intern)));
  for (const raw of of('HTTPRoute')) records.changeHttpRoute(added(readHttpRoute(raw, intern)));
  for (const raw of of('Gateway')) records.changeGateway(added(readGateway(raw, intern)));
  for (const raw of of('IngressClass')) records.changeClass(added(readMeta(raw, intern)));
  if (of('IngressClass').length > 0) {
    records.routes = { ...records.routes, existing: records.classNames() };
  }
  for (const raw of of('Node')) {
    const node = readNode(raw, reading);
    records.nodes.set(node.uid, node);
  }
  const { service } = footprintCase;
  for (const raw of of('Service') as Raw[]) {
    const { namespace, name } = raw.metadata ?? {};
    if (namespace !== service?.namespace || name !== service?.name) continue;
    const balancer = readLoadBalancer(raw as never, intern);
    records.loadBalancers.set(balancer.uid, balancer);
  }
  for (const raw of of('Pod')) {
    const pod = readIngressPod(raw, reading);
    records.ingressPods.set(pod.uid, pod);
  }
  return records;
}

export function ingressNodesOf(footprintCase: FootprintCase, records: ClusterRecords) {
  const { counted = [], pods = true, nodes = 'ingress=true', port = 80 } = footprintCase;
  const { addressType, addressAnnotation, addressFamily, service } = footprintCase;
  const ways: ClusterSettings['ingress'] = {
    port,
    ...(service ? { service } : { nodes }),
    ...(pods && { pods: { namespace: 'ingress', selector: 'app=ingress' } }),
    ...(addressType && { addressType }),
    ...(addressAnnotation && { addressAnnotation }),
    ...(addressFamily && { addressFamily }),
  };
  const before = { nodes: [], counted: new Set(counted.map((name) => `Node//${name}`)) };
  return findWaysIn(ways, records, before);
}
