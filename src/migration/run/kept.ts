// What is on record of an object of the source before it is deleted: enough to make it again. Pure.
//
// Comes in: the object as it lives. Goes out: what people write of it, nothing that its cluster gave; of a
// Rollout in the middle of a roll-out the version that served, for a new one has no steps before it. No
// Secret is ever deleted, so none is kept.

import { isRollout, isUnsettled } from '../manifests/rollout.ts';
import { at, fieldsOf, type Manifest } from '../manifests/manifest.ts';
import { sanitise } from '../manifests/sanitise.ts';
import type { PlannedObject } from '../plan/model.ts';
import type { Doing } from './doing.ts';

/** Of an intent. */
export interface Deleted {
  /** null: it was gone already, or going. */
  readonly before: Manifest | null;
  /** Of a Rollout: its spec was not what served. */
  readonly unsettled?: true;
}

export function deletedOf(
  { job, app }: Pick<Doing, 'job' | 'app'>,
  { step }: PlannedObject,
): Deleted | undefined {
  return job.steps[`${app.app}:delete.${step}`]?.intent.data as Deleted | undefined;
}

const AS_IT_IS = { images: {}, ingressClasses: {}, storageClasses: {}, stateful: true };

export function keptOf(doing: Doing, planned: PlannedObject, live: Manifest | undefined): Deleted {
  if (!live) return { before: null };
  const least = live.kind === 'HorizontalPodAutoscaler' ? 'minReplicas' : 'replicas';
  const replicas = Number(at(live, 'spec', least) ?? 1);
  const { manifest } = sanitise(live, { ...AS_IT_IS, replicas, replicaSets: [] });
  if (!manifest) return { before: null };
  if (!isUnsettledThere(doing, live)) return { before: manifest };
  const template = at(planned.manifest, 'spec', 'template');
  const spec = { ...fieldsOf(manifest['spec']), ...(template !== undefined && { template }) };
  return { before: { ...manifest, spec }, ...(isRollout(live) && { unsettled: true }) };
}

/** A Deployment may have the template of a Rollout, which went before it. */
function isUnsettledThere(doing: Doing, live: Manifest): boolean {
  if (isRollout(live)) return isUnsettled(live);
  if (live.kind !== 'Deployment') return false;
  const rollouts = doing.app.objects.filter(({ manifest }) => isRollout(manifest));
  return rollouts.some((one) => deletedOf(doing, one)?.unsettled === true);
}
