// A list may show less than there is: an empty or a short answer looks like a cluster that lost its
// pods. What falls by a list to none, or to less than half, waits for a second list. Pure.
//
// Comes in: what a fresh cluster counts now, what counted before, of which lists both are. Goes out:
// the count that holds. On failure: there is none; in doubt the last count stays, with its reason.
//
//   what falls                                       follows
//   by watch                                         passes
//   by a list, or at the first look of a start       doubted: the last count stays
//   a second list, later by `waitMs`, agrees         passes
//   a second list shows much less again              doubted anew

import type { Looks, Reason, Server } from '../model.ts';
import type { ClusterCount, Doubt, Extent } from './cluster-count.ts';

export interface SecondLookRules {
  readonly base: number;
  /** A second list counts from so much later on. */
  readonly secondLookMs: number;
}

export interface Before {
  readonly count: ClusterCount | undefined;
  /** What is published from this cluster: where it was not counted since the start, this is what counted. */
  readonly published: readonly Server[];
}

export function believe(
  count: ClusterCount,
  looks: Looks,
  { count: last, published }: Before,
  rules: SecondLookRules,
): ClusterCount {
  const counted = last && !last.kept ? last : undefined;
  const had = counted ? extentOf(counted) : extentPublished(published, rules.base);
  const now = extentOf(count);
  const doubt = fell(had, now) ? doubtOf(now, looks, last, rules.secondLookMs) : undefined;
  if (!doubt) return { ...count, listedAt: looks.changedAt };
  const reason = reasonOf(count.cluster, { had, now }, rules.secondLookMs);
  const nothing = { pods: 0, hosts: [], ingressNodes: [], kept: true };
  const { state, ageSeconds } = count;
  return { ...(counted ?? { ...count, ...nothing }), state, ageSeconds, reason, doubt };
}

/** Of what is much less than before: undefined where it is to be believed. */
function doubtOf(
  now: Extent,
  looks: Looks,
  last: ClusterCount | undefined,
  waitMs: number,
): Doubt | undefined {
  // All was listed again since a list last changed anything.
  if (looks.since >= looks.changedAt + waitMs) return undefined;
  const anew = { ...now, since: looks.changedAt };
  const doubt = last?.doubt;
  if (!doubt) return last?.listedAt === looks.changedAt ? undefined : anew;
  if (!isLate(doubt, looks, waitMs)) return doubt;
  return fell(doubt, now) ? anew : undefined;
}

/** Whether a second list, made late enough, is in. */
export function isLate(doubt: Doubt, { since }: Looks, waitMs: number): boolean {
  return since >= doubt.since + waitMs;
}

function fell(had: Extent, now: Extent): boolean {
  if (had.pods === 0) return false;
  return isMuchLess(had.pods, now.pods) || isMuchLess(had.nodes, now.nodes);
}

function isMuchLess(had: number, now: number): boolean {
  return had > 0 && (now === 0 || now * 2 < had);
}

function extentOf({ pods, routed, ingressNodes }: ClusterCount): Extent {
  return { pods: routed === false ? 0 : pods, nodes: ingressNodes.length };
}

/** From weights back to pods, as the rule makes them; a weight of 1 may be its minimum. */
function extentPublished(servers: readonly Server[], base: number): Extent {
  const weight = Math.max(0, ...servers.map(({ auto, weight }) => auto ?? weight));
  const nodes = servers.length;
  if (weight <= 1) return { pods: weight, nodes };
  return { pods: (weight * nodes) / base, nodes };
}

function reasonOf(
  cluster: string,
  { had, now }: { readonly had: Extent; readonly now: Extent },
  waitMs: number,
): Reason {
  const words = ({ pods, nodes }: Extent) =>
    `${Math.round(pods)} pod${Math.round(pods) === 1 ? '' : 's'} on ${nodes} ingress node${nodes === 1 ? '' : 's'}`;
  const text =
    `a list of ${cluster} shows ${words(now)}, where ${words(had)} counted; ` +
    `that stays until a second list, at least ${waitMs / 1000} s later, agrees`;
  return { code: 'second-look', text };
}
