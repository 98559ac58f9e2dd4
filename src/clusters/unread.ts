// What a cluster does not let us read, and what that leaves unknown. Pure.
//
// Comes in: the health of a cluster's resources. Goes out: selectors and namespaces of which nothing is
// known, each with a sentence that names the right that is missing, and where a missing route proves
// nothing. Nothing here fails.

import type { PodSelector } from './cluster.ts';
import type { RouteRules } from './footprint.ts';
import type { ResourceHealth } from './health.ts';

export interface Unread {
  readonly selectors: readonly (readonly [PodSelector, string])[];
  /** Why what a namespace says of apps is unknown. */
  readonly namespaces: ReadonlyMap<string, string>;
}

export const NOTHING_UNREAD: Unread = { selectors: [], namespaces: new Map() };

/**
 * Not needed for all apps, and forbidden or (where that may be) not there, or not asked for until now: those
 * say it that need it.
 */
export function isUnread({ kind, health, late = false }: ResourceHealth): boolean {
  const status = health.trouble?.status;
  if (kind === 'required') return false;
  if (late && !health.listed) return true;
  return status === 403 || (status === 404 && kind !== 'namespaced');
}

export function unreadOf(resources: readonly ResourceHealth[]): Unread {
  const unread = resources.filter(isUnread);
  return {
    selectors: unread.flatMap((one) => (one.pods ? [[one.pods, whyUnread([one])] as const] : [])),
    namespaces: new Map(
      [...byNamespace(unread)].map(([name, members]) => [name, whyUnread(members)]),
    ),
  };
}

/** Of no namespace there is anything to be read: then that is how the cluster stands. */
export function isDark(resources: readonly ResourceHealth[]): boolean {
  const groups = [...byNamespace(resources).values()];
  return groups.length > 0 && groups.every((members) => members.some(isUnread));
}

function byNamespace(resources: readonly ResourceHealth[]): Map<string, ResourceHealth[]> {
  const needed = resources.filter(({ kind }) => kind === 'namespaced');
  return Map.groupBy(needed, ({ namespace = '' }) => namespace);
}

function whyUnread(members: readonly ResourceHealth[]): string {
  const titles = members.map(({ title }) => title).join(' and ');
  const trouble = members[0]?.health.trouble;
  if (!trouble) return `${titles} are not listed yet`;
  const right = trouble.status === 403 ? ', the right to list and watch them is missing' : '';
  return `${titles} cannot be read: ${trouble.text}${right}`;
}

/** The kind is not there at all, and never was. */
export function isUnserved({ health }: ResourceHealth): boolean {
  return health.trouble?.status === 404 && !health.listed;
}

/** An Ingress leads to Services of its own namespace, an HTTPRoute to those of any. */
export function routesChecked(
  resources: readonly ResourceHealth[],
): Pick<RouteRules, 'checked' | 'uncheckedIn'> {
  const unknown = resources.filter((one) => {
    if (one.kind !== 'ingresses' && one.kind !== 'httproutes') return false;
    if (one.kind === 'httproutes' && isUnserved(one)) return false;
    return !one.health.listed || isUnread(one);
  });
  if (unknown.length === 0) return { checked: 'all' };
  const places = unknown.flatMap(({ kind, namespace }) =>
    kind === 'ingresses' ? (namespace ?? []) : [],
  );
  if (places.length < unknown.length) return { checked: 'some' };
  return { checked: 'some', uncheckedIn: new Set(places) };
}
