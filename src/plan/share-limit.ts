// How far clusters may rise within a minute, in shares. Pure.
//
// Comes in: an upstream as rule, holds and ramps want it; what was published a minute ago. Goes out: the
// same, those that would rise too far at as much as they may now, each with a reason. On failure: there
// is none; what is not known to have served a minute ago counts as new.
//
// It only holds back what rises. What falls falls at once, a server that is gone is gone, nothing that
// was reached is taken back, and no server that takes requests comes to 0. What others gain because
// capacity is lost is no rise: against a minute ago is held what of it is still there.

import type { ClusterName, Reason, Server } from '../model.ts';
import type { Delay, Weighed } from '../weights/rule.ts';

export interface ShareLimits {
  /** Points of an app's requests that a cluster may gain in a minute; it may always double. */
  readonly clusterPoints: number;
  /** Points of an app's requests that may move between clusters in a minute. */
  readonly upstreamPoints: number;
}

export interface LimitView {
  readonly limits: ShareLimits;
  /** What was published a minute ago. */
  readonly before: readonly Server[];
  /** What is published. */
  readonly published: readonly Server[];
  /** It comes whole: it was only seen late, or nothing new is to be held back. */
  passes(from: ClusterName | 'vm'): boolean;
}

/** What no hold speaks of in one cluster, or of the VMs. */
interface Group {
  readonly from: ClusterName | 'vm';
  readonly wanted: number;
  /** A minute ago, as far as it is still there; and that as a share. */
  readonly had: number;
  readonly share: number;
  /** It has that already, or had. */
  readonly least: number;
  /** What is published of it, as far as it is still there; and that as a share. */
  readonly now: number;
  readonly reached: number;
}

type Weights = ReadonlyMap<Group, number>;

/**
 * Each pass lowers somebody. Where the limits of two clusters nearly make up the whole, each lowers the
 * other by little, a hundred times and more; with one pass too few somebody rises further than he may.
 */
const PASSES = 4096;
const HALVINGS = 20;
/** Equal, but for how fractions are kept. */
const CLOSE = 1e-6;

export function limitShares(weighed: Weighed, view: LimitView): Weighed {
  const { groups, fixed } = groupsOf(weighed, view);
  const total = groups.reduce((sum, { had }) => sum + had, fixed);
  if (total === 0 || groups.every(({ wanted, least }) => wanted <= least)) return weighed;
  const byCluster = limitClusters(groups, fixed, view.limits);
  const given = limitUpstream(byCluster, fixed, view.limits);
  const delayed = groups.filter((group) => (given.get(group) ?? 0) < group.wanted);
  return delayed.length === 0 ? weighed : holdBack(weighed, given, { delayed, fixed, view });
}

function groupsOf({ upstream, holds }: Weighed, view: LimitView) {
  // What a hold speaks of is that person's word, as if it had been so all along.
  const isFree = ({ address }: Server): boolean => !holds.has(address);
  const fixed = sumOf(upstream.servers.filter((server) => !isFree(server)));
  const before = sumsOf(view.before.filter(isFree));
  const published = sumsOf(view.published.filter(isFree));
  const parts = [...sumsOf(upstream.servers.filter(isFree))].map(([from, wanted]) => {
    const had = view.passes(from) ? wanted : Math.min(before.get(from) ?? 0, wanted);
    const now = view.passes(from) ? wanted : Math.min(published.get(from) ?? 0, wanted);
    return { from, wanted, had, now, least: Math.max(had, now) };
  });
  const total = parts.reduce((sum, { had }) => sum + had, fixed);
  const totalNow = parts.reduce((sum, { now }) => sum + now, fixed);
  const groups = parts.map((part): Group => {
    return { ...part, share: part.had / total, reached: totalNow === 0 ? 0 : part.now / totalNow };
  });
  return { groups, fixed };
}

/** From each that is above its limit what is too much; that lifts the shares of the others. */
function limitClusters(groups: readonly Group[], fixed: number, limits: ShareLimits): Weights {
  const given = new Map(groups.map((group) => [group, group.wanted]));
  for (let pass = 0; pass < PASSES; pass += 1) {
    let lowered = false;
    for (const group of groups) {
      const weight = given.get(group) ?? 0;
      const others = totalOf(given, fixed) - weight;
      const most = mostOf(group, others, limits);
      if (weight <= most) continue;
      given.set(group, most);
      lowered = true;
    }
    if (!lowered) break;
  }
  return given;
}

/** So much weight may a cluster have beside the others. */
function mostOf({ share, least, reached }: Group, others: number, limits: ShareLimits): number {
  const limit = share + Math.max(share, limits.clusterPoints / 100);
  if (Math.max(limit, reached) >= 1) return Number.POSITIVE_INFINITY;
  // Rounded up, for a limit that is less than one weight away would be none that ever moves.
  const risen = Math.ceil((limit / (1 - limit)) * others - CLOSE);
  // All weights of an app may double: that moves no share.
  const kept = Math.floor((reached / (1 - reached)) * others + CLOSE);
  return Math.max(least, risen, kept);
}

/** All that rise by the same part of their way. */
function limitUpstream(wanted: Weights, fixed: number, limits: ShareLimits): Weights {
  const moved = movedBy(new Map([...wanted.keys()].map((group) => [group, group.now])), fixed);
  const most = Math.max(limits.upstreamPoints / 100, moved) + CLOSE;
  if (movedBy(wanted, fixed) <= most) return wanted;
  const along = (part: number): Weights =>
    new Map(
      [...wanted].map(([group, weight]) => {
        const { least, had } = group;
        const on = Math.floor(least + part * (weight - least));
        return [group, Math.min(weight, Math.max(on, had + 1))];
      }),
    );
  let [low, high] = [0, 1];
  for (let at = 0; at < HALVINGS; at += 1) {
    const middle = (low + high) / 2;
    if (movedBy(along(middle), fixed) <= most) low = middle;
    else high = middle;
  }
  return along(low);
}

function movedBy(given: Weights, fixed: number): number {
  const total = Math.max(1, totalOf(given, fixed));
  return [...given].reduce(
    (sum, [{ share }, weight]) => sum + Math.max(0, weight / total - share),
    0,
  );
}

interface Held {
  readonly delayed: readonly Group[];
  readonly fixed: number;
  readonly view: LimitView;
}

function holdBack(weighed: Weighed, given: Weights, { delayed, fixed, view }: Held): Weighed {
  const delays = new Map<ClusterName | 'vm', Delay>();
  const reasons = new Map(weighed.reasons);
  const sums = new Map(weighed.sums);
  const factors = new Map<ClusterName | 'vm', number>();
  for (const group of delayed) {
    const { from, wanted } = group;
    const weight = given.get(group) ?? 0;
    factors.set(from, weight / wanted);
    delays.set(from, { weight, of: wanted });
    const now = weight / totalOf(given, fixed);
    reasons.set(from, reasonOf(group, now, view.limits));
  }
  const servers = weighed.upstream.servers.map((server) => {
    const factor = factors.get(server.from);
    if (factor === undefined || weighed.holds.has(server.address)) return server;
    const weight = Math.min(server.weight, Math.ceil(server.weight * factor));
    return { ...server, weight };
  });
  const total = sumOf(servers);
  for (const [index, { address, weight }] of servers.entries()) {
    const sum = sums.get(address);
    const wanted = weighed.upstream.servers[index]?.weight ?? weight;
    const more = wanted === weight ? '' : `; held back by the guard: ${weight} of ${wanted}`;
    if (sum) sums.set(address, { ...sum, formula: `${sum.formula}${more}`, share: weight / total });
  }
  return { ...weighed, upstream: { ...weighed.upstream, servers }, sums, reasons, delays };
}

function reasonOf({ from, share }: Group, now: number, limits: ShareLimits): Reason {
  const { clusterPoints, upstreamPoints } = limits;
  const text =
    `${from} had ${percent(share)} of the requests a minute ago and has ${percent(now)} for now: ` +
    `in a minute a cluster may gain ${clusterPoints} points or double, and ${upstreamPoints} points ` +
    'of an app may move. It goes on by itself; a pin is not held back.';
  return { code: 'share-limited', text };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function totalOf(given: Weights, fixed: number): number {
  return [...given.values()].reduce((sum, weight) => sum + weight, fixed);
}

function sumOf(servers: readonly Server[]): number {
  return servers.reduce((sum, { weight }) => sum + weight, 0);
}

function sumsOf(servers: readonly Server[]): Map<ClusterName | 'vm', number> {
  const sums = new Map<ClusterName | 'vm', number>();
  for (const { from, weight } of servers) sums.set(from, (sums.get(from) ?? 0) + weight);
  return sums;
}
