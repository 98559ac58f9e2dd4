// Pure builders for nodes and the ingress pods on them.
import type { Draft } from './app-objects.ts';
import { flag } from './app-objects.ts';

export interface NodeOrder {
  readonly name: string;
  readonly address: string;
  /** Absent: true. */
  readonly ready?: boolean;
  readonly unschedulable?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly externalAddress?: string;
  readonly podCIDR?: string;
}

export interface IngressNodeOrder extends NodeOrder {
  /** Absent: `ready`. */
  readonly ingressPod?: 'ready' | 'unready' | 'none';
}

export interface IngressPlace {
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly podLabels: Readonly<Record<string, string>>;
}

export function nodeObject(node: NodeOrder, silent: boolean): Draft {
  const ready = silent ? 'Unknown' : flag(node.ready ?? true);
  const external = node.externalAddress
    ? [{ type: 'ExternalIP', address: node.externalAddress }]
    : [];
  return {
    metadata: {
      name: node.name,
      labels: { 'kubernetes.io/hostname': node.name, ...node.labels },
      ...(node.annotations ? { annotations: node.annotations } : {}),
    },
    spec: {
      ...(node.podCIDR ? { podCIDR: node.podCIDR, podCIDRs: [node.podCIDR] } : {}),
      ...(node.unschedulable ? { unschedulable: true } : {}),
    },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.address },
        ...external,
        { type: 'Hostname', address: node.name },
      ],
      conditions: [{ type: 'Ready', status: ready }],
    },
  };
}

export function ingressPodObject(
  node: IngressNodeOrder,
  place: IngressPlace,
  pod: { readonly uid: string; readonly silent: boolean },
): Draft {
  const ready = node.ingressPod !== 'unready';
  return {
    metadata: {
      name: `ingress-${node.name}`,
      namespace: place.namespace,
      uid: pod.uid,
      labels: { ...place.podLabels },
    },
    spec: { nodeName: node.name, containers: [{ name: 'ingress', image: 'simulated' }] },
    status: {
      phase: 'Running',
      conditions: [
        { type: 'Ready', status: flag(ready && !pod.silent) },
        { type: 'ContainersReady', status: flag(ready) },
      ],
      podIP: node.address,
      podIPs: [{ ip: node.address }],
    },
  };
}
