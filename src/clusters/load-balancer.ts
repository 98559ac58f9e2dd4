// The addresses of a LoadBalancer Service as a cluster's ways in, where its nodes are not reached one
// by one. Pure.
//
// In: the Service's status. Out: ingress nodes named by their IP, and what is left out with a reason:
// hostnames, which an edge cannot hold as a server, and addresses of another family than the wanted.

import { isIP } from 'node:net';
import { joinAddress } from '../address.ts';
import type { IngressNode, LeftOutNode } from '../model.ts';
import type { IngressNodes } from './ingress-nodes.ts';
import type { Interner } from './interner.ts';
import { type Meta, type Raw, readMeta } from './records.ts';

export interface LoadBalancerRecord extends Meta {
  readonly points: readonly { readonly ip?: string; readonly hostname?: string }[];
}

export interface LoadBalancerRules {
  /** `namespace/name`. */
  readonly service: string;
  readonly port: number;
  /** Absent: IPv4 where it has such an address, else IPv6. */
  readonly family?: 'IPv4' | 'IPv6';
}

interface RawStatus {
  readonly loadBalancer?: {
    readonly ingress?:
      | readonly { readonly ip?: string; readonly hostname?: string }[]
      | null
      | undefined;
  };
}

export function readLoadBalancer(
  raw: Raw<unknown, RawStatus>,
  intern: Interner,
): LoadBalancerRecord {
  const points = raw.status?.loadBalancer?.ingress ?? [];
  return {
    ...readMeta(raw, intern),
    points: points.map(({ ip, hostname }) => ({
      ...(ip && { ip }),
      ...(hostname && { hostname }),
    })),
  };
}

export function findLoadBalancer(
  records: Iterable<LoadBalancerRecord>,
  { service, port, family }: LoadBalancerRules,
): IngressNodes {
  const found = [...records];
  const points = found.flatMap((record) => record.points);
  if (points.length === 0) {
    const reason = found.length === 0 ? 'no such Service' : 'it has no load balancer address';
    return { nodes: [], leftOut: [{ name: service, reason }], counted: new Set() };
  }
  const ips = points.map(({ ip = '' }) => ip);
  const wanted = family ?? (ips.some((ip) => familyOf(ip) === 'IPv4') ? 'IPv4' : 'IPv6');
  const leftOut: LeftOutNode[] = [];
  const nodes = new Map<string, IngressNode>();
  for (const { ip, hostname } of points) {
    const name = ip ?? hostname ?? service;
    const reason = pointFault(ip, wanted);
    const address = joinAddress(name, port);
    if (reason === undefined) nodes.set(address, { name, address });
    else leftOut.push({ name, reason });
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return {
    nodes: [...nodes.values()].toSorted(byName),
    leftOut: leftOut.toSorted(byName),
    counted: new Set(),
  };
}

function pointFault(ip: string | undefined, wanted: 'IPv4' | 'IPv6'): string | undefined {
  if (ip === undefined) return 'a hostname, and a server is an IP address';
  const family = familyOf(ip);
  if (family === undefined) return 'no IP address';
  return family === wanted ? undefined : `${family}, and ${wanted} is wanted`;
}

function familyOf(ip: string): 'IPv4' | 'IPv6' | undefined {
  const version = isIP(ip);
  if (version === 0 || ip.includes('%')) return undefined;
  return version === 4 ? 'IPv4' : 'IPv6';
}
