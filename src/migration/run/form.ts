// Whether an object is still what it was: what people and their tools write of it, by one digest. Pure.
//
// What a cluster gives each object, its status, and what systems write beside it is left out: it changes
// by itself.

import { digestOf } from '../../fanout/plan/canonical.ts';
import { masked } from '../manifests/identity.ts';
import { fieldsOf, textAt, type Fields, type Manifest } from '../manifests/manifest.ts';

/** `scaled`: an autoscaler, or a migration, sets its number. */
export function formOf(object: Manifest, scaled: boolean): string {
  const { status: _, metadata: __, ...rest } = structuredClone(masked(object)) as Fields;
  const spec = fieldsOf(rest['spec']);
  if (scaled) delete spec['replicas'];
  LEFT_OUT[object.kind]?.(spec, rest);
  return digestOf(rest);
}

const LEFT_OUT: Readonly<Record<string, (spec: Fields, object: Fields) => void>> = {
  // A Rollout writes there which version it sends to.
  Service: (spec) => delete fieldsOf(spec['selector'])['rollouts-pod-template-hash'],
  PersistentVolumeClaim: (spec) => delete spec['volumeName'],
  ServiceAccount: (_, object) => delete object['secrets'],
  // Its cluster fills it in.
  Secret: (_, object) =>
    object['type'] === 'kubernetes.io/service-account-token' && delete object['masked'],
  Rollout: (spec) => delete spec['paused'],
};

export const MIGRATION_LABEL = 'ballast.io/migration';
export const SOURCE_LABEL = 'ballast.io/source-uid';

/** With the words by which it is found again. */
export function labelled(manifest: Manifest, job: string, uid: string): Manifest {
  const { metadata } = manifest;
  const labels = { ...metadata.labels, [MIGRATION_LABEL]: job, [SOURCE_LABEL]: uid };
  return { ...manifest, metadata: { ...metadata, labels } };
}

export function isOurs(live: Manifest, job: string): boolean {
  return textAt(live, 'metadata', 'labels', MIGRATION_LABEL) === job;
}
