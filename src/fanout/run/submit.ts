// Manifests on their way to a job.
//
// Comes in: files and options, and how a plan is made against what lives. Goes out: the plan, and the draft
// of a job where it can be run. On failure: `plan-invalid` where the files cannot be read; a plan with
// faults comes without a draft.

import { READ_ONLY } from '../../clusters/writer-scope.ts';
import { BallastError } from '../../errors.ts';
import type { Staging } from '../../jobs/jobs.ts';
import type { Draft } from '../../jobs/record.ts';
import type { AppName, ClusterName } from '../../model.ts';
import { readFanout } from '../fanout.ts';
import type { Orders } from '../model.ts';
import type { Plan } from '../plan/plan.ts';
import type { Sealing } from '../plan/seal.ts';
import { type AppNaming, type PlanOptions, USUAL } from '../plan/world.ts';
import type { StreamFile } from '../stream.ts';
import { stagingOf, type StagingParts } from './copies.ts';
import { runnableOf } from './lanes.ts';
import { FANOUT } from './run.ts';

type Asked = {
  [Key in keyof Omit<PlanOptions, 'apps' | 'sealing'>]?: PlanOptions[Key] | undefined;
};

export interface Submission extends Asked {
  /** Looks whether the pods fit; of each node so many hundredths stay free. */
  readonly room?: boolean | undefined;
  readonly headroom?: number | undefined;
  readonly files: readonly StreamFile[];
  readonly federatedNamespaces?: readonly string[] | undefined;
  readonly who: string;
}

export interface Submitted {
  readonly plan: Plan;
  /** Absent: the faults say why. */
  readonly draft?: Draft;
  /** Where it writes Secrets: what is to be in clusters before there is a job. */
  readonly staging?: Staging | undefined;
  readonly faults: readonly string[];
}

export interface AskedRoom {
  readonly headroomPercent: number;
}

export interface SubmitParts extends StagingParts {
  readonly naming: () => AppNaming;
  /** Of what Secrets hold; absent: without a key. */
  readonly sealing?: Sealing;
  readonly planLive: (orders: Orders, options: PlanOptions, room?: AskedRoom) => Promise<Plan>;
  /** Whether jobs may write there at all. */
  readonly mayWrite: (cluster: ClusterName) => boolean;
  /** Whether there is an edge that could acknowledge a hold. */
  readonly hasEdges: () => boolean;
}

export async function submit(submission: Submission, parts: SubmitParts): Promise<Submitted> {
  const { files, federatedNamespaces = [], who, room, headroom = 0, ...asked } = submission;
  const read = readFanout(files, { federatedNamespaces });
  if (read.kind === 'faults') throw new BallastError('plan-invalid', read.faults.join('; '));
  const { orders } = read;
  const naming = parts.naming();
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const own = { apps: naming, sealing: parts.sealing };
  const options: PlanOptions = { ...USUAL, ...Object.fromEntries(given), ...own };
  const looks = room === true || options.degrade === true;
  const space = looks ? { headroomPercent: headroom } : undefined;
  const plan = await parts.planLive(orders, options, space);
  const { weights } = orders.strategy;
  if (weights !== 'none' && !parts.hasEdges()) {
    return { plan, faults: ['no edge is known that could acknowledge a hold: say weights: none'] };
  }
  const floorOf = (app: AppName) => naming.list.find(({ name }) => name === app)?.floor;
  const runnable = runnableOf(plan, orders.strategy, floorOf);
  if (!runnable.ok) return { plan, faults: runnable.faults };
  const { run, apps } = runnable;
  const clusters = [...new Set(run.entries.map(({ cluster }) => cluster))].toSorted();
  // Known before anything is held: a drain for a write that cannot be made would stand until a person comes.
  const closed = clusters.filter((cluster) => !parts.mayWrite(cluster));
  if (closed.length > 0) return { plan, faults: closed.map((one) => `${one} ${READ_ONLY}`) };
  const draft = {
    kind: FANOUT,
    name: run.name,
    apps,
    clusters,
    plan: run,
    planDigest: run.digest,
    who,
  };
  return { plan, draft, faults: [], staging: stagingOf(run.entries, plan.secrets, parts) };
}
