// A contender: Ballast's reflectors of pods and Services, with the records, indexes and limits of the product.
// The pods are those of one app without Service: that is how Ballast lists pods at all. With `slices`
// as the second argument instead: as Ballast counts where there are Services, the whole cluster by EndpointSlices.
import { dirname } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../../src/clock.ts';
import type { ClusterReader } from '../../../src/clusters/cluster.ts';
import { ClusterRecords } from '../../../src/clusters/cluster-records.ts';
import { loadCluster } from '../../../src/clusters/kubeconfig.ts';
import { openKubernetesCluster } from '../../../src/clusters/kubernetes.ts';
import { LIMITS } from '../../../src/clusters/limits.ts';
import { Link } from '../../../src/clusters/link.ts';
import { createPace } from '../../../src/clusters/pace.ts';
import { followAppPods } from '../../../src/clusters/app-pods.ts';
import { followResources, type Place } from '../../../src/clusters/resources.ts';
import { createTurns } from '../../../src/clusters/turns.ts';
import type { ClusterWorld } from '../../../src/clusters/world.ts';
import { POD_LABELS, NAMESPACE } from './realistic.ts';
import { takeOrders, type Reading } from './orders.ts';

const [, , kubeconfig = '', way = 'pods'] = process.argv;
const settings = {
  name: 'east',
  kubeconfig: { path: kubeconfig },
  ingress: { nodes: 'ingress=true', port: 80 },
};
const world: ClusterWorld = {
  baseFolder: dirname(kubeconfig),
  clock: systemClock,
  wall: () => new Date(),
  random: () => Math.random(),
  environment: {},
  log: pino({ level: 'silent' }),
};
const serviceLabel = 'ballast.io/app';
const selector = Object.entries(POD_LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join();

async function readPods(): Promise<Reading> {
  const pods = { namespace: NAMESPACE, selector };
  const sources = { told: [{ app: 'bench', services: [], pods: [pods] }], serviceLabel };
  const records = new ClusterRecords(sources, { checked: 'off', classes: new Set() });
  const { clock, wall, environment, random } = world;
  const loaded = await loadCluster(settings, world);
  const parts = { clock, wall, environment, limits: LIMITS };
  const link = new Link(loaded, () => loadCluster(settings, world), parts);
  const counter = countEvents();
  let listed = (): void => undefined;
  const place: Place = {
    settings,
    sources,
    records,
    isIngressNode: () => false,
    signal: new AbortController().signal,
    followers: {
      dirty: () => counter.count(),
      nodesChanged: () => undefined,
      classesChanged: () => undefined,
    },
    parts: {
      ...{ link, clock, random, limits: LIMITS },
      pace: createPace(clock, random),
      turns: createTurns(),
      streaming: { refused: false },
      healthChanged: () => listed(),
      listChanges: () => undefined,
      setBack: () => undefined,
    },
  };
  // The others follow these two alone.
  const services = followResources(place).filter(({ place: { path } }) =>
    path.endsWith('/services'),
  );
  const followed = [...services, followAppPods(place, pods)];
  return {
    async list() {
      const all = new Promise<void>((resolve) => {
        listed = () => {
          if (followed.every(({ reflector }) => reflector.health().listed)) resolve();
        };
      });
      for (const { reflector } of followed) reflector.start();
      await all;
    },
    counts() {
      const count = (plural: string): number =>
        followed.find(({ place }) => place.path.endsWith(plural))?.reflector.count() ?? 0;
      return { pods: count('/pods'), services: count('/services') };
    },
    events: (count) => counter.wait(count),
    calls: (count) => callTimes(count, link),
  };
}

async function readSlices(): Promise<Reading> {
  const { clock, wall, environment } = world;
  const parts = { clock, wall, environment, limits: LIMITS };
  const loaded = await loadCluster(settings, world);
  const link = new Link(loaded, () => loadCluster(settings, world), parts);
  let cluster: ClusterReader | undefined;
  return {
    async list() {
      // It starts when it is opened.
      const opened = await openKubernetesCluster(settings, { told: [], serviceLabel }, world);
      while (opened.status().state === 'unseen') await systemClock.sleep(1);
      cluster = opened;
    },
    counts() {
      const apps = [...(cluster?.apps() ?? [])];
      const pods = apps.reduce((sum, app) => sum + (cluster?.footprint(app).pods ?? 0), 0);
      return { pods, services: apps.length };
    },
    events: () => Promise.reject(new Error('no pods are watched')),
    calls: (count) => callTimes(count, link),
  };
}

async function callTimes(count: number, link: Link): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/services/app-0`;
  for (let i = 0; i < count; i++) {
    const answer = await link.send({ path }, AbortSignal.timeout(10_000));
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    for await (const _ of answer.body);
  }
}

function countEvents(): { count(): void; wait(count: number): Promise<void> } {
  let left = 0;
  let done = (): void => undefined;
  return {
    count() {
      if (--left === 0) done();
    },
    wait(count) {
      left = count;
      return new Promise((resolve) => (done = resolve));
    },
  };
}

await takeOrders(await (way === 'slices' ? readSlices() : readPods()));
