// From an URL to what is asked: which kind, where, which object, by which verb.
import type { ResourceKind } from './resource-kinds.ts';

export type Verb = 'list' | 'watch' | 'get' | 'create' | 'update' | 'patch' | 'delete' | 'other';

export interface ApiRequest {
  readonly verb: Verb;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined: no path of a resource (`/version`), or a kind that is not served. */
  readonly kind?: ResourceKind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

const writes: Readonly<Record<string, Verb>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function parseApiRequest(
  method: string,
  url: string,
  kinds: readonly ResourceKind[],
): ApiRequest {
  const { pathname, searchParams: query } = new URL(url, 'https://simulated');
  const other: ApiRequest = { verb: 'other', path: pathname, query };
  const steps = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const rest = stripGroup(steps);
  if (!rest) return other;
  const [first, second, third] = rest.path;
  // `namespaces/prod/pods` stands in a namespace, `namespaces/prod` is an object.
  const inNamespace =
    first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  const [plural, name, subresource] = inNamespace ? rest.path.slice(2) : rest.path;
  const kind = kinds.find(
    (one) => one.plural === plural && one.group === rest.group && one.version === rest.version,
  );
  if (!kind || (inNamespace && !kind.namespaced)) return other;
  return {
    ...other,
    verb: verbOf(method, name, query),
    kind,
    ...(inNamespace && second !== undefined ? { namespace: second } : {}),
    ...(name !== undefined ? { name } : {}),
    ...(subresource !== undefined ? { subresource } : {}),
  };
}

function stripGroup(
  steps: readonly string[],
): { group: string; version: string; path: readonly string[] } | undefined {
  const [root, one, two] = steps;
  if (root === 'api' && one && steps.length > 2)
    return { group: '', version: one, path: steps.slice(2) };
  if (root === 'apis' && one && two && steps.length > 3)
    return { group: one, version: two, path: steps.slice(3) };
  return undefined;
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  if (method !== 'GET') return writes[method] ?? 'other';
  if (name !== undefined) return 'get';
  const watch = query.get('watch');
  return watch === 'true' || watch === '1' ? 'watch' : 'list';
}
