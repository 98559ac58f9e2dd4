// When a cluster on its way up may take its next step.
//
// Comes in: the facts of rounds, commits, what the edges counted. Goes out: the word for each step. On
// failure: a new leader knows of no step before, and waits a whole one; where the edges count errors,
// the step is not taken, and the reason has the figures.

import type { Clock } from './clock.ts';
import type { Address, AppName, ClusterName, Reason } from './model.ts';
import type { AppInventory } from './inventory/inventory.ts';
import type { Climbing, Ramp, RampRule, RampSettings } from './weights/ramps.ts';

/** Requests and failures over the last minute, at servers of an app. */
export type CountErrors = (
  app: AppName,
  servers: readonly Address[],
) => { readonly requests: number; readonly failures: number };

interface Parts {
  readonly clock: Clock;
  readonly rules: () => { readonly ramp?: RampSettings };
  readonly errors?: CountErrors;
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

/** Fewer say nothing. */
const REQUESTS_THAT_TELL = 20;

export function keepRampSteps(parts: Parts): RampSteps {
  /** When each took its last step, or was first met on its way. */
  const since = new Map<AppName, Map<ClusterName | 'vm', number>>();
  /** Clusters that were not seen yet when the app was first published: late, not new. */
  const late = new Map<AppName, Set<ClusterName | 'vm'>>();

  const isDue = (at: number): boolean =>
    parts.clock.now() - at >= (parts.rules().ramp?.seconds ?? 0) * 1000;

  const step = ({ app, from, begun, servers }: Climbing): boolean | Reason | 'whole' => {
    if (late.get(app)?.has(from)) return 'whole';
    const at = since.get(app)?.get(from);
    if (at === undefined) return !begun;
    if (!isDue(at)) return false;
    return tooManyErrors({ app, from, servers, begun }, parts) ?? true;
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
  const wait = (app: AppName, ramps: ReadonlyMap<ClusterName | 'vm', Ramp>): void => {
    const before = since.get(app);
    since.delete(app);
    for (const [from, { stepped }] of ramps) {
      const at = before?.get(from) ?? (stepped ? undefined : parts.clock.now());
      if (at !== undefined) setSince(app, from, at);
    }
  };

  return {
    rule: () => ruleWith(step),
    standing: () => ruleWith((climbing) => (step(climbing) === 'whole' ? 'whole' : false)),
    looked(facts) {
      for (const [app, { inventory, weighed }] of facts) {
        wait(app, weighed?.ramps ?? new Map());
        if (late.has(app)) forgetLate(app, (name) => hasNothing(inventory, name));
      }
    },
    committed(app, fact, first) {
      for (const [from, { stepped }] of fact?.weighed?.ramps ?? []) {
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

function tooManyErrors({ app, from, servers }: Climbing, parts: Parts): Reason | undefined {
  const { requests, failures } = parts.errors?.(app, servers) ?? { requests: 0, failures: 0 };
  const most = parts.rules().ramp?.errorPercent ?? 100;
  if (requests < REQUESTS_THAT_TELL || failures * 100 <= most * requests) return undefined;
  const percent = Math.round((failures / requests) * 1000) / 10;
  return {
    code: 'ramp-stopped',
    text:
      `${from} stays where it is on its way up: ${failures} of ${requests} requests failed there ` +
      `in the last minute (${percent} %, at most ${most} % may). It goes on once they do not, ` +
      'or as a hold says.',
  };
}
