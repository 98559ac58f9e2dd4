// The truthful ingress nodes of one cluster: they follow an API server (any that speaks the protocol) by
// their own code, and serve HTTP on each ingress node's address. In: API access. Out: answers that name
// cluster, node and pod, or the error a real ingress would give. When the API server is away they go on
// with what they knew last.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'undici';
import type { ApiAccess, FollowedObject, FollowOrder } from './follower.ts';
import { Follower } from './follower.ts';
import { LoopbackListener } from './loopback-listener.ts';
import {
  addRunning,
  countRunning,
  createPodLives,
  slimPod,
  takeEndpoints,
  takePod,
} from './pod-lives.ts';
import type { RoutingKnowledge } from './routing-knowledge.ts';
import {
  createRoutingKnowledge,
  findRoute,
  takeIngress,
  takeService,
  takeSlice,
} from './routing-knowledge.ts';
import type { TrafficCounts } from './traffic-counts.ts';
import { countRequest, createTrafficCounter, readCounts } from './traffic-counts.ts';

export interface IngressFleetOptions {
  readonly cluster: string;
  readonly api: { readonly url: string; readonly ca: string; readonly token: string };
  /** The same on every node, as `ingress.port` in the configuration. */
  readonly port: number;
  readonly nodeSelector?: string;
  readonly podNamespace?: string;
  readonly podSelector?: string;
  readonly addressType?: string;
  readonly ingressClass?: string;
  /** How long a node answers on after its ingress pod left; 2,000 when absent. */
  readonly graceMs?: number;
  /** Added to each answer; `?delay=MS` adds to one. */
  readonly latencyMs?: number;
}

export interface IngressNodeView {
  readonly node: string;
  readonly address: string;
  readonly state: 'closed' | 'open' | 'draining' | 'killed';
}

export class IngressFleet {
  readonly #options: IngressFleetOptions;
  readonly #agent: Agent;
  readonly #api: ApiAccess;
  readonly #known: RoutingKnowledge;
  readonly #counter = createTrafficCounter();
  readonly #lives = createPodLives();
  readonly #listeners = new Map<string, LoopbackListener>();
  readonly #killed = new Set<string>();
  /** Draining on an address that their node no longer has. */
  readonly #leaving = new Set<LoopbackListener>();
  #followers: readonly Follower[] = [];
  #nodes: Follower | undefined;
  #ingressPods: Follower | undefined;
  #started = false;
  #turn = 0;

  constructor(options: IngressFleetOptions) {
    this.#options = options;
    const { url, ca, token } = options.api;
    this.#agent = new Agent({ allowH2: false, connect: { ca }, headersTimeout: 15_000 });
    this.#api = { dispatcher: this.#agent, url, token };
    this.#known = createRoutingKnowledge(options.ingressClass);
  }

  /** Resolves when everything has been listed once and the ready nodes listen. */
  async start(): Promise<this> {
    const known = this.#known;
    const lives = this.#lives;
    const namespace = this.#options.podNamespace ?? 'ingress';
    const nodes = (this.#nodes = this.#follow('/api/v1/nodes', () => this.#reshape(), {
      labelSelector: this.#options.nodeSelector ?? 'ingress=true',
    }));
    const podPath = `/api/v1/namespaces/${namespace}/pods`;
    const pods = (this.#ingressPods = this.#follow(podPath, () => this.#reshape(), {
      labelSelector: this.#options.podSelector ?? 'app=ingress',
    }));
    this.#followers = [
      nodes,
      pods,
      this.#follow('/api/v1/services', (now, before) => takeService(known, now, before)),
      this.#follow('/apis/networking.k8s.io/v1/ingresses', (now, before) =>
        takeIngress(known, now, before),
      ),
      this.#follow('/apis/discovery.k8s.io/v1/endpointslices', (now, before) => {
        takeSlice(known, now, before);
        takeEndpoints(lives, now, before);
      }),
      this.#follow('/api/v1/pods', (now, before, how) => takePod(lives, now, before, how), {
        slim: slimPod,
      }),
    ];
    await Promise.all(this.#followers.map((follower) => follower.listed));
    this.#started = true;
    await this.#shape();
    return this;
  }

  async close(): Promise<void> {
    this.#started = false;
    await Promise.all(this.#followers.map((follower) => follower.close()));
    const listeners = [...this.#listeners.values(), ...this.#leaving];
    await Promise.all(listeners.map((listener) => listener.kill()));
    await this.#agent.destroy();
  }

  counts(): TrafficCounts {
    return readCounts(this.#counter);
  }

  /** Requests that pods are working on now. */
  running(): number {
    return countRunning(this.#lives);
  }

  nodes(): readonly IngressNodeView[] {
    return [...this.#listeners].map(([node, { address, state }]) => {
      return { node, address, state: this.#killed.has(node) ? 'killed' : state };
    });
  }

  /** The machine is gone at once, whatever its cluster still says. */
  async kill(node: string): Promise<void> {
    this.#killed.add(node);
    await this.#listeners.get(node)?.kill();
  }

  async revive(node: string): Promise<void> {
    this.#killed.delete(node);
    await this.#shape();
  }

  #follow(
    path: string,
    onChange: FollowOrder['onChange'],
    rest: Pick<FollowOrder, 'labelSelector' | 'slim'> = {},
  ): Follower {
    return new Follower(this.#api, { path, onChange, ...rest });
  }

  // An address that is not ours to listen on is the test's mistake; it is told, the other nodes go on.
  #reshape(): void {
    this.#shape().catch((error: Error) => process.emitWarning(error));
  }

  /** One listener for each node with a ready ingress pod: opens what is missing, drains the rest. */
  async #shape(): Promise<void> {
    if (!this.#started) return;
    const wanted = this.#wantedAddresses();
    for (const [node, listener] of this.#listeners) {
      if (wanted.get(node) === listener.address) continue;
      listener.drain();
      if (!wanted.has(node)) continue;
      this.#listeners.delete(node);
      this.#leaving.add(listener);
    }
    const opening = [...wanted].map(async ([node, address]) => {
      const listener = this.#listeners.get(node) ?? this.#newListener(node, address);
      this.#listeners.set(node, listener);
      if (!this.#killed.has(node)) await listener.open();
    });
    await Promise.all(opening);
  }

  #wantedAddresses(): Map<string, string> {
    const withPod = new Set<string>();
    for (const pod of this.#ingressPods?.objects.values() ?? []) {
      if (isServing(pod)) withPod.add((pod['spec'] as { nodeName?: string }).nodeName ?? '');
    }
    const wanted = new Map<string, string>();
    for (const node of this.#nodes?.objects.values() ?? []) {
      const address = addressOf(node, this.#options.addressType ?? 'InternalIP');
      if (address && withPod.has(node.metadata.name)) wanted.set(node.metadata.name, address);
    }
    return wanted;
  }

  #newListener(node: string, address: string): LoopbackListener {
    return new LoopbackListener({
      address,
      port: this.#options.port,
      graceMs: this.#options.graceMs ?? 2000,
      answer: (req, res) => this.#answer(node, req, res),
    });
  }

  #answer(node: string, req: IncomingMessage, res: ServerResponse): void {
    const host = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const url = req.url ?? '/';
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    const route = findRoute(this.#known, host, path);
    const { cluster, latencyMs = 0 } = this.#options;
    const names = { 'x-ballast-cluster': cluster, 'x-ballast-node': node };
    if (route.status !== 200) {
      countRequest(this.#counter, host, route.status, node);
      res.writeHead(route.status, names).end(`${route.status} from ${node} of ${cluster}\n`);
      return;
    }
    const pod = route.pods[this.#turn++ % route.pods.length];
    if (!pod) return;
    const finish = () => {
      if (res.destroyed) return;
      countRequest(this.#counter, host, 200, node);
      res.writeHead(200, {
        ...names,
        'x-ballast-pod': pod.name,
        'content-type': 'application/json',
      });
      res.end(`{"cluster":"${cluster}","node":"${node}","pod":"${pod.name}"}\n`);
    };
    const delay = latencyMs + (question < 0 ? 0 : readDelay(url.slice(question)));
    req.resume();
    if (delay === 0) return finish();
    addRunning(this.#lives, pod.uid, res);
    const timer = setTimeout(finish, delay);
    res.on('close', () => clearTimeout(timer));
  }
}

/** ContainersReady, because a silent kubelet turns Ready false on pods that serve on. */
function isServing(pod: FollowedObject): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const status = pod['status'] as { conditions?: { type: string; status: string }[] } | undefined;
  const find = (type: string) => status?.conditions?.find((one) => one.type === type)?.status;
  return (find('ContainersReady') ?? find('Ready')) === 'True';
}

function addressOf(node: FollowedObject, type: string): string | undefined {
  const status = node['status'] as { addresses?: { type: string; address: string }[] } | undefined;
  return status?.addresses?.find((one) => one.type === type)?.address;
}

function readDelay(query: string): number {
  const delay = Number(new URLSearchParams(query).get('delay') ?? 0);
  return delay > 0 ? Math.min(delay, 600_000) : 0;
}
