// Server-side apply, of one manager: what it applied before and applies no more goes, all else stays. Nothing
// conflicts here: test/conformance/cluster-writer.ts holds the writer against a real server.
import { flatten, unflatten } from '../jobs/applied-fields.ts';
import type { KubeObject, ObjectMeta, ObjectStore } from './object-store.ts';
import { objectKey, readObject, writeObject } from './object-store.ts';
import { apiVersionOf } from './resource-kinds.ts';
import type { Answer } from './status-answer.ts';
import { statusAnswer } from './status-answer.ts';
import { refuse, type WriteRequest } from './write-answer.ts';

export const APPLY_TYPE = 'application/apply-patch+yaml';

/** Paths, by object. */
const applied = new WeakMap<ObjectStore, Map<string, readonly string[]>>();

export function answerApply(store: ObjectStore, { request, kind, body }: WriteRequest): Answer {
  const { namespace, name = '', query } = request;
  const { uid, resourceVersion, ...metadata } = body['metadata'] as Partial<ObjectMeta>;
  const present = readObject(store, kind.plural, namespace, name);
  const refusal = present && refuse(present, kind, { uid, resourceVersion });
  if (refusal) return refusal;
  if (!present && uid !== undefined)
    return statusAnswer(409, `${name} is not there`, {}, 'Conflict');
  const before = applied.get(store) ?? new Map<string, readonly string[]>();
  applied.set(store, before);
  const key = `${kind.plural}/${objectKey(namespace, name)}`;
  const wanted = flatten({ ...body, metadata });
  const fields = flatten(present ?? {});
  for (const path of before.get(key) ?? []) if (!wanted.has(path)) fields.delete(path);
  for (const [path, value] of wanted) fields.set(path, value);
  const next = unflatten(fields) as unknown as KubeObject;
  const object: KubeObject = {
    ...next,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { ...next.metadata, name, ...(namespace !== undefined && { namespace }) },
  };
  const status = present ? 200 : 201;
  if (query.get('dryRun') === 'All') return { status, body: object };
  before.set(key, [...wanted.keys()]);
  return { status, body: writeObject(store, kind.plural, object) };
}
