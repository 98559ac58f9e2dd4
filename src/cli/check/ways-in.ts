// By which addresses traffic enters a cluster: whether there are any, and whether they answer.
//
// Comes in: an open, fresh cluster. Goes out: findings. A connection is tried from this machine, which
// may reach less than the edges do, or more; the finding says so.

import { connect } from 'node:net';
import { splitAddress } from '../../address.ts';
import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { ClusterSettings } from '../../clusters/settings.ts';
import type { IngressNode } from '../../model.ts';
import { type Finding, plural, some } from './findings.ts';

const CONNECT_MS = 3000;
const AT_ONCE = 64;

export function waysInFindings(cluster: OpenCluster, settings: ClusterSettings): Finding[] {
  const { ingressNodes, leftOut } = cluster.status();
  const nothing = nothingSelected(cluster, settings.ingress);
  if (ingressNodes.length === 0 && nothing) return [nothing];
  if (leftOut.length === 0) return [];
  const reasons = leftOut.map(({ name, reason }) => `${name}: ${reason}`);
  const none = ingressNodes.length === 0;
  return [
    {
      level: none ? 'error' : 'warning',
      code: 'ingress-node-left-out',
      text: `${none ? 'no ingress node counts' : `${plural(leftOut.length, 'ingress node')} left out`} (${some(reasons)})`,
      fix: 'mend what is said of each, or take it out of the selector of `ingress.nodes`',
    },
  ];
}

function nothingSelected(
  cluster: OpenCluster,
  { nodes, service, pods }: ClusterSettings['ingress'],
): Finding | undefined {
  const common = { level: 'error', code: 'nothing-selected' } as const;
  if (service) {
    const place = `${service.namespace}/${service.name}`;
    if (countOf(cluster, `service ${place}`) > 0) return undefined;
    const fix = 'correct `ingress.service`, or create that Service';
    return { ...common, text: `there is no Service ${place}`, fix };
  }
  if (cluster.status().leftOut.length === 0) {
    const fix = `correct \`ingress.nodes\`, or label nodes: kubectl label node NAME ${nodes}`;
    return { ...common, text: `no node has the labels ${nodes} of \`ingress.nodes\``, fix };
  }
  if (!pods || countOf(cluster, `pods of ${pods.namespace}`) > 0) return undefined;
  const text = `no pod in ${pods.namespace} has the labels ${pods.selector} of \`ingress.pods\``;
  return { ...common, text, fix: 'correct `ingress.pods`, or leave it out to count all nodes' };
}

function countOf(cluster: OpenCluster, title: string): number {
  return cluster.watched().find((one) => one.title === title)?.count ?? 0;
}

export async function reachFindings(cluster: OpenCluster): Promise<Finding[]> {
  const { ingressNodes } = cluster.status();
  const mute: string[] = [];
  const waiting = [...ingressNodes];
  const work = async (): Promise<void> => {
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      const why = await connectFault(node);
      if (why !== undefined) mute.push(`${node.name} at ${node.address}: ${why}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (mute.length === 0) return [];
  const all = mute.length === ingressNodes.length;
  const which = all
    ? 'no ingress node can'
    : `${mute.length} of ${plural(ingressNodes.length, 'ingress node')} cannot`;
  return [
    {
      level: all ? 'error' : 'warning',
      code: 'ingress-node-unreachable',
      text: `${which} be reached from this machine (${some(mute.toSorted())})`,
      fix: 'correct `ingress.port` and `ingress.addressType`, or open the port to the edges; try it from an edge',
    },
  ];
}

function connectFault({ address }: IngressNode): Promise<string | undefined> {
  const place = splitAddress(address);
  if (!place) return Promise.resolve('no address');
  return new Promise((resolve) => {
    const socket = connect({ host: place.ip, port: place.port });
    const end = (fault: string | undefined): void => {
      socket.destroy();
      resolve(fault);
    };
    socket.setTimeout(CONNECT_MS, () => end(`no connection in ${CONNECT_MS / 1000} s`));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
