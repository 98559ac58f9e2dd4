// A list: which version it is read at, which objects match, and which page of them is asked for.
import type { KubeObject, ObjectStore } from './object-store.ts';
import { snapshotAt } from './object-store.ts';
import type { ApiRequest } from './request-path.ts';
import type { ResourceKind } from './resource-kinds.ts';
import { apiVersionOf } from './resource-kinds.ts';
import type { Matcher } from './selectors.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';
import type { Answer } from './status-answer.ts';
import { expiredPageAnswer, statusAnswer, tooLargeVersionAnswer } from './status-answer.ts';

/** What a fault may do to a list that is otherwise right. */
export type ListFault = 'empty-list' | 'page-short' | undefined;

interface Page {
  readonly version: number;
  /** Key of the last object of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

export function answerList(store: ObjectStore, request: ApiRequest, fault: ListFault): Answer {
  const kind = request.kind;
  if (!kind) return statusAnswer(404, 'the server could not find the requested resource');
  const matches = matcherOf(request);
  if (!matches) return statusAnswer(400, 'unable to parse requirement of a selector');
  const page = choosePage(store, request.query);
  if ('status' in page) return page;
  const all = snapshotAt(store, kind.plural, page.version);
  if (!all) return expiredPageAnswer();
  if (fault === 'empty-list')
    return listAnswer(kind, [], { resourceVersion: String(page.version) });
  return cutPage(kind, matching(all, request, matches), page, {
    short: fault === 'page-short',
    counted: !request.query.get('labelSelector') && !request.query.get('fieldSelector'),
  });
}

const known = new WeakMap<readonly KubeObject[], Map<string, readonly KubeObject[]>>();

/** Once for all pages of a list. */
function matching(
  all: readonly KubeObject[],
  { namespace = '', query }: ApiRequest,
  matches: Matcher,
): readonly KubeObject[] {
  const lists = known.get(all) ?? new Map<string, readonly KubeObject[]>();
  known.set(all, lists);
  const key = [namespace, query.get('labelSelector'), query.get('fieldSelector')].join('\n');
  const found = lists.get(key) ?? all.filter(matches);
  lists.set(key, found);
  return found;
}

/** Namespace and both selectors in one; undefined when a selector cannot be read. */
export function matcherOf(request: ApiRequest): Matcher | undefined {
  const labels = parseLabelSelector(request.query.get('labelSelector') ?? undefined);
  const fields = parseFieldSelector(request.query.get('fieldSelector') ?? undefined);
  if (!labels || !fields) return undefined;
  const { namespace } = request;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels(object) &&
    fields(object);
}

function choosePage(store: ObjectStore, query: URLSearchParams): Page | Answer {
  const limit = Number(query.get('limit') ?? 0);
  const wanted = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue');
  if (token) {
    if (wanted !== '' && wanted !== '0') {
      return statusAnswer(400, 'specifying resource version is not allowed when using continue');
    }
    const place = readToken(token);
    if (!place) return statusAnswer(400, 'continue key is not valid');
    if (place.version > store.version) return expiredPageAnswer();
    return { ...place, limit };
  }
  if (match !== '' && wanted === '') {
    return statusAnswer(
      422,
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  if (!/^\d*$/.test(wanted)) return statusAnswer(400, `invalid resource version "${wanted}"`);
  const version = Number(wanted);
  if (version > store.version) return tooLargeVersionAnswer(version, store.version);
  // From the server's cache (version 0) a limit is ignored.
  if (wanted === '0') return { version: store.version, after: undefined, limit: 0 };
  const exact = match === 'Exact' || (match === '' && wanted !== '' && limit > 0);
  return { version: exact ? version : store.version, after: undefined, limit };
}

function cutPage(
  kind: ResourceKind,
  matching: readonly KubeObject[],
  page: Page,
  how: { readonly short: boolean; readonly counted: boolean },
): Answer {
  const { after, limit, version } = page;
  const start = after === undefined ? 0 : placeAfter(matching, after);
  const end = limit > 0 ? Math.min(matching.length, start + limit) : matching.length;
  const items = matching.slice(start, end);
  const left = matching.length - end;
  const last = items.at(-1);
  const resourceVersion = String(version);
  // One page short: the last page never comes, and the one before says that it was the last.
  if (how.short && left === 0) return listAnswer(kind, [], { resourceVersion });
  if (left === 0 || !last || (how.short && left <= limit))
    return listAnswer(kind, items, { resourceVersion });
  return listAnswer(kind, items, {
    resourceVersion,
    continue: writeToken(version, sortKey(last)),
    ...(how.counted ? { remainingItemCount: left } : {}),
  });
}

/** Of the first object after a key; they are sorted by it. */
function placeAfter(objects: readonly KubeObject[], key: string): number {
  let [low, high] = [0, objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sortKey(objects[middle]!) > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

function listAnswer(kind: ResourceKind, items: readonly KubeObject[], metadata: object): Answer {
  const shown = kind.custom
    ? items
    : items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest);
  return {
    status: 200,
    body: { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items: shown },
  };
}

function sortKey(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

function writeToken(rv: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');
}

function readToken(token: string): { version: number; after: string } | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const { rv, start } = place as { rv?: unknown; start?: unknown };
    return typeof rv === 'number' && typeof start === 'string'
      ? { version: rv, after: start }
      : undefined;
  } catch {
    return undefined;
  }
}
