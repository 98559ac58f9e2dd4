// What a migration reads of the simulated clusters, as one process sees them.
//
// Comes in: a request. Goes out: a plan, and looks at one app of it. On failure: as the real one
// (src/migration/read): a cluster that gives no answer is a finding, and no room.

import type { KubernetesObject } from '../../../src/clusters/cluster-writer.ts';
import type { Controller } from '../../../src/controller.ts';
import type { EdgeBook } from '../../../src/edges/edge-book.ts';
import type { Booked } from '../../../src/migration/capacity/ledger.ts';
import { NOTHING_ADDED } from '../../../src/migration/capacity/need.ts';
import type { Manifest } from '../../../src/migration/manifests/manifest.ts';
import { lookAgain } from '../../../src/migration/plan/again.ts';
import type {
  AppWorld,
  DestinationWorld,
  MigrationPlan,
  PlanRequest,
  PlanWorld,
} from '../../../src/migration/plan/model.ts';
import { planMigration } from '../../../src/migration/plan/plan.ts';
import { refusal } from '../../../src/migration/read/apps.ts';
import { edgesSeen } from '../../../src/migration/read/edges.ts';
import { trafficOf } from '../../../src/migration/read/traffic.ts';
import type { Probe } from '../../../src/migration/run/probe.ts';
import type { MoveWorld } from '../../../src/migration/run/world.ts';
import { addressOf, CLUSTERS } from '../actions.ts';
import type { TrueCluster } from '../clusters.ts';
import type { Process } from '../time.ts';
import { NODES, podsIn } from './moved.ts';
import { NAMESPACE, type SimulatedObjects } from './objects.ts';

export interface MoveWorldParts {
  readonly process: Process;
  readonly objects: readonly SimulatedObjects[];
  readonly controller: Pick<Controller, 'facts' | 'published'>;
  readonly book: Pick<EdgeBook, 'views'>;
}

export interface SimulatedMoveWorld extends MoveWorld {
  plan(request: PlanRequest, bookings: readonly Booked[]): Promise<MigrationPlan>;
}

const BASE = 10;
const UNREAD = 'it gives no answer';

export function moveWorld(parts: MoveWorldParts): SimulatedMoveWorld {
  const look: MoveWorld['look'] = async ({ request }, { app, replicas }) => {
    const asked = { ...request, apps: [app] };
    const world = await worldOf(parts, asked, []);
    const again = lookAgain(asked, world, replicas?.after ?? 0);
    const destination = world.destination?.view;
    return { ...again, ...(destination && { destination }) };
  };
  return {
    look,
    objects: async (plan, app) => (await look(plan, app)).objects,
    additions: async () => NOTHING_ADDED,
    plan: async (request, bookings) =>
      planMigration(request, await worldOf(parts, request, bookings)),
  };
}

async function worldOf(
  parts: MoveWorldParts,
  request: PlanRequest,
  bookings: readonly Booked[],
): Promise<PlanWorld> {
  const { book, process, controller } = parts;
  const source = await readAll(parts, request.from);
  const destination = destinationOf(await readAll(parts, request.to));
  return {
    clusters: CLUSTERS,
    apps: request.apps.map((app) => appOf(parts, app, source)),
    appOf: ({ metadata }) => metadata.labels?.['ballast.io/app'],
    destination,
    source: { jobs: JOBS },
    edges: edgesSeen(book.views(undefined, process.clock.now())),
    mapping: { images: {}, ingressClasses: {}, storageClasses: {} },
    bookings,
    debts: controller.published()?.held.debts ?? [],
    base: BASE,
  };
}

const JOBS = { namespaces: [NAMESPACE], secrets: true };

interface All {
  readonly objects: readonly KubernetesObject[];
  readonly nodes: number;
}

/** Undefined: no answer. */
async function readAll(
  { objects, process }: MoveWorldParts,
  name: string,
): Promise<All | undefined> {
  const one = objects.find((each) => each.name === name);
  return one?.allFrom(process).catch(() => undefined);
}

function appOf({ controller }: MoveWorldParts, app: string, source: All | undefined): AppWorld {
  const published = controller.published()?.app(app)?.upstream;
  const traffic = trafficOf(controller.facts(app), published, BASE);
  const common = { asked: app, app, core: false, importance: 0, floor: 1, namespace: NAMESPACE };
  if (!source) return { ...common, trouble: refusal(app, 'source-unread', UNREAD) };
  const objects = source.objects as readonly object[] as readonly Manifest[];
  const view = { objects, unread: new Set<string>(), origin: { kind: 'live' } as const };
  return { ...common, source: view, ...(traffic && { traffic }) };
}

function destinationOf(seen: All | undefined): DestinationWorld {
  const objects = (seen?.objects ?? []) as readonly object[] as readonly Manifest[];
  const namespace = { objects, unread: new Set<string>() };
  const pods = podsIn(seen?.objects ?? []) as never;
  const view = { nodes: NODES as never, pods, quotas: [], limitRanges: [], headroomPercent: 0 };
  return {
    view: seen ? view : { headroomPercent: 0 },
    overheads: {},
    ingressNodes: seen?.nodes ?? 0,
    namespaces: new Map([[NAMESPACE, namespace]]),
    classes: new Set(['IngressClass nginx']),
    classKinds: new Set(['IngressClass', 'StorageClass', 'PriorityClass', 'RuntimeClass']),
    unserved: new Set(),
    hosts: new Map(),
    jobs: JOBS,
    ...(!seen && { trouble: UNREAD }),
  };
}

/** An ingress node answers as its cluster has pods or not. */
export function probeOf(truths: readonly TrueCluster[]): Probe {
  return async ({ address, host }) => {
    const [app = ''] = host.split('.');
    const truth = truths.find(({ name, nodes }) =>
      nodes.some((node) => addressOf(name, node) === address),
    );
    if (!truth) return { failed: 'nobody is there' };
    return { status: (truth.pods.get(app) ?? 0) > 0 ? 200 : 404, seconds: 0.01 };
  };
}
