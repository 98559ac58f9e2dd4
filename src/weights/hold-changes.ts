// What becomes of the holds when somebody adds, lifts or outlives one. Pure.
//
// Comes in: the holds that stand, what is published. Goes out: the holds from then on. On failure:
// there is none here; the API has checked what comes in.

import type { AppName, Dirty, Hold, Server, Upstream } from '../model.ts';
import { leftOf, speaksOf } from './holds.ts';

interface Documents {
  apps(): Iterable<AppName>;
  app(app: AppName): { readonly owner: string; readonly upstream: Upstream } | undefined;
}

/** Apps that holds speak of. */
export function appsOf(holds: readonly Hold[]): Dirty {
  const apps = new Set<AppName>();
  for (const { app } of holds) {
    if (app === undefined) return 'all';
    apps.add(app);
  }
  return apps;
}

/** With what a freeze keeps from now on: the sums that are published. */
export function rememberKept(hold: Hold, published: Documents): Hold {
  if (hold.kind !== 'freeze') return hold;
  const apps = hold.app === undefined ? published.apps() : [hold.app];
  const kept: Record<AppName, Record<string, number>> = {};
  for (const app of apps) {
    const found = published.app(app);
    const sums = found?.owner === 'controller' ? sumsOf(hold, app, found.upstream.servers) : {};
    if (Object.keys(sums).length > 0) kept[app] = sums;
  }
  return { ...hold, kept };
}

function sumsOf(hold: Hold, app: AppName, servers: readonly Server[]): Record<string, number> {
  const spoken = servers.filter((server) => speaksOf(hold, app, server));
  const groups = Map.groupBy(spoken, ({ from }) => hold.server ?? from);
  return Object.fromEntries([...groups].map(([place, group]) => [place, sumOf(group)]));
}

/** A drain beats the freeze: of what is drained whole is kept what lies beneath, not its 0. */
function sumOf(group: readonly Server[]): number {
  const sum = group.reduce((all, { weight }) => all + weight, 0);
  return sum > 0 ? sum : group.reduce((all, { auto = 0 }) => all + auto, 0);
}

/** Holds that are over at a time. */
export function expired(holds: readonly Hold[], now: number): Hold[] {
  return holds.filter(({ until }) => until !== undefined && until <= now);
}

/** Without an end, not a job's nor a debt's, and older than a person may be expected to remember. */
export function isForgotten(hold: Hold, now: number, hours: number): boolean {
  if ([hold.until, hold.job, hold.debt].some((one) => one !== undefined)) return false;
  return now - hold.since >= hours * 3_600_000;
}

/** Changes whenever a drain that takes time has fallen by a step. */
export function drainLevels(holds: readonly Hold[], now: number): ReadonlyMap<Hold, number> {
  const slow = holds.filter(({ rampSeconds }) => rampSeconds !== undefined);
  return new Map(slow.map((hold) => [hold, leftOf(hold, now)]));
}
