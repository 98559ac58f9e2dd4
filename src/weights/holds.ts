// Holds: a person's word over the automatic weights. Pure.
//
// Comes in: an upstream's entries with their automatic weights, the holds, what is published. Goes
// out: the same entries, weight by weight as the holds say, `auto` where that is another. On failure:
// there is none; a hold that speaks of nothing that is here changes nothing. So none ever keeps a
// node that is gone, or a cluster without pods: both have no entry.
//
//   drain   beats pin, pin beats freeze; then the narrower scope (server, cluster, app), then the later
//   sums    a pin of a cluster, and a freeze, give a sum: what servers with a word of their own take
//           is taken from it, the rest is split over the others as the rule does

import type { Address, AppName, ClusterName, Hold, Server, Upstream } from '../model.ts';
import { HEAVIEST, type Entry } from './scale.ts';

export interface HoldView {
  readonly app: AppName;
  readonly holds: readonly Hold[];
  readonly published: Upstream | undefined;
  /** Milliseconds of the leader's time of day. */
  readonly now: number;
}

/** A drain that takes time falls by so many steps: each is a commit. */
const DRAIN_STEPS = 10;

type Place = Pick<Server, 'address' | 'from'>;

export type Scope = Pick<Hold, 'app' | 'cluster' | 'server'>;

/** Whether a hold speaks of a server of an app. */
export function speaksOf(hold: Scope, app: AppName, { address, from }: Place): boolean {
  return (
    (hold.app ?? app) === app &&
    (hold.cluster ?? from) === from &&
    (hold.server ?? address) === address
  );
}

/** Those that may speak of an app, in the order given: a round asks for thousands of apps. */
export function holdsByApp(holds: readonly Hold[]): (app: AppName) => readonly Hold[] {
  const wide = holds.filter(({ app }) => app === undefined);
  const own = Map.groupBy(holds, ({ app }) => app);
  return (app) => {
    const narrow = own.get(app);
    return narrow ? [...wide, ...narrow] : wide;
  };
}

/** What a drain leaves of a weight now, from 1 to 0. */
export function leftOf({ since, rampSeconds }: Hold, now: number): number {
  if (rampSeconds === undefined) return 0;
  const left = 1 - (now - since) / (rampSeconds * 1000);
  return Math.min(1, Math.max(0, Math.ceil(left * DRAIN_STEPS) / DRAIN_STEPS));
}

/** The first in the order of strength. */
function strongest(holds: readonly Hold[]): Hold | undefined {
  return holds.toSorted((a, b) => width(a) - width(b) || b.since - a.since || order(a, b))[0];
}

function width({ server, cluster, app }: Hold): number {
  return (server === undefined ? 4 : 0) + (cluster === undefined ? 2 : 0) + (app ? 0 : 1);
}

function order(a: Hold, b: Hold): number {
  return a.id < b.id ? 1 : -1;
}

export function holdEntries(entries: readonly Entry[], view: HoldView): readonly Entry[] {
  const holds = view.holds.filter(({ app = view.app }) => app === view.app);
  if (holds.length === 0) return entries;
  const held = new Map<Address, Entry>();
  for (const [from, group] of Map.groupBy(entries, ({ server }) => server.from)) {
    for (const entry of holdGroup(from, group, { ...view, holds })) {
      held.set(entry.server.address, entry);
    }
  }
  return entries.map((entry) => held.get(entry.server.address) ?? entry);
}

/** What a hold beneath the drains says of one server. */
interface Aim {
  readonly weight: number;
  readonly hold?: Hold;
}

/** All servers of one cluster, or all VMs. */
function holdGroup(
  from: ClusterName | 'vm',
  group: readonly Entry[],
  view: HoldView,
): readonly Entry[] {
  const together = sumHold(from, view);
  const drains = new Map(group.map((entry) => [entry, drainOf(entry, view)]));
  const left = (entry: Entry): number => {
    const drain = drains.get(entry);
    return drain ? leftOf(drain, view.now) : 1;
  };
  const own = new Map(group.map((entry) => [entry, ownAim(entry, together, view)]));
  const takes = (entry: Entry): number => (left(entry) > 0 ? (own.get(entry)?.weight ?? 0) : 0);
  const free = group.filter((entry) => !own.get(entry) && left(entry) > 0);
  const taken = group.reduce((sum, entry) => sum + takes(entry), 0);
  const parts = together && splitSum(sumOf(together, from, view.app), taken, free);
  const kept = together?.kind === 'freeze' && keptParts(free, parts, view.published);
  return group.map((entry) => {
    const { address, weight } = entry.server;
    const part = together && { weight: (kept || parts)?.get(entry) ?? 0, hold: together };
    const aim: Aim = own.get(entry) ?? part ?? { weight };
    const drain = drains.get(entry);
    const now = drain
      ? { weight: falling(aim.weight, left(entry), address, view), hold: drain }
      : aim;
    return now.hold ? heldEntry(entry, now.weight, now.hold) : entry;
  });
}

/** The word that gives the whole group a sum. */
function sumHold(from: ClusterName | 'vm', { app, holds }: HoldView): Hold | undefined {
  const wide = holds.filter(({ server, cluster = from }) => !server && cluster === from);
  const pin = strongest(wide.filter(({ kind }) => kind === 'pin'));
  return pin ?? strongest(wide.filter((hold) => hold.kind === 'freeze' && keptOf(hold, app)));
}

/** A freeze keeps nothing of an app that was not published when it was made. */
function keptOf({ kept }: Hold, app: AppName): Readonly<Record<string, number>> | undefined {
  // An app may be named as something that every object has, such as `constructor`.
  return kept && Object.hasOwn(kept, app) ? kept[app] : undefined;
}

function sumOf(hold: Hold, from: ClusterName | 'vm', app: AppName): number {
  return (hold.kind === 'pin' ? hold.weight : keptOf(hold, app)?.[from]) ?? 0;
}

/** A server's own word: its pin; its freeze, unless a pin gives the sum. */
function ownAim({ server }: Entry, together: Hold | undefined, view: HoldView): Aim | undefined {
  const { app } = view;
  const own = view.holds.filter((hold) => hold.server && speaksOf(hold, app, server));
  const pin = strongest(own.filter(({ kind }) => kind === 'pin'));
  if (pin) return { weight: pin.weight ?? 0, hold: pin };
  if (together?.kind === 'pin') return undefined;
  const hold = strongest(own.filter(({ kind }) => kind === 'freeze'));
  const weight = hold && keptOf(hold, app)?.[server.address];
  return hold && weight !== undefined ? { weight, hold } : undefined;
}

/** The one that leaves least; of those that leave the same, the narrowest. */
function drainOf({ server }: Entry, { app, holds, now }: HoldView): Hold | undefined {
  const drains = holds.filter((hold) => hold.kind === 'drain' && speaksOf(hold, app, server));
  const least = Math.min(...drains.map((hold) => leftOf(hold, now)));
  return strongest(drains.filter((hold) => leftOf(hold, now) === least));
}

/** As the rule splits pods: equal parts, at least 1. */
function splitSum(sum: number, taken: number, free: readonly Entry[]): Map<Entry, number> {
  const each = Math.min(HEAVIEST, Math.max(1, Math.floor((sum - taken) / free.length)));
  return new Map(free.map((entry) => [entry, sum === 0 ? 0 : each]));
}

/** Servers that together have the sum already keep their parts of it, equal or not. */
function keptParts(
  free: readonly Entry[],
  parts: ReadonlyMap<Entry, number> | undefined,
  published: Upstream | undefined,
): Map<Entry, number> | undefined {
  const before = new Map(published?.servers.map((server) => [server.address, server]));
  const kept = new Map<Entry, number>();
  for (const entry of free) {
    const old = before.get(entry.server.address);
    if (old?.from !== entry.server.from || old.weight === 0) return undefined;
    kept.set(entry, old.weight);
  }
  const sum = (map: Iterable<number>): number => [...map].reduce((all, one) => all + one, 0);
  const rest = sum(parts?.values() ?? []);
  const had = sum(kept.values());
  // Equal parts leave up to one a server undone.
  return had >= rest && had < rest + free.length ? kept : undefined;
}

/** A drain never raises: what was on its way up falls from where it is. */
function falling(weight: number, left: number, address: Address, view: HoldView): number {
  const old = view.published?.servers.find((server) => server.address === address);
  return Math.min(Math.ceil(weight * left), old?.weight ?? HEAVIEST);
}

function heldEntry(entry: Entry, weight: number, hold: Hold): Entry {
  const { address, from, weight: auto } = entry.server;
  return {
    ...entry,
    server: { address, from, weight, ...(weight !== auto && { auto }) },
    exact: weight,
    formula: `${entry.formula}; ${hold.kind} ${hold.id} of ${hold.who}: ${weight}`,
    hold,
  };
}
