// The simulated API servers of the benchmark, in a process of their own, so that what they cost is nobody's
// else. Orders and answers go by IPC (server.ts).
import { SimulatedCluster } from '../../simulated/cluster.ts';
import type { Draft } from '../../simulated/app-objects.ts';
import type { ServerAnswer, ServerOrder, Shape } from './server.ts';
import { realisticApp, NAMESPACE } from './realistic.ts';

const clusters: SimulatedCluster[] = [];

async function fill(shape: Shape): Promise<ServerAnswer> {
  const count = shape.kind === 'one' ? 1 : shape.clusters;
  for (let i = 0; i < count; i++) {
    const watchList = shape.kind === 'fleet' || shape.watchList;
    const options = { name: `cluster-${i + 1}`, watch: { watchList }, workers: 3 };
    clusters.push(await new SimulatedCluster(options).start());
  }
  if (shape.kind === 'one') fillOne(shape);
  else fillFleet(shape);
  return { kubeconfigs: clusters.map(({ api }) => api.kubeconfig()) };
}

function fillOne({ services, podsOfEach }: Extract<Shape, { kind: 'one' }>): void {
  const [cluster] = clusters;
  for (let i = 0; i < services; i++) {
    const app = realisticApp(i, podsOfEach, 200);
    cluster?.api.put('services', app.service);
    for (const slice of app.slices) cluster?.api.put('endpointslices', slice);
    for (const pod of app.pods) cluster?.api.put('pods', pod);
  }
}

/** Each app in two clusters, so that its weights depend on both. */
function fillFleet({ apps, podsOfEach }: Extract<Shape, { kind: 'fleet' }>): void {
  for (const [index, cluster] of clusters.entries()) {
    for (const node of [1, 2, 3]) {
      cluster.setIngressNode({ name: `in-${node}`, address: `10.200.${index}.${node}` });
    }
  }
  for (let i = 0; i < apps; i++) {
    const name = `app-${i}`;
    const order = { name, pods: podsOfEach / 2, podObjects: false, hosts: [`${name}.example.com`] };
    for (const cluster of placesOf(i)) cluster?.setApp(order);
  }
}

const placesOf = (app: number): (SimulatedCluster | undefined)[] =>
  [app, app + 1 + Math.floor(app / clusters.length)].map((i) => clusters[i % clusters.length]);

let turned = 0;

/** The kubelet says of each pod in turn that it is still well. */
function changePods(count: number): void {
  const [cluster] = clusters;
  const pods = (cluster?.api.list('pods') ?? []).filter(
    ({ metadata }) => metadata.namespace === NAMESPACE,
  );
  for (let i = 0; i < count; i++) {
    const pod = pods[turned++ % pods.length];
    if (!pod) return;
    const annotations = { ...pod.metadata.annotations, 'example.com/seen': `${turned}` };
    const { resourceVersion: _, ...metadata } = pod.metadata;
    cluster?.api.put('pods', { ...pod, metadata: { ...metadata, annotations } } as Draft);
  }
}

/** One pod more or less, in one app after the other; answers which, and when, on the machine's clock. */
async function changeApps({ apps, perSecond, count }: Extract<ServerOrder, { order: 'apps' }>) {
  const changed: { app: string; at: number }[] = [];
  const began = performance.now();
  while (changed.length < count) {
    const due = Math.min(count, ((performance.now() - began) / 1000) * perSecond);
    while (changed.length < due) changed.push(changeApp(turned++ % apps));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { changed };
}

function changeApp(number: number): { app: string; at: number } {
  const app = `app-${number}`;
  const [cluster] = placesOf(number);
  const pods = cluster?.pods(app).length ?? 0;
  const at = Number(process.hrtime.bigint()) / 1e6;
  cluster?.scale(app, pods % 2 === 0 ? pods + 1 : pods - 1);
  return { app, at };
}

async function follow(order: ServerOrder): Promise<ServerAnswer> {
  if (order.order === 'fill') return fill(order.shape);
  if (order.order === 'apps') return changeApps(order);
  if (order.order === 'pods') changePods(order.count);
  const accepted = clusters.reduce((sum, { api }) => sum + api.connections().accepted, 0);
  return { accepted };
}

process.on('message', (order: ServerOrder) => {
  void follow(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
