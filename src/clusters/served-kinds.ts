// Which kinds a cluster serves, and by which path, from its discovery.
//
// Comes in: a way to ask, an apiVersion and a kind. Goes out: the resource, or nothing where it is not
// served. What was found stays; what was not is asked for again, for it may have been installed since. On
// failure: a CallFailure.

import type { ObjectRef, ObjectsRef } from './cluster-writer.ts';
import type { Ask } from './json-answer.ts';

export interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

type Kind = Pick<ObjectRef, 'apiVersion' | 'kind'>;

export interface ServedKinds {
  find(kind: Kind): Promise<Resource | undefined>;
}

export function createServedKinds(ask: Ask): ServedKinds {
  const lists = new Map<string, Promise<readonly Resource[]>>();
  const discover = async (apiVersion: string): Promise<readonly Resource[]> => {
    const answer = await ask(rootOf(apiVersion));
    return (answer?.['resources'] as readonly Resource[] | undefined) ?? [];
  };
  const listOf = (apiVersion: string): Promise<readonly Resource[]> => {
    const known = lists.get(apiVersion);
    if (known) return known;
    const asked = discover(apiVersion);
    lists.set(apiVersion, asked);
    asked.catch(() => lists.delete(apiVersion));
    return asked;
  };
  return {
    async find({ apiVersion, kind }) {
      const list = await listOf(apiVersion);
      const found = list.find((one) => one.kind === kind && !one.name.includes('/'));
      if (!found) lists.delete(apiVersion);
      return found;
    },
  };
}

const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

export function collectionPath(
  { apiVersion, namespace }: ObjectsRef,
  { name, namespaced }: Resource,
): string {
  const within = namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${rootOf(apiVersion)}${within}/${name}`;
}

export function objectPath(ref: ObjectRef, resource: Resource): string {
  return `${collectionPath(ref, resource)}/${encodeURIComponent(ref.name)}`;
}
