// How what came looks at the destination: still ours, and ready.
//
// Comes in: an app on its way. Goes out: what is wrong, in words. On failure: a cluster that does not
// answer throws, and whoever asked waits: what is not known is not ready.

import { refOf } from '../../clusters/cluster-writer.ts';
import { judge } from '../../fanout/run/gate.ts';
import { at, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedApp, PlannedObject } from '../plan/model.ts';
import { dataOf, type Doing, type RunParts } from './doing.ts';
import { formOf } from './form.ts';

/** What is on record of an object that came. */
export interface Made {
  readonly uid: string;
  readonly form: string;
  /** `left`: it was there, the same, and is another's. */
  readonly how: 'made' | 'adopted' | 'left';
}

export const WORKLOADS = ['Rollout', 'Deployment', 'StatefulSet'];

export const stepOfObject = ({ step, late }: PlannedObject): string =>
  `${late ? 'late' : 'apply'}.${step}`;

/** Somebody sets the number of its pods: an autoscaler; of a template in a Deployment, its Rollout. */
export function isScaled({ objects, workload }: PlannedApp, live: Manifest): boolean {
  if (!WORKLOADS.includes(live.kind)) return false;
  return objects.some(({ late }) => late) || nameOf(live) !== workload;
}

/** Somebody else's doing at the destination; undefined: none. */
export async function changedThere(doing: Doing, parts: RunParts): Promise<string | undefined> {
  const { app, job } = doing;
  const writer = await parts.writerOf(job.plan.to);
  for (const object of app.objects) {
    const made = dataOf<Made>(doing, stepOfObject(object));
    if (!made || object.how === 'merge') continue;
    const name = `${nameOf(object.manifest)} in ${job.plan.to}`;
    const live = (await writer.read(refOf(object.manifest))) as Manifest | undefined;
    if (!live) return `${name} is gone`;
    if (live.metadata.uid !== made.uid) return `${name} is another one now`;
    if (formOf(live, isScaled(app, live)) !== made.form)
      return `${name} was changed by somebody else`;
  }
  return undefined;
}

export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting' | 'failed'; readonly text: string };

/** By what its controller has observed, and by its endpoints. */
export async function readyThere(doing: Doing, parts: RunParts): Promise<Readiness> {
  const { app, job } = doing;
  const { to } = job.plan;
  const writer = await parts.writerOf(to);
  const planned = app.objects.find(({ manifest }) => nameOf(manifest) === app.workload);
  const live = planned && (await writer.read(refOf(planned.manifest)));
  if (!live) return waiting(`${app.workload} is not there`);
  const verdict = judge(live, doing.scene);
  if (verdict.kind !== 'passed') return verdict;
  return counted(doing, parts, at(live, 'spec', 'replicas'));
}

function counted(doing: Doing, { traffic }: RunParts, replicas: unknown): Readiness {
  const { app, job } = doing;
  const { to } = job.plan;
  const seen = traffic.seen(app.app, to);
  if (!seen) return waiting(`${to} is not seen`);
  const { pods, nodes, why } = seen;
  if (why !== undefined) return waiting(`${to}: ${why}`);
  const planned = app.replicas?.after ?? 0;
  const isOwn = app.objects.some(({ late }) => late) && typeof replicas === 'number';
  // An autoscaler that came along may have taken some away since.
  const wanted = isOwn ? Math.min(planned, replicas) : planned;
  if (pods < Math.max(1, wanted)) return waiting(`${pods} of ${wanted} pods are ready in ${to}`);
  return nodes.length === 0 ? waiting(`${to} has no ingress node`) : { kind: 'ready' };
}

const waiting = (text: string): Readiness => ({ kind: 'waiting', text });
