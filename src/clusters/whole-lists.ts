// Lists of a cluster, read whole for a plan, page by page.
//
// Comes in: a link and a path. Goes out: the objects, each with its kind, or that there is no such list, or
// that it may not be read. On failure: a CallFailure, for a plan must not take a silent cluster for an
// empty one.

import { CallFailure, failureOfStatus } from './call-failure.ts';
import type { KubernetesObject } from './cluster-writer.ts';
import { askJson, pagesOf } from './json-answer.ts';
import type { Link } from './link.ts';

export interface Listing {
  readonly link: Pick<Link, 'send'>;
  readonly signal: AbortSignal;
}

export interface ListedKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
}

export type WholeList = readonly KubernetesObject[] | 'absent' | 'forbidden';

/** `namespace` absent: of all. */
export async function listKind(
  listing: Listing,
  kind: ListedKind,
  {
    namespace,
    labelSelector,
  }: { readonly namespace?: string; readonly labelSelector?: string } = {},
): Promise<WholeList> {
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const path = `${rootOf(kind)}${within}/${kind.resource}`;
  const items = await pagesOf<KubernetesObject, 'absent' | 'forbidden'>(
    (page) => ask(listing, page),
    path,
    labelSelector,
  );
  if (typeof items === 'string') return items;
  // A list's items have neither.
  const own = { apiVersion: versionOf(kind), kind: kind.kind };
  return items.map((item) => ({ ...item, ...own }));
}

/** Names of the kinds that are served in one version of a group; undefined: that may not be asked. */
export async function kindsServed(
  listing: Listing,
  apiVersion: string,
): Promise<ReadonlySet<string> | undefined> {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const path = rootOf({ group: group ?? '', version: version ?? '' });
  const answer = await ask<{ readonly resources?: readonly { readonly kind: string }[] }>(
    listing,
    path,
  );
  if (answer === 'forbidden') return undefined;
  return new Set(answer === 'absent' ? [] : answer.resources?.map(({ kind }) => kind));
}

function rootOf({ group, version }: Pick<ListedKind, 'group' | 'version'>): string {
  const own = { group, version };
  return group === '' ? `/api/${version}` : `/apis/${versionOf(own)}`;
}

function versionOf({ group, version }: Pick<ListedKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

async function ask<T>(
  { link, signal }: Listing,
  path: string,
): Promise<T | 'absent' | 'forbidden'> {
  const { status, json } = await askJson(link, { path }, signal);
  if (status === 404) return 'absent';
  if (status === 403) return 'forbidden';
  if (status !== 200) throw new CallFailure(failureOfStatus(status));
  return json as T;
}
