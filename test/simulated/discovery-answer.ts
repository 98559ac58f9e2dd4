// `/api`, `/apis` and the resource lists below them: what generic clients ask first.
import type { ResourceKind } from './resource-kinds.ts';
import { apiVersionOf } from './resource-kinds.ts';
import type { Answer } from './status-answer.ts';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

export function answerDiscovery(path: string, kinds: readonly ResourceKind[]): Answer | undefined {
  if (path === '/api') return { status: 200, body: { kind: 'APIVersions', versions: ['v1'] } };
  if (path === '/apis')
    return {
      status: 200,
      body: { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(kinds) },
    };
  const groupVersion = /^\/apis?\/(.+)$/.exec(path)?.[1];
  const served = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  if (served.length === 0) return undefined;
  const resources = served.flatMap(resourcesOf);
  return {
    status: 200,
    body: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources },
  };
}

function groupsOf(kinds: readonly ResourceKind[]): object[] {
  const byGroup = new Map(
    kinds.filter((kind) => kind.group !== '').map((kind) => [kind.group, kind]),
  );
  return [...byGroup.values()].map((kind) => {
    const version = { groupVersion: apiVersionOf(kind), version: kind.version };
    return { name: kind.group, versions: [version], preferredVersion: version };
  });
}

function resourcesOf({ plural, kind, namespaced, subresources = [] }: ResourceKind): object[] {
  const names = [plural, ...subresources.map((one) => `${plural}/${one}`)];
  return names.map((name) => ({ name, singularName: '', namespaced, kind, verbs }));
}
