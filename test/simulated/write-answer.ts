// Create, replace, patch and delete, with the preconditions that fan-out and migration rely on.
import { randomBytes } from 'node:crypto';
import { mergePatch } from './merge-patch.ts';
import type { KubeObject, ObjectMeta, ObjectStore } from './object-store.ts';
import { deleteObject, readObject, timestamp, writeObject } from './object-store.ts';
import type { ApiRequest } from './request-path.ts';
import type { ResourceKind } from './resource-kinds.ts';
import { apiVersionOf } from './resource-kinds.ts';
import { answerScale } from './scale-answer.ts';
import type { Answer } from './status-answer.ts';
import { statusAnswer, statusObject } from './status-answer.ts';

export interface WriteRequest {
  readonly request: ApiRequest;
  readonly kind: ResourceKind;
  readonly contentType: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function answerGet(store: ObjectStore, request: ApiRequest, kind: ResourceKind): Answer {
  const present = readObject(store, kind.plural, request.namespace, request.name ?? '');
  if (!present) return notFound(request, kind);
  if (request.subresource === 'scale') return answerScale(store, present, undefined);
  return { status: 200, body: present };
}

export function answerWrite(store: ObjectStore, write: WriteRequest): Answer {
  const { request, kind } = write;
  if (request.subresource !== undefined && !kind.subresources?.includes(request.subresource)) {
    return statusAnswer(404, 'the server could not find the requested resource');
  }
  if (request.verb === 'create') return create(store, write);
  if (request.name === undefined)
    return statusAnswer(405, 'the server does not allow this method on the requested resource');
  const present = readObject(store, kind.plural, request.namespace, request.name);
  if (!present) return notFound(request, kind);
  if (request.verb === 'delete') return remove(store, write, present);
  if (request.verb !== 'update' && request.verb !== 'patch')
    return statusAnswer(405, 'method not allowed');
  return change(store, write, present);
}

function create(store: ObjectStore, { request, kind, body }: WriteRequest): Answer {
  const meta = metaOf(body);
  const name =
    meta.name ??
    (meta.generateName ? `${meta.generateName}${randomBytes(3).toString('hex')}` : undefined);
  if (!name)
    return statusAnswer(
      422,
      `${kind.kind} is invalid: metadata.name: Required value: name or generateName is required`,
    );
  if (kind.namespaced && request.namespace === undefined)
    return statusAnswer(405, 'a namespace is required');
  if (readObject(store, kind.plural, request.namespace, name)) {
    return statusAnswer(
      409,
      `${kind.plural} "${name}" already exists`,
      { name, kind: kind.plural },
      'AlreadyExists',
    );
  }
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, ...metadata } = meta;
  return keep(
    store,
    request,
    201,
    typed(kind, { ...body, metadata: { ...metadata, name, namespace: request.namespace } }),
  );
}

function change(store: ObjectStore, write: WriteRequest, present: KubeObject): Answer {
  const { request, kind, contentType, body } = write;
  if (request.verb === 'patch' && !/merge-patch\+json/.test(contentType)) {
    return statusAnswer(415, `the body of the request was in an unknown format: ${contentType}`);
  }
  const refusal = refuse(present, kind, metaOf(body));
  if (refusal) return refusal;
  if (request.subresource === 'scale') return answerScale(store, present, body);
  const wanted =
    request.verb === 'patch' ? (mergePatch(present, body) as Record<string, unknown>) : body;
  const { uid, creationTimestamp, deletionTimestamp } = present.metadata;
  const metadata = {
    ...metaOf(wanted),
    name: present.metadata.name,
    namespace: request.namespace,
    uid,
    creationTimestamp,
    deletionTimestamp,
  };
  const next =
    request.subresource === 'status'
      ? { ...present, status: wanted['status'] }
      : typed(kind, {
          ...wanted,
          metadata,
          ...(kind.subresources?.includes('status') && present['status']
            ? { status: present['status'] }
            : {}),
        });
  if (deletionTimestamp && !metadata.finalizers?.length) {
    deleteObject(store, kind.plural, request.namespace, present.metadata.name);
    return { status: 200, body: next };
  }
  return keep(store, request, 200, next);
}

function remove(
  store: ObjectStore,
  { request, kind, body }: WriteRequest,
  present: KubeObject,
): Answer {
  const preconditions = (body['preconditions'] ?? {}) as { uid?: string; resourceVersion?: string };
  const refusal = refuse(present, kind, preconditions);
  if (refusal) return refusal;
  const { name, uid, finalizers } = present.metadata;
  if (isDryRun(request, body)) return { status: 200, body: present };
  if (finalizers?.length) {
    const metadata = {
      ...present.metadata,
      deletionTimestamp: present.metadata.deletionTimestamp ?? timestamp(),
      deletionGracePeriodSeconds: 0,
    };
    return { status: 200, body: writeObject(store, kind.plural, { ...present, metadata }) };
  }
  deleteObject(store, kind.plural, request.namespace, name);
  return { status: 200, body: statusObject(200, '', { name, kind: kind.plural, uid }) };
}

function keep(store: ObjectStore, request: ApiRequest, status: number, object: KubeObject): Answer {
  if (isDryRun(request, {})) return { status, body: object };
  return { status, body: writeObject(store, request.kind?.plural ?? '', object) };
}

/** By its UID and version, where they are told. */
export function refuse(
  present: KubeObject,
  kind: ResourceKind,
  wanted: { uid?: string | undefined; resourceVersion?: string | undefined },
): Answer | undefined {
  const { name, uid, resourceVersion } = present.metadata;
  const details = { name, kind: kind.plural };
  const begin = `Operation cannot be fulfilled on ${kind.plural} "${name}"`;
  if (wanted.uid && wanted.uid !== uid) {
    return statusAnswer(
      409,
      `${begin}: Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`,
      details,
    );
  }
  if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion) {
    return statusAnswer(
      409,
      `${begin}: the object has been modified; please apply your changes to the latest version and try again`,
      details,
    );
  }
  return undefined;
}

function isDryRun(request: ApiRequest, body: Readonly<Record<string, unknown>>): boolean {
  return (
    request.query.get('dryRun') === 'All' || JSON.stringify(body['dryRun'] ?? null) === '["All"]'
  );
}

function typed(
  kind: ResourceKind,
  body: Record<string, unknown> & { metadata: ObjectMeta },
): KubeObject {
  return { ...body, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

function metaOf(
  body: Readonly<Record<string, unknown>>,
): Partial<ObjectMeta> & { readonly generateName?: string } {
  return (body['metadata'] ?? {}) as Partial<ObjectMeta>;
}

function notFound(request: ApiRequest, kind: ResourceKind): Answer {
  const name = request.name ?? '';
  return statusAnswer(404, `${kind.plural} "${name}" not found`, { name, kind: kind.plural });
}
