// How a cluster stands, from the health of its resources and the silence of its nodes: unseen, fresh
// or stale, with words for a person. And whether its routes can be read. Pure; times are handed in.

import type { ClusterState } from '../model.ts';
import type { RouteRules } from './footprint.ts';
import type { Health } from './reflector.ts';
import type { ResourceKind } from './resources.ts';
import { FOR_NOW, type Silence } from './silent-nodes.ts';

export interface ResourceHealth {
  readonly kind: ResourceKind;
  readonly title: string;
  readonly health: Health;
}

export interface Standing {
  readonly state: ClusterState;
  readonly reason?: string;
  /** For `stale`: when the last good word came from what is in trouble. */
  readonly lastWord?: number;
}

/** 403 and 404 on a kind that only tells of routes: it is not read, which the routes say. */
export function isUnread({ kind, health }: ResourceHealth): boolean {
  const status = health.trouble?.status;
  return kind !== 'required' && (status === 403 || status === 404);
}

export function standingOf(
  resources: readonly ResourceHealth[],
  silence: Silence,
  { seenBefore, now }: { readonly seenBefore: boolean; readonly now: number },
): Standing {
  const pending = resources.filter((one) => !one.health.listed && !isUnread(one));
  const troubled = resources.filter((one) => one.health.trouble && !isUnread(one));
  const silent = (silence.until ?? 0) > now;
  const reasons = [
    ...troubleWords(troubled, now),
    ...(silent ? [silenceWords(silence)] : []),
    ...(troubled.length === 0 && pending.length > 0
      ? [`waiting for the first list of ${titles(pending)}`]
      : []),
  ];
  const reason = reasons.join('; ');
  if (!seenBefore && reasons.length > 0) return { state: 'unseen', reason };
  if (troubled.length > 0) {
    const lastWord = Math.min(...troubled.map(({ health }) => health.lastWord));
    return { state: 'stale', reason, lastWord };
  }
  if (reasons.length > 0) return { state: 'stale', reason };
  const unread = resources.filter((one) => isUnread(one) && !isUnserved(one));
  if (unread.length === 0) return { state: 'fresh' };
  return { state: 'fresh', reason: `not read: ${troubleWords(unread, now).join('; ')}` };
}

/** What is true of many resources alike is said once. */
function troubleWords(troubled: readonly ResourceHealth[], now: number): string[] {
  const byText = Map.groupBy(troubled, ({ health }) => health.trouble?.text ?? '');
  return [...byText].map(([text, members]) => {
    const since = Math.min(...members.map(({ health }) => health.trouble?.since ?? now));
    return `${text} on ${titles(members)} since ${Math.round((now - since) / 1000)} s`;
  });
}

function titles(resources: readonly ResourceHealth[]): string {
  const names = resources.map(({ title }) => title);
  return names.length > 3
    ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
    : names.join(', ');
}

function silenceWords({ silent, nodes, until }: Silence): string {
  if (until !== FOR_NOW) return 'nodes that were silent came back just now';
  return `${silent} of ${nodes} nodes fell silent within 60 s; counts stay until they are Ready, deleted or cordoned`;
}

/** The kind is not there at all, and never was. */
function isUnserved({ health }: ResourceHealth): boolean {
  return health.trouble?.status === 404 && !health.listed;
}

export function routesChecked(resources: readonly ResourceHealth[]): RouteRules['checked'] {
  const all = resources.every((one) => {
    if (one.kind === 'ingresses') return one.health.listed && !isUnread(one);
    if (one.kind !== 'httproutes') return true;
    return isUnserved(one) || (one.health.listed && !isUnread(one));
  });
  return all ? 'all' : 'some';
}
