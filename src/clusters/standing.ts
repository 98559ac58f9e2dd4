// How a cluster stands, from the health of its resources and the silence of its nodes: unseen, fresh
// or stale, with words for a person. And whether its routes can be read. Pure; times are handed in.

import type { ClusterState } from '../model.ts';
import type { PodSelector } from './cluster.ts';
import type { RouteRules } from './footprint.ts';
import type { Health } from './health.ts';
import type { ResourceKind } from './resources.ts';
import { FOR_NOW, type Silence } from './silent-nodes.ts';

export interface ResourceHealth {
  readonly kind: ResourceKind;
  readonly title: string;
  readonly health: Health;
  /** Of `app-pods`. */
  readonly pods?: PodSelector;
}

export interface Standing {
  readonly state: ClusterState;
  readonly reason?: string;
  /** For `stale`: when the last good word came from what is in trouble. */
  readonly lastWord?: number;
}

/** 403 and 404 on a kind that is not needed for all apps: it is not read, which those say that need it. */
export function isUnread({ kind, health }: ResourceHealth): boolean {
  const status = health.trouble?.status;
  return kind !== 'required' && (status === 403 || status === 404);
}

export interface Before {
  readonly before: ClusterState;
  /** It was fresh once. */
  readonly seenBefore: boolean;
  readonly now: number;
}

export function standingOf(
  resources: readonly ResourceHealth[],
  silence: Silence,
  { before, seenBefore, now }: Before,
): Standing {
  const mute = muteOf(resources, before);
  const reasons = [
    ...muteWords(mute, now),
    ...((silence.until ?? 0) > now ? [silenceWords(silence)] : []),
  ];
  if (reasons.length === 0) return freshStanding(resources, now);
  const reason = reasons.join('; ');
  if (!seenBefore) return { state: 'unseen', reason };
  if (mute.length === 0) return { state: 'stale', reason };
  return { state: 'stale', reason, lastWord: Math.min(...mute.map((one) => one.health.lastWord)) };
}

function freshStanding(resources: readonly ResourceHealth[], now: number): Standing {
  const unread = resources.filter((one) => isUnread(one) && !isUnserved(one));
  if (unread.length === 0) return { state: 'fresh' };
  return { state: 'fresh', reason: `not read: ${troubleWords(unread, now).join('; ')}` };
}

/** What is in trouble, or not listed yet. */
function muteOf(resources: readonly ResourceHealth[], before: ClusterState): ResourceHealth[] {
  return resources.filter((one) => {
    const { listed, open, trouble } = one.health;
    if (isUnread(one)) return false;
    // After an outage all have to be open again: what one tells may explain what another shows.
    const shut = before === 'stale' && one.kind === 'required' && !open;
    return trouble !== undefined || !listed || shut;
  });
}

/** Those in trouble explain the others. */
function muteWords(mute: readonly ResourceHealth[], now: number): string[] {
  const troubled = mute.filter((one) => one.health.trouble);
  if (troubled.length > 0) return troubleWords(troubled, now);
  const pending = mute.filter((one) => !one.health.listed);
  if (pending.length > 0) return [`waiting for the first list of ${titles(pending)}`];
  return mute.length > 0 ? [`opening ${titles(mute)} again`] : [];
}

/** Between a break and its mending nobody knows whether nodes fell silent. A failed call ends it. */
export function awaitsNodes(resources: readonly ResourceHealth[]): boolean {
  if (resources.some((one) => one.health.trouble && !isUnread(one))) return false;
  return resources.some(({ title, health }) => title === 'nodes' && health.listed && !health.open);
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

/** Selectors whose pods cannot be read, and why. */
export function unreadPods(
  resources: readonly ResourceHealth[],
): (readonly [PodSelector, string])[] {
  return resources.flatMap((one) => {
    if (!one.pods || !isUnread(one)) return [];
    const text = `${one.title} cannot be read: ${one.health.trouble?.text}`;
    return [[one.pods, text] as const];
  });
}
