// The scale subresource of a Deployment: replicas alone, without the rest of the object.
import type { KubeObject, ObjectStore } from './object-store.ts';
import { writeObject } from './object-store.ts';
import type { Answer } from './status-answer.ts';
import { statusAnswer } from './status-answer.ts';

export function answerScale(store: ObjectStore, present: KubeObject, body: unknown): Answer {
  const spec = (present['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  if (body === undefined) return { status: 200, body: scaleOf(present, spec['replicas']) };
  const replicas = (body as { readonly spec?: { readonly replicas?: unknown } }).spec?.replicas;
  if (typeof replicas !== 'number')
    return statusAnswer(422, 'Scale is invalid: spec.replicas: Required value');
  const next = writeObject(store, 'deployments', { ...present, spec: { ...spec, replicas } });
  return { status: 200, body: scaleOf(next, replicas) };
}

function scaleOf(object: KubeObject, replicas: unknown): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const status = (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas },
    status: { replicas: status['replicas'] ?? 0 },
  };
}
