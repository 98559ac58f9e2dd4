// Rounds over what is seen now: which apps to look at, what they come to, what was found last.
//
// Comes in: clusters, VMs, rules, what is published, marks. Goes out: results of rounds; the facts of
// every app, for the API and the next round. On failure: there is none here.

import { keepChangeLines, type ChangeLines } from './change-lines.ts';
import type { ClusterReader } from './clusters/cluster.ts';
import type { ControllerParts } from './controller-parts.ts';
import { HOLDS } from './edges/document.ts';
import type { Published } from './edges/published.ts';
import { noteDoubts } from './inventory/doubts.ts';
import { absentCount } from './inventory/absent.ts';
import type { ClusterCount } from './inventory/cluster-count.ts';
import {
  everyApp,
  takeInventory,
  type AppInventory,
  type ClusterView,
  type World,
} from './inventory/inventory.ts';
import type { AppName, ClusterName, ClusterStatus, Dirty, Hold, Upstream } from './model.ts';
import type { Causes } from './plan/history-entry.ts';
import { keepLastMinute } from './last-minute.ts';
import type { LimitView } from './plan/share-limit.ts';
import { computeRound, type AppFacts, type PublishedView, type RoundResult } from './round.ts';
import type { Decision } from './words/word.ts';
import { holdsByApp } from './weights/holds.ts';
import type { RampRule } from './weights/ramps.ts';
import { keepRampSteps } from './ramp-steps.ts';

/** A round that is not computed from what stands, but from what somebody would have. */
export interface Supposed {
  readonly apps: Dirty;
  readonly holds?: readonly Hold[];
  readonly published: NonNullable<Decision['suppose']>;
}

export interface Looked {
  readonly result: RoundResult;
  readonly causes: Causes;
}

export interface Rounds {
  facts(app: AppName): AppFacts | undefined;
  names(): IterableIterator<AppName>;
  /** Computes the marked apps; what it found is kept. */
  look(dirty: Dirty): Looked;
  /** Computes without keeping anything. */
  suppose(supposed: Supposed): RoundResult;
  everyName(): Iterable<AppName>;
  /** Of some apps those that would change although they are not among the marked. */
  differing(apps: readonly AppName[], marked: Pick<ReadonlySet<AppName>, 'has'>): AppName[];
  /** For the history, of results of this object. */
  readonly lines: Pick<ChangeLines, 'write' | 'writeDeleted'>;
  causes(result: RoundResult): Causes;
  /** A round was committed. */
  committed(result: RoundResult): void;
  /** Apps that move by time alone: with a step to take, or held back less. */
  due(): Set<AppName>;
  /** Asks clusters for the lists that are due; answers the apps whose second list is in. */
  secondLooks(): Set<AppName>;
  standing(app: AppName): AppInventory['standing'];
  /** It is deleted. */
  forget(app: AppName): void;
  /** What is published was replaced: counts that were held against the former prove nothing now. */
  forgetAll(): void;
}

type Parts = Pick<
  ControllerParts,
  'clusters' | 'vms' | 'rules' | 'wall' | 'clock' | 'errors' | 'reporter'
>;

export function createRounds(parts: Parts, published: () => Published | undefined): Rounds {
  const facts = new Map<AppName, AppFacts>();
  const contested = new Set<AppName>();
  const steps = keepRampSteps(parts);
  const lastMinute = keepLastMinute(parts.clock);
  const lines = keepChangeLines(published);
  const doubts = noteDoubts(parts, () => parts.rules().secondLookMs);

  const absents = new Map<ClusterName, ClusterCount>();
  /** The same from round to round, or each app would have one of each round. */
  const absentIn = (status: ClusterStatus): ClusterCount => {
    const known = absents.get(status.name);
    if (known?.state === status.state && known.ingressNodes === status.ingressNodes) return known;
    const count = absentCount(status);
    absents.set(status.name, count);
    return count;
  };

  const viewOf = (cluster: ClusterReader): ClusterView => {
    const status = cluster.status();
    return {
      status,
      absent: absentIn(status),
      apps: cluster.apps(),
      looks: cluster.looks(),
      footprint: (app) => cluster.footprint(app),
      isPod: (app, ip) => cluster.isPod(app, ip),
    };
  };

  const world = (): World => ({
    clusters: parts.clusters.readers().map(viewOf),
    vms: parts.vms.vms(),
    vmsUnread: (app) => parts.vms.unread(app),
    vmRegistered: (app, address) => parts.vms.registered(app, address),
    vmsReason: (app) => parts.vms.reason(app),
    ...parts.rules(),
    last: (app) => facts.get(app)?.inventory,
    published: (app) => published()?.app(app)?.upstream,
  });

  const everyName = (now: World): Set<AppName> => {
    const unreadable = published()?.unreadable.keys() ?? [];
    return everyApp(now, [...(published()?.apps() ?? []), ...unreadable]);
  };

  const limitOf = (app: AppName, now: Upstream): LimitView | undefined => {
    const { share: limits, ramp } = parts.rules();
    if (!limits) return undefined;
    const before = lastMinute.before(app, now);
    // Where nothing is ramped, what is new comes whole, as was said.
    const isRamped = (ramp?.seconds ?? 0) > 0;
    const isNew = (from: string): boolean =>
      !before.some((server) => server.from === from && server.weight > 0);
    return {
      limits,
      before,
      published: now.servers,
      passes: (from) => steps.isLate(app, from) || (!isRamped && isNew(from)),
    };
  };

  const compute = (dirty: Dirty, ramp: RampRule | undefined, supposed?: Supposed): RoundResult => {
    const found = (app: AppName): PublishedView | undefined => {
      const view = published()?.app(app);
      return supposed ? supposed.published(app, view) : view;
    };
    const now = {
      ...world(),
      published: (app: AppName): Upstream | undefined => found(app)?.upstream,
    };
    // Who waits for a host is looked at in the round that frees it.
    const apps = dirty === 'all' ? everyName(now) : dirty.union(contested);
    const { minimum } = parts.rules();
    return computeRound({
      world: now,
      apps: [...apps].filter((app) => app !== HOLDS),
      published: found,
      unreadable: (app) => published()?.unreadable.get(app),
      hostOwner: (host) => {
        const owner = published()?.hostOwner(host);
        return owner !== undefined && found(owner) ? owner : undefined;
      },
      over: {
        holdsOf: holdsByApp(supposed?.holds ?? published()?.held.holds ?? []),
        now: parts.wall().getTime(),
        ...(ramp && { ramp }),
      },
      limit: limitOf,
      ...(minimum && { minimum }),
    });
  };

  const forget = (app: AppName): void => {
    facts.delete(app);
    contested.delete(app);
    lastMinute.forget(app);
    lines.forget(app);
  };
  /** A hold alone makes no app: its name may be mistyped. */
  const isNobodys = (app: AppName, { inventory }: AppFacts): boolean =>
    inventory.standing !== 'known' &&
    published()?.app(app) === undefined &&
    published()?.unreadable.has(app) !== true;

  return {
    facts: (app) => facts.get(app),
    names: () => facts.keys(),
    lines,
    causes: (result) => lines.causes(result, (app) => facts.get(app)),
    secondLooks: () => doubts.follow(parts.clusters.readers()),
    look(dirty) {
      const result = compute(dirty, steps.rule());
      const causes = lines.causes(result, (app) => facts.get(app));
      lines.looked(result);
      for (const [app, fact] of result.facts) {
        if (isNobodys(app, fact)) {
          forget(app);
          continue;
        }
        facts.set(app, fact);
        lastMinute.looked(app, (fact.weighed?.delays?.size ?? 0) > 0);
        doubts.note(fact.inventory);
        if (fact.reason?.code === 'host-conflict') contested.add(app);
        else contested.delete(app);
      }
      steps.looked(result.facts);
      return { result, causes };
    },
    committed(result) {
      const { facts: looked, pass } = result;
      for (const change of pass) {
        const { app, before } = change;
        const limit = before && limitOf(app, before);
        lastMinute.committed(change, (from) => limit?.passes(from) ?? false);
        steps.committed(app, looked.get(app), before === undefined);
      }
      lines.committed(result);
    },
    due: () => steps.due().union(lastMinute.due()),
    suppose: (supposed) => compute(supposed.apps, steps.rule(), supposed),
    everyName: () => everyName(world()),
    differing(apps, marked) {
      const asked = new Set(apps);
      const { pass } = compute(asked, steps.standing());
      // Who waits for a host was computed with them.
      return pass.map(({ app }) => app).filter((app) => asked.has(app) && !marked.has(app));
    },
    standing: (app) => takeInventory(world(), app).standing,
    forget,
    forgetAll() {
      facts.clear();
      contested.clear();
    },
  };
}
