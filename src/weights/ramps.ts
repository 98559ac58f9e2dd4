// Ramps: a cluster that is new to an upstream, or undrained, rises in steps. Pure.
//
// Comes in: entries as the rule and the holds want them, what is published. Goes out: the same
// entries, those on their way up at their step. On failure: there is none; without a word that a step
// may be taken, a server stays where it is published.
//
// The state is what is published, so that it outlives every leader: a server below its own `auto`
// is on its way up, unless a hold speaks of it. Falling takes no step. Nothing is ramped where nobody
// serves: there is nobody else to take the requests.

import type { Address, AppName, ClusterName, Reason, Server, Upstream } from '../model.ts';
import type { Entry } from './scale.ts';

export interface RampSettings {
  /** Of the automatic weight, at most so much a step. */
  readonly percent: number;
  /** Between two steps; 0: nothing is ramped. */
  readonly seconds: number;
  /** More failed requests than this hold it where it is. */
  readonly errorPercent: number;
}

export interface RampRule {
  /** Of the automatic weight, at most so much a step. */
  readonly percent: number;
  /**
   * Whether it may take a step now, or why it is stopped. `whole`: it is not new, only seen late.
   */
  step(climbing: Climbing): boolean | Reason | 'whole';
}

/** A cluster of an app on its way up. */
export interface Climbing {
  readonly app: AppName;
  readonly from: ClusterName | 'vm';
  /** It has weight already. */
  readonly begun: boolean;
  readonly servers: readonly Address[];
}

export interface Ramp {
  /** Sums over its servers: shown now, and where they go. */
  readonly weight: number;
  readonly of: number;
  readonly stepped: boolean;
  readonly stopped?: Reason;
}

export interface RampView {
  readonly app: AppName;
  readonly published: Upstream | undefined;
  readonly rule: RampRule;
  /** A drain or a pin speaks of it: it takes no steps. */
  isHeld(place: Pick<Server, 'address' | 'from'>): boolean;
}

export interface Ramped {
  readonly entries: readonly Entry[];
  readonly ramps: ReadonlyMap<ClusterName | 'vm', Ramp>;
}

export function rampEntries(entries: readonly Entry[], view: RampView): Ramped {
  const ramps = new Map<ClusterName | 'vm', Ramp>();
  if (!view.published?.servers.some(({ weight }) => weight > 0)) return { entries, ramps };
  const ramped = new Map<Address, Entry>();
  for (const [from, group] of Map.groupBy(entries, ({ server }) => server.from)) {
    const ramp = rampGroup(from, group, view);
    if (!ramp) continue;
    for (const entry of ramp.entries) ramped.set(entry.server.address, entry);
    ramps.set(from, ramp.ramp);
  }
  return { entries: entries.map((entry) => ramped.get(entry.server.address) ?? entry), ramps };
}

/** A server on its way up: where it is and where it goes. */
interface Climb {
  readonly entry: Entry;
  readonly at: number;
}

function rampGroup(
  from: ClusterName | 'vm',
  group: readonly Entry[],
  view: RampView,
): { readonly entries: readonly Entry[]; readonly ramp: Ramp } | undefined {
  const climbs = climbsOf(from, group, view);
  if (climbs.length === 0) return undefined;
  const climbing = {
    app: view.app,
    from,
    begun: climbs.some(({ at }) => at > 0),
    servers: climbs.map(({ entry }) => entry.server.address),
  };
  // What is only kept as published says nothing of how the cluster is now.
  const kept = climbs.some(({ entry }) => entry.kept);
  const word = kept ? false : view.rule.step(climbing);
  if (word === 'whole') return undefined;
  const entries = climbs.map((climb) => climbed(climb, word === true, view.rule.percent));
  const sum = (list: readonly Entry[]): number =>
    list.reduce((total, { server }) => total + server.weight, 0);
  const ramp = {
    weight: sum(entries),
    of: sum(climbs.map(({ entry }) => entry)),
    stepped: word === true,
    ...(typeof word === 'object' && { stopped: word }),
  };
  return { entries, ramp };
}

function climbsOf(from: ClusterName | 'vm', group: readonly Entry[], view: RampView): Climb[] {
  const before = (view.published?.servers ?? []).filter((server) => server.from === from);
  const free = group.filter(({ hold }) => hold === undefined || hold.kind === 'freeze');
  if (before.length === 0) return from === 'vm' ? [] : free.map((entry) => ({ entry, at: 0 }));

  const unheld = before.filter((server) => !view.isHeld(server));
  if (!unheld.some(isRising)) return [];
  const had = unheld.reduce((sum, { weight }) => sum + weight, 0);
  const auto = unheld.reduce((sum, server) => sum + (server.auto ?? server.weight), 0);
  const enough = had >= free.reduce((sum, { server }) => sum + server.weight, 0);
  const old = new Map(unheld.map((server) => [server.address, server]));
  return free.flatMap((entry) => {
    const { address, weight } = entry.server;
    const known = old.get(address);
    if (known && !isRising(known)) return [];
    // Its cluster has what it goes to: the parts of its servers move as they like.
    if (enough && known?.weight !== 0) return [];
    // A node that joins a cluster on its way up begins where that is.
    const at = known ? known.weight : Math.floor((weight * had) / Math.max(1, auto));
    return at < weight ? [{ entry, at }] : [];
  });
}

function isRising({ weight, auto = 0 }: Server): boolean {
  return weight < auto;
}

function climbed({ entry, at }: Climb, stepped: boolean, percent: number): Entry {
  const { address, from, weight: goal, auto = goal } = entry.server;
  const step = Math.max(1, Math.floor((auto * percent) / 100));
  const weight = stepped ? Math.min(goal, at + step) : at;
  return {
    ...entry,
    server: { address, from, weight, ...(weight !== auto && { auto }) },
    exact: weight,
    formula: `${entry.formula}; on its way up: ${weight} of ${goal}`,
  };
}
