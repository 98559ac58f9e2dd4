// Where jobs may act in a cluster, held before anything is sent.
//
// Comes in: a writer, and what the configuration allows. Goes out: a writer that does no more than that.
// On failure: `jobs-not-allowed`, which names the object and the key.

import { BallastError } from '../errors.ts';
import {
  type ClusterWriter,
  type KubernetesObject,
  type ObjectRef,
  type ObjectsRef,
  refOf,
  shownRef,
} from './cluster-writer.ts';

export const READ_ONLY = 'is read only: the configuration has no clusters[].jobs for it';

export interface WriterScope {
  readonly namespaces: readonly string[];
  readonly secrets: boolean;
}

export function withinScope(writer: ClusterWriter, scope: WriterScope): ClusterWriter {
  const check = (ref: ObjectRef): void => {
    const fault = scopeFault(ref, scope);
    if (fault !== undefined) throw new BallastError('jobs-not-allowed', `${writer.name}: ${fault}`);
  };
  const checkObject = (object: KubernetesObject): void => check(refOf(object));
  return {
    name: writer.name,
    async read(ref) {
      check(ref);
      return await writer.read(ref);
    },
    async list(ref, labelSelector) {
      const places = placesOf(ref, scope);
      for (const place of places) check({ ...place, name: 'any' });
      const lists = await Promise.all(places.map((one) => writer.list(one, labelSelector)));
      return lists.flat();
    },
    async apply(object, options) {
      checkObject(object);
      return await writer.apply(object, options);
    },
    async remove(ref, expect) {
      check(ref);
      return await writer.remove(ref, expect);
    },
    async fence(ref, fence) {
      check(ref);
      return await writer.fence(ref, fence);
    },
    close: () => writer.close(),
  };
}

/** Of Namespaces one by one, for a label may stand on others too. */
function placesOf(ref: ObjectsRef, { namespaces }: WriterScope): readonly ObjectsRef[] {
  if (ref.namespace !== undefined) return [ref];
  return namespaces.map((namespace) => ({ ...ref, namespace }));
}

/** Why jobs have no business with it; undefined where they have. */
export function scopeFault(ref: ObjectRef, scope: WriterScope): string | undefined {
  const { kind, namespace, name } = ref;
  if (!isName(name)) return `${kind} ${JSON.stringify(name)}: is no name`;
  // A namespace itself belongs to none.
  const where = kind === 'Namespace' ? name : namespace;
  const what = shownRef(ref);
  if (where === undefined) return `${what}: belongs to no namespace, and jobs act in theirs alone`;
  if (!scope.namespaces.includes(where)) {
    return `${what}: ${where} is none of clusters[].jobs.namespaces (${scope.namespaces.join(', ')})`;
  }
  if (kind === 'Secret' && !scope.secrets) return `${what}: clusters[].jobs.secrets is not true`;
  return undefined;
}

/** Nothing that would lead elsewhere, or to all objects of a kind. */
const isName = (name: string): boolean => name !== '' && name !== '.' && name !== '..';
