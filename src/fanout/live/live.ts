// A plan against what lives in the clusters: read, planned, and tried there by a dry run.
//
// Comes in: orders, and how each cluster is reached. Goes out: the plan, with what the clusters themselves
// say of each object that would change, and what could not be read. On failure: a cluster that does not
// answer is `unread` in the plan; nothing here throws because of one. Nothing is written anywhere.
//
//     read-world.ts   what lives in a cluster
//     read-space.ts   what takes room there
//     dry-run.ts      what a cluster says of the objects that a plan has for it
//     opening-writer.ts  gives a cluster what Secrets hold, of which plans have marks
//     with-answers.ts the plan, told so

import type { ClusterWorld } from '../../clusters/world.ts';
import type { Booked } from '../../migration/capacity/ledger.ts';
import type { Orders } from '../model.ts';
import { planWithRoom } from '../plan/degrade.ts';
import type { Plan } from '../plan/plan.ts';
import type { Sealing } from '../plan/seal.ts';
import type { PlanOptions, WorldCluster } from '../plan/world.ts';
import { tryEntries } from './dry-run.ts';
import { openingWriter } from './opening-writer.ts';
import { openClusters, type OpenedCluster, type Reached, readCluster } from './read-world.ts';
import { type Answers, withAnswers } from './with-answers.ts';

export interface LiveOptions {
  readonly plan: PlanOptions;
  readonly timeoutMs: number;
  /** Asks the clusters in which jobs may write what they would make of each change. */
  readonly dryRun: boolean;
  /** Looks whether the pods fit; of each node so many hundredths stay free. */
  readonly room?: { readonly headroomPercent: number };
  /** Room that jobs have booked, by cluster; read before the clusters are. */
  readonly booked?: ReadonlyMap<string, readonly Booked[]>;
  /** By cluster: apps that a migration took away, and which one. */
  readonly movedAway?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface LivePlan {
  readonly plan: Plan;
  /** What could not be looked at, a sentence each. */
  readonly notes: readonly string[];
}

export async function planLive(
  orders: Orders,
  clusters: readonly Reached[],
  world: ClusterWorld,
  options: LiveOptions,
): Promise<LivePlan> {
  const { room } = options;
  const opened = await openClusters(clusters, world, room !== undefined);
  try {
    const name = options.plan.name ?? orders.name;
    const { timeoutMs, movedAway, booked = new Map() } = options;
    const { sealing } = options.plan;
    const asking = { orders, world, timeoutMs, booked, ...(name !== undefined && { name }) };
    const { prune } = options.plan;
    const headroomPercent = room?.headroomPercent ?? 0;
    const more = { prune, headroomPercent, ...(sealing && { sealing }) };
    const seen = await Promise.all(opened.map((one) => readCluster(one, { ...asking, ...more })));
    const clustersNow = { clusters: seen.map(({ cluster }) => withMoved(cluster, movedAway)) };
    const plan = planWithRoom(orders, clustersNow, options.plan);
    const notes = seen.flatMap((one) => one.notes);
    if (!options.dryRun) return { plan, notes };
    const answers = await tryAll(plan, opened, sealing);
    return { plan: withAnswers(plan, clustersNow, answers), notes };
  } finally {
    await Promise.all(opened.map((one) => one.close()));
  }
}

function withMoved(cluster: WorldCluster, movedAway: LiveOptions['movedAway']): WorldCluster {
  const moved = movedAway?.get(cluster.cluster.name);
  return moved ? { ...cluster, movedAway: moved } : cluster;
}

/** Clusters side by side; each is asked for its own objects a few at a time. */
async function tryAll(
  plan: Plan,
  opened: readonly OpenedCluster[],
  sealing: Sealing | undefined,
): Promise<Answers> {
  const { secrets = () => undefined } = plan;
  const each = opened.flatMap(({ name, writer }) =>
    writer
      ? [
          tryEntries(
            plan.entries.filter(({ cluster }) => cluster === name),
            openingWriter(writer, () => secrets, sealing),
          ),
        ]
      : [],
  );
  return new Map((await Promise.all(each)).flatMap((answers) => [...answers]));
}
