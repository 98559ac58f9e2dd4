// How a cluster stands, from the health of its resources and the silence of its nodes: unseen, fresh
// or stale, with words for a person. Pure; times are handed in.

import type { ClusterState } from '../model.ts';
import type { ResourceHealth } from './health.ts';
import { FOR_NOW, type Silence } from './silent-nodes.ts';
import { isDark, isUnread, isUnserved } from './unread.ts';

export interface Standing {
  readonly state: ClusterState;
  readonly reason?: string;
  /** For `stale`: when the last good word came from what is in trouble. */
  readonly lastWord?: number;
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
  return { state: 'stale', reason, lastWord: lastWordOf(mute) };
}

/** Of what was never listed, for it is forbidden or not served, no count is: its trouble alone is old. */
function lastWordOf(mute: readonly ResourceHealth[]): number {
  const listed = mute.filter(({ health }) => health.listed);
  if (listed.length > 0) return Math.min(...listed.map(({ health }) => health.lastWord));
  return Math.min(...mute.map(({ health }) => health.trouble?.since ?? health.lastWord));
}

function freshStanding(resources: readonly ResourceHealth[], now: number): Standing {
  const unread = resources.filter((one) => isUnread(one) && !isUnserved(one));
  if (unread.length === 0) return { state: 'fresh' };
  return { state: 'fresh', reason: `not read: ${troubleWords(unread, now).join('; ')}` };
}

/** What is in trouble, or not listed yet. */
function muteOf(resources: readonly ResourceHealth[], before: ClusterState): ResourceHealth[] {
  const dark = isDark(resources);
  return resources.filter((one) => {
    const { listed, open, trouble } = one.health;
    const needed = one.kind === 'required' || one.kind === 'namespaced';
    if (isUnread(one)) return dark && needed;
    // After an outage all have to be open again: what one tells may explain what another shows.
    const shut = before === 'stale' && needed && !open;
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

const NOT_LISTED = 'no list yet';

/** What is true of many resources alike is said once. */
function troubleWords(troubled: readonly ResourceHealth[], now: number): string[] {
  const byText = Map.groupBy(troubled, ({ health }) => health.trouble?.text ?? NOT_LISTED);
  return [...byText].map(([text, members]) => {
    if (text === NOT_LISTED) return `${text} of ${titles(members)}`;
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
