// Which nodes let outside traffic in, and by which address. Pure.
//
//   node                                  new              already counted
//   Ready, schedulable, pod ready         counts           counts
//   cordoned, or to be excluded           left out         stays while the pod is ready; excluded: left out
//   NotReady                              left out         stays while its kubelet's last word was ready
//   no ready ingress pod                  left out         left out
// Without `ingress.pods` nobody can see a pod: then a counted node stays until it is deleted.

import { isIPv4, isIPv6 } from 'node:net';
import { joinAddress } from '../address.ts';
import type { IngressNode, LeftOutNode } from '../model.ts';
import type { IngressPodRecord, NodeRecord } from './records.ts';

export interface IngressRules {
  readonly port: number;
  readonly addressType: string;
  /** Absent: IPv4 where a node has such an address, else IPv6. */
  readonly family?: 'IPv4' | 'IPv6';
  /** Whether ingress pods are watched. */
  readonly pods: boolean;
}

export interface IngressNodes {
  readonly nodes: readonly IngressNode[];
  readonly leftOut: readonly LeftOutNode[];
  /** Uids of the nodes that count, for the next time. */
  readonly counted: ReadonlySet<string>;
}

export function findIngressNodes(
  nodes: Iterable<NodeRecord>,
  pods: Iterable<IngressPodRecord>,
  counted: ReadonlySet<string>,
  rules: IngressRules,
): IngressNodes {
  const podsByNode = Map.groupBy(pods, (pod) => pod.node ?? '');
  const known = (node: NodeRecord) => (counted.has(node.uid) ? 0 : 1);
  const candidates = [...nodes]
    .filter((node) => node.ingress)
    // Who is counted keeps an address that a second node claims.
    .toSorted((a, b) => known(a) - known(b) || (a.name < b.name ? -1 : 1));

  const holders = new Map<string, NodeRecord>();
  const leftOut: LeftOutNode[] = [];
  for (const node of candidates) {
    const before = counted.has(node.uid);
    const address = addressOf(node, rules);
    const reason =
      faultOf(node, before) ??
      podFault(node, podsByNode.get(node.name) ?? [], before, rules) ??
      addressFault(node, address, { holders, rules });
    if (reason === undefined && address) holders.set(address, node);
    else leftOut.push({ name: node.name, reason: reason ?? '' });
  }
  const found = [...holders].map(([address, { name }]) => ({ name, address }));
  return {
    nodes: found.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    leftOut: leftOut.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    counted: new Set([...holders.values()].map((node) => node.uid)),
  };
}

function faultOf(node: NodeRecord, counted: boolean): string | undefined {
  if (node.excluded) return 'labelled to be excluded from external load balancers';
  if (counted) return undefined;
  if (node.ready !== 'True') return `not Ready (${node.ready})`;
  return node.unschedulable ? 'cordoned' : undefined;
}

function podFault(
  node: NodeRecord,
  pods: readonly IngressPodRecord[],
  counted: boolean,
  rules: IngressRules,
): string | undefined {
  if (!rules.pods) return undefined;
  if (pods.length === 0) return 'no ingress pod on it';
  // A silent kubelet turns every pod's Ready false, though they may serve on. That may be known before
  // its node's NotReady is, which comes by another watch.
  const good = pods.some((pod) => pod.ready || (counted && pod.readyBefore));
  return good ? undefined : 'its ingress pod is not ready';
}

function addressFault(
  node: NodeRecord,
  address: string | undefined,
  world: { readonly holders: ReadonlyMap<string, NodeRecord>; readonly rules: IngressRules },
): string | undefined {
  const { addressType, family = 'IP address' } = world.rules;
  if (address === undefined) {
    const own = ipsOf(node, addressType).join(', ');
    return own === '' ? `no ${addressType}` : `no ${family} in its ${addressType} (${own})`;
  }
  const holder = world.holders.get(address);
  return holder && `its address ${address} is also that of node ${holder.name}`;
}

function addressOf(
  node: NodeRecord,
  { addressType, family, port }: IngressRules,
): string | undefined {
  const own = ipsOf(node, addressType);
  const four = family === 'IPv6' ? undefined : own.find((ip) => isIPv4(ip));
  const six = family === 'IPv4' ? undefined : own.find((ip) => isIPv6(ip) && !ip.includes('%'));
  const first = four ?? six;
  return first && joinAddress(first, port);
}

function ipsOf({ addresses }: NodeRecord, addressType: string): string[] {
  return addresses.filter(({ type }) => type === addressType).map(({ address }) => address);
}
