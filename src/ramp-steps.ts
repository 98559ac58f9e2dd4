// When a cluster on its way up may take its next step.
//
// Comes in: the facts of rounds, commits, what the edges counted. Goes out: the word for each step. On
// failure: a new leader knows of no step before, and waits a whole one; where the edges count errors,
// the step is not taken, and the reason has the figures.

import type { Clock } from './clock.ts';
import type { Address, AppName, ClusterName, Reason } from './model.ts';
import type { AppInventory } from './inventory/inventory.ts';
import { noteRampStops, type Figures, type TellsRamps } from './ramp-stops.ts';
import type { Climbing, Ramp, RampRule, RampSettings } from './weights/ramps.ts';

/** Requests and failures over the last minute, at servers of an app. */
export type CountErrors = (app: AppName, servers: readonly Address[]) => Figures;

interface Parts {
  readonly clock: Clock;
  readonly rules: () => { readonly ramp?: RampSettings };
  readonly errors?: CountErrors;
  readonly reporter: TellsRamps;
}

interface Fact {
  readonly inventory: AppInventory;
  readonly weighed?: { readonly ramps: ReadonlyMap<ClusterName | 'vm', Ramp> };
}

export interface RampSteps {
  /** Absent: nothing is ramped. */
  rule(): RampRule | undefined;
  /** As `rule`, but nobody takes a step. */
  standing(): RampRule | undefined;
  /** A round was computed. */
  looked(facts: ReadonlyMap<AppName, Fact>): void;
  /** A round was committed; `first`: the app had no document before. */
  committed(app: AppName, fact: Fact | undefined, first: boolean): void;
  /** It was not seen yet when the app was first published: it comes whole. */
  isLate(app: AppName, from: ClusterName | 'vm'): boolean;
  /** Apps with a step to take now. */
  due(): Set<AppName>;
}

export function keepRampSteps(parts: Parts): RampSteps {
  /** When each took its last step, or was first met on its way. */
  const since = new Map<AppName, Map<ClusterName | 'vm', number>>();
  const stops = noteRampStops(parts.reporter);
  /** Clusters that were not seen yet when the app was first published: late, not new. */
  const late = new Map<AppName, Set<ClusterName | 'vm'>>();

  const isDue = (at: number): boolean =>
    parts.clock.now() - at >= (parts.rules().ramp?.seconds ?? 0) * 1000;

  const step = (climbing: Climbing): boolean | Reason | 'whole' => {
    const { app, from, begun } = climbing;
    if (late.get(app)?.has(from)) return 'whole';
    const at = since.get(app)?.get(from);
    if (at === undefined) return !begun;
    return isDue(at) ? (whyStopped(climbing) ?? true) : false;
  };

  const whyStopped = (climbing: Climbing): Reason | undefined => {
    const { app, servers } = climbing;
    const figures = parts.errors?.(app, servers) ?? { requests: 0, failures: 0 };
    return stops.why(climbing, figures, parts.rules().ramp?.errorPercent ?? 100);
  };

  const ruleWith = (word: RampRule['step']): RampRule | undefined => {
    const { ramp } = parts.rules();
    return ramp && ramp.seconds > 0 ? { percent: ramp.percent, step: word } : undefined;
  };

  /** One that has nothing of the app when it is seen is new whenever it comes. */
  const forgetLate = (app: AppName, isOver: (cluster: ClusterName | 'vm') => boolean): void => {
    const clusters = late.get(app) ?? new Set();
    for (const cluster of clusters) if (isOver(cluster)) clusters.delete(cluster);
    if (clusters.size === 0) late.delete(app);
  };

  const setSince = (app: AppName, from: ClusterName | 'vm', at: number): void => {
    const waiting = since.get(app) ?? new Map<ClusterName | 'vm', number>();
    since.set(app, waiting.set(from, at));
  };

  /** Who has arrived waits no more; who took a step waits from its commit on. */
  const follow = (app: AppName, ramps: ReadonlyMap<ClusterName | 'vm', Ramp>): void => {
    const before = since.get(app);
    since.delete(app);
    for (const [from, { stepped }] of ramps) {
      const at = before?.get(from) ?? (stepped ? undefined : parts.clock.now());
      if (at !== undefined) setSince(app, from, at);
    }
    stops.looked(app, ramps);
  };

  return {
    rule: () => ruleWith(step),
    standing: () => ruleWith((climbing) => (step(climbing) === 'whole' ? 'whole' : false)),
    looked(facts) {
      for (const [app, { inventory, weighed }] of facts) {
        follow(app, weighed?.ramps ?? new Map());
        if (late.has(app)) forgetLate(app, (name) => hasNothing(inventory, name));
      }
    },
    committed(app, fact, first) {
      const ramps: ReadonlyMap<ClusterName | 'vm', Ramp> = fact?.weighed?.ramps ?? new Map();
      // A hold ends what it speaks of, also where it is lifted before the next round.
      follow(app, ramps);
      for (const [from, { stepped }] of ramps) {
        if (stepped) setSince(app, from, parts.clock.now());
      }
      const unseen = unseenOf(fact?.inventory);
      if (first && unseen.size > 0) late.set(app, unseen);
      else if (late.has(app)) forgetLate(app, (name) => !unseen.has(name));
    },
    isLate: (app, from) => late.get(app)?.has(from) ?? false,
    due() {
      const apps = [...since].filter(([, waiting]) => [...waiting.values()].some(isDue));
      return new Set(apps.map(([app]) => app));
    },
  };
}

function unseenOf(inventory: AppInventory | undefined): Set<ClusterName | 'vm'> {
  const counts = inventory?.clusters.filter(({ state }) => state === 'unseen') ?? [];
  const vms = inventory?.vmsKept ? (['vm'] as const) : [];
  return new Set([...counts.map(({ cluster }) => cluster), ...vms]);
}

function hasNothing(inventory: AppInventory, name: ClusterName | 'vm'): boolean {
  const { clusters, vms, vmsKept } = inventory;
  if (name === 'vm') return !vmsKept && vms.length === 0;
  const count = clusters.find(({ cluster }) => cluster === name);
  return !count || (count.state !== 'unseen' && count.pods === 0);
}
