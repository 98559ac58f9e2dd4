// What is true in the clusters, and what follows from it by the rule: the weights that every edge must
// come to have. Written by its own hand, not by the code under test.
//
// Comes in: the simulated clusters. Goes out: changes to them, and the weights due. Fails: never.
import type { SimulatedCluster } from '../simulated/cluster.ts';

export const APPS = ['shop', 'cart', 'pay'] as const;
const BASE = 10;
const NODES = [1, 2, 3];

export const hostOf = (app: string): string => `${app}.example.com`;

export class Truth {
  readonly #clusters: readonly SimulatedCluster[];
  readonly #addressOf: (cluster: number, node: number) => string;
  readonly #port: number;
  /** `CLUSTER APP` -> pods. */
  readonly #pods = new Map<string, number>();
  /** Those with a ready ingress pod, by cluster. */
  readonly #nodes: Set<number>[];

  constructor(
    clusters: readonly SimulatedCluster[],
    addressOf: (cluster: number, node: number) => string,
    port: number,
  ) {
    this.#clusters = clusters;
    this.#addressOf = addressOf;
    this.#port = port;
    this.#nodes = clusters.map(() => new Set([1, 2]));
  }

  /** Two nodes a cluster; every app in both, but `pay` only in the first. */
  begin(): void {
    for (const [index, cluster] of this.#clusters.entries()) {
      for (const node of this.#nodes[index] ?? []) this.#showNode(index, node);
      for (const app of APPS) {
        if (app === 'pay' && index > 0) continue;
        cluster.setApp({ name: app, pods: 4, hosts: [hostOf(app)], ingress: true });
        this.#pods.set(`${index} ${app}`, 4);
      }
    }
  }

  scale(index: number, app: string, pods: number): string {
    const key = `${index} ${app}`;
    if (!this.#pods.has(key)) return this.scale(0, app, pods);
    this.#clusters[index]?.scale(app, pods);
    this.#pods.set(key, pods);
    return `${app} has ${pods} pods in ${this.#clusters[index]?.name}`;
  }

  /** A node's ingress pod turns ready or unready; the last one of a cluster stays. */
  turnNode(index: number, node: number): string {
    const nodes = this.#nodes[index];
    if (!nodes) throw new Error(`no cluster ${index}`);
    const isLast = nodes.size === 1 && nodes.has(node);
    if (nodes.has(node) && !isLast) nodes.delete(node);
    else nodes.add(node);
    this.#showNode(index, node);
    const what = nodes.has(node) ? 'is an ingress node' : 'is none any more';
    return `${this.#clusters[index]?.name}-${node} ${what}`;
  }

  /** Address to weight, sorted by address. */
  weights(app: string): Readonly<Record<string, number>> {
    const found: [string, number][] = [];
    for (const [index, nodes] of this.#nodes.entries()) {
      const pods = this.#pods.get(`${index} ${app}`) ?? 0;
      if (pods === 0) continue;
      const weight = Math.max(1, Math.floor((pods * BASE) / nodes.size));
      for (const node of nodes) {
        found.push([`${this.#addressOf(index, node)}:${this.#port}`, weight]);
      }
    }
    return Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #showNode(index: number, node: number): void {
    const cluster = this.#clusters[index];
    if (!cluster || !NODES.includes(node)) throw new Error(`no node ${node} in cluster ${index}`);
    const isIngress = this.#nodes[index]?.has(node) ?? false;
    cluster.setIngressNode({
      name: `${cluster.name}-${node}`,
      address: this.#addressOf(index, node),
      ingressPod: isIngress ? 'ready' : 'unready',
    });
  }
}
