// A simulated cluster: a test says what should be (apps, nodes), this keeps the API server's objects
// consistent with it, as the real controllers would. Everything is synchronous: when a call returns, the
// objects are written and open watches have been told. A write that changes nothing makes no event.
import { randomUUID } from 'node:crypto';
import type { ApiServerOptions } from './api-server.ts';
import { SimulatedApiServer } from './api-server.ts';
import type { Draft } from './app-objects.ts';
import {
  deploymentObject,
  ingressObject,
  podObject,
  serviceObject,
  sliceObjects,
} from './app-objects.ts';
import type { IngressNodeOrder, IngressPlace, NodeOrder } from './node-objects.ts';
import { ingressPodObject, nodeObject } from './node-objects.ts';
import type { StoreEvent } from './object-store.ts';
import { timestamp } from './object-store.ts';
import { chooseLeaving, growPods, setReadiness } from './pod-set.ts';
import type { AppOrder, SimulatedApp, SimulatedPod } from './simulated-app.ts';
import { appKey, completeApp } from './simulated-app.ts';

export interface ClusterOptions extends ApiServerOptions {
  readonly name: string;
  readonly labelKey?: string;
  readonly ingress?: Partial<IngressPlace>;
  /** Plain nodes made at the start for pods to lie on. */
  readonly workers?: number;
}

interface AppState {
  readonly app: SimulatedApp;
  readonly pods: readonly SimulatedPod[];
}

interface NodeState {
  readonly order: IngressNodeOrder;
  readonly ingress: boolean;
  readonly podUid: string;
}

export class SimulatedCluster {
  readonly name: string;
  readonly api: SimulatedApiServer;
  readonly #apps = new Map<string, AppState>();
  readonly #nodes = new Map<string, NodeState>();
  readonly #silent = new Set<string>();
  /** Names of the objects made for an app, by kind. */
  readonly #written = new Map<string, ReadonlySet<string>>();
  readonly #labelKey: string;
  readonly #place: IngressPlace;
  #addresses = 0x010000;

  constructor(options: ClusterOptions) {
    this.name = options.name;
    this.api = new SimulatedApiServer(options);
    this.#labelKey = options.labelKey ?? 'ballast.io/app';
    this.#place = {
      nodeLabels: { ingress: 'true' },
      namespace: 'ingress',
      podLabels: { app: 'ingress' },
      ...options.ingress,
    };
    this.api.put('namespaces', { metadata: { name: this.#place.namespace } });
    for (let index = 1; index <= (options.workers ?? 3); index++) {
      this.setNode({ name: `${this.name}-worker-${index}`, address: `192.0.2.${index}` });
    }
    this.api.store.listeners.add((event) => this.#followDeployment(event));
  }

  async start(): Promise<this> {
    await this.api.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.api.stop();
  }

  /** Makes the app as ordered, or changes it; what an earlier order said and this one does not is gone. */
  setApp(order: AppOrder): void {
    const app = completeApp(order, this.#labelKey);
    const known = this.#apps.get(appKey(app));
    if (known && known.app.service !== app.service) this.removeApp(app.name, app.namespace);
    this.api.put('namespaces', { metadata: { name: app.namespace } });
    this.#reshape(app, this.#apps.get(appKey(app))?.pods ?? []);
  }

  /** Adds or removes the difference; a removed pod is terminating first. */
  scale(name: string, pods: number, namespace?: string): void {
    const { app, pods: present } = this.#appState(name, namespace);
    this.#reshape({ ...app, pods, unready: Math.min(app.unready, pods) }, present);
  }

  /** Terminates `count` pods and leaves them terminating, serving still, until finishTermination(). */
  terminatePods(name: string, count: number, namespace?: string): void {
    const { app, pods } = this.#appState(name, namespace);
    const fewer = { ...app, pods: Math.max(0, app.pods - count) };
    this.#show(fewer, markTerminating(pods, chooseLeaving(fewer, pods)));
  }

  finishTermination(name: string, namespace?: string): void {
    const { app, pods } = this.#appState(name, namespace);
    this.#show(
      app,
      pods.filter((pod) => pod.state !== 'terminating'),
    );
  }

  /** Deletes pods without grace: their running requests break. They are not replaced. */
  killPods(name: string, count: number, namespace?: string): void {
    const { app, pods } = this.#appState(name, namespace);
    const fewer = { ...app, pods: Math.max(0, app.pods - count) };
    const leaving = chooseLeaving(fewer, pods);
    this.#show(
      fewer,
      pods.filter((pod) => !leaving.has(pod.uid)),
    );
  }

  setUnready(name: string, unready: number, namespace?: string): void {
    const { app, pods } = this.#appState(name, namespace);
    this.#show({ ...app, unready }, setReadiness(pods, unready));
  }

  removeApp(name: string, namespace?: string): void {
    const { app } = this.#appState(name, namespace);
    this.#apps.delete(appKey(app));
    for (const plural of ['ingresses', 'deployments', 'services', 'endpointslices', 'pods']) {
      this.#only(plural, app, []);
    }
  }

  has(name: string): boolean {
    return [...this.#apps.values()].some(({ app }) => app.name === name);
  }

  /** The app's pods as they are, for a test to compare with. */
  pods(name: string, namespace?: string): readonly SimulatedPod[] {
    return this.#appState(name, namespace).pods;
  }

  setNode(order: NodeOrder): void {
    this.#setNode({ ...order, ingressPod: 'none' }, false);
  }

  setIngressNode(order: IngressNodeOrder): void {
    const labels = { ...this.#place.nodeLabels, ...order.labels };
    this.#setNode({ ...order, labels }, true);
  }

  /** Removes the node and its ingress pod; app pods on it stay until the test kills them. */
  removeNode(name: string): void {
    this.#nodes.delete(name);
    this.api.remove('pods', `ingress-${name}`, this.#place.namespace);
    this.api.remove('nodes', name);
  }

  /** Their kubelets fall silent: Ready is Unknown, every pod there is not Ready, ContainersReady stays. */
  silenceNodes(...names: readonly string[]): void {
    for (const name of names) this.#silent.add(name);
    this.#showSilence();
  }

  wakeNodes(...names: readonly string[]): void {
    for (const name of names) this.#silent.delete(name);
    this.#showSilence();
  }

  #setNode(order: IngressNodeOrder, ingress: boolean): void {
    const known = this.#nodes.get(order.name);
    const present = known && (known.order.ingressPod ?? 'ready') !== 'none';
    const podUid = present ? known.podUid : randomUUID();
    this.#nodes.set(order.name, { order, ingress, podUid });
    this.#showNode(order.name);
  }

  #showNode(name: string): void {
    const node = this.#nodes.get(name);
    if (!node) return;
    const silent = this.#silent.has(name);
    this.api.put('nodes', nodeObject(node.order, silent));
    const pod = `ingress-${name}`;
    if (!node.ingress || node.order.ingressPod === 'none') {
      this.api.remove('pods', pod, this.#place.namespace);
      return;
    }
    this.api.put('pods', ingressPodObject(node.order, this.#place, { uid: node.podUid, silent }));
  }

  #showSilence(): void {
    for (const name of this.#nodes.keys()) this.#showNode(name);
    for (const { app, pods } of this.#apps.values()) this.#show(app, pods);
  }

  #reshape(app: SimulatedApp, present: readonly SimulatedPod[]): void {
    const nodeNames = [...this.#nodes.keys()];
    const place = { nodeNames, nextAddress: () => this.#addresses++ };
    const leaving = chooseLeaving(app, present);
    if (leaving.size > 0) this.#show(app, markTerminating(present, leaving));
    const staying = present.filter((pod) => !leaving.has(pod.uid));
    this.#show(app, setReadiness(growPods(app, staying, place), app.unready));
  }

  #show(app: SimulatedApp, given: readonly SimulatedPod[]): void {
    const pods = given.map((pod) => {
      const silent = this.#silent.has(pod.nodeName);
      return pod.silent === silent ? pod : { ...pod, silent };
    });
    const known = this.#apps.get(appKey(app));
    this.#apps.set(appKey(app), { app, pods });
    this.#showPods(app, pods, known);
    this.#only('services', app, app.withService ? [serviceObject(app)] : []);
    this.#only('endpointslices', app, app.withService ? sliceObjects(app, pods) : []);
    this.#only('ingresses', app, app.ingress ? [ingressObject(app)] : []);
    const ready = pods.filter((pod) => pod.state === 'ready' && !pod.silent).length;
    this.#only('deployments', app, app.deployment ? [deploymentObject(app, ready)] : []);
  }

  // A large app that loses one pod must not cost a comparison of all its others.
  #showPods(app: SimulatedApp, pods: readonly SimulatedPod[], known: AppState | undefined): void {
    if (!app.podObjects) return this.#only('pods', app, []);
    const alike = known?.app.labels === app.labels && known.app.podObjects;
    const unchanged = new Set(alike ? known.pods : []);
    const changed = pods.filter((pod) => !unchanged.has(pod));
    this.#only(
      'pods',
      app,
      changed.map((pod) => podObject(app, pod)),
      pods.map((pod) => pod.name),
    );
  }

  /** Writes drafts, and deletes the app's other objects of that kind; `names` adds some to stay. */
  #only(
    plural: string,
    app: SimulatedApp,
    drafts: readonly Draft[],
    names: readonly string[] = [],
  ): void {
    const place = `${plural}/${appKey(app)}`;
    const staying = new Set([...names, ...drafts.map((draft) => draft.metadata.name)]);
    for (const name of this.#written.get(place) ?? []) {
      if (!staying.has(name)) this.api.remove(plural, name, app.namespace);
    }
    this.#written.set(place, staying);
    for (const draft of drafts) {
      // What others wrote beside (a migration's annotation) stays.
      const annotations = this.api.get(plural, draft.metadata.name, app.namespace)?.metadata
        .annotations;
      const metadata = annotations ? { annotations, ...draft.metadata } : draft.metadata;
      this.api.put(plural, { ...draft, metadata });
    }
  }

  // Who scales a Deployment through the API gets pods, as from the real controller.
  #followDeployment(event: StoreEvent): void {
    if (event.plural !== 'deployments' || event.type !== 'MODIFIED') return;
    const { name, namespace } = event.object.metadata;
    const replicas = (event.object['spec'] as { readonly replicas?: number } | undefined)?.replicas;
    for (const { app } of this.#apps.values()) {
      if (!app.deployment || app.service !== name || app.namespace !== namespace) continue;
      if (replicas !== undefined && replicas !== app.pods)
        this.scale(app.name, replicas, namespace);
    }
  }

  #appState(name: string, namespace: string | undefined): AppState {
    const found = [...this.#apps.values()].filter(
      ({ app }) => app.name === name && (namespace === undefined || app.namespace === namespace),
    );
    const [only] = found;
    if (only && found.length === 1) return only;
    throw new Error(`${found.length} apps named ${name} in cluster ${this.name}`);
  }
}

function markTerminating(
  pods: readonly SimulatedPod[],
  leaving: ReadonlySet<string>,
): readonly SimulatedPod[] {
  const deletedAt = timestamp();
  return pods.map((pod) => {
    if (!leaving.has(pod.uid)) return pod;
    return { ...pod, state: 'terminating', contained: pod.state === 'ready', deletedAt };
  });
}
