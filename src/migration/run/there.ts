// How what came looks where it came: still ours, and ready.
//
// Comes in: an app on its way to the destination, or home. Goes out: what is wrong, in words. On failure: a cluster that does not
// answer throws, and whoever asked waits: what is not known is not ready.

import { refOf } from '../../clusters/cluster-writer.ts';
import { judge } from '../../fanout/run/gate.ts';
import { at, nameOf, type Manifest } from '../manifests/manifest.ts';
import type { PlannedApp, PlannedObject } from '../plan/model.ts';
import { dataOf, isHomeward, wayOf, type Doing, type RunParts } from './doing.ts';
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

/** Somebody else's doing there; undefined: none. */
export async function changedThere(doing: Doing, parts: RunParts): Promise<string | undefined> {
  const { app } = doing;
  const { to } = wayOf(doing);
  const writer = await parts.writerOf(to);
  for (const object of app.objects) {
    const step = isHomeward(doing) ? `again.${object.step}` : stepOfObject(object);
    const made = dataOf<Made>(doing, step);
    if (!made || object.how === 'merge') continue;
    const name = `${nameOf(object.manifest)} in ${to}`;
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
  const { app } = doing;
  const writer = await parts.writerOf(wayOf(doing).to);
  const planned = app.objects.find(({ manifest }) => nameOf(manifest) === app.workload);
  const live = planned && (await writer.read(refOf(planned.manifest)));
  if (!live) return waiting(`${app.workload} is not there`);
  const verdict = judge(live, doing.scene);
  if (verdict.kind !== 'passed') return verdict;
  return counted(doing, parts, at(live, 'spec', 'replicas'));
}

function counted(doing: Doing, { traffic }: RunParts, replicas: unknown): Readiness {
  const { app } = doing;
  const { to } = wayOf(doing);
  const seen = traffic.seen(app.app, to);
  if (!seen) return waiting(`${to} is not seen`);
  const { pods, nodes, why } = seen;
  if (why !== undefined) return waiting(`${to}: ${why}`);
  const wanted = wantedPods(doing, replicas);
  if (pods < Math.max(1, wanted)) return waiting(`${pods} of ${wanted} pods are ready in ${to}`);
  return nodes.length === 0 ? waiting(`${to} has no ingress node`) : { kind: 'ready' };
}

/** An autoscaler that came along may have taken some away since; at home they are as they were at the end. */
function wantedPods(doing: Doing, replicas: unknown): number {
  const { replicas: { before, after } = { before: 0, after: 0 }, objects } = doing.app;
  const isHome = isHomeward(doing);
  const planned = isHome ? before : after;
  const isOther = isHome || objects.some(({ late }) => late);
  return isOther && typeof replicas === 'number' ? Math.min(planned, replicas) : planned;
}

const waiting = (text: string): Readiness => ({ kind: 'waiting', text });
