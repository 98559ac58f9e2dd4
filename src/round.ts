// One pass of the control loop up to the verdict: take inventory, weigh, diff, guard. Pure.
//
// Comes in: the world as seen now, what is published, the apps to look at. Goes out: inventories,
// weights with their sums, and what may be committed. On failure: there is none here.

import { encodeUpstream } from './edges/document.ts';
import { takeInventory, type AppInventory, type World } from './inventory/inventory.ts';
import type { AppName, Reason, Upstream } from './model.ts';
import { diff, type Change, type Encoded } from './plan/diff.ts';
import { guard, type GuardView, type Refusal } from './plan/guard.ts';
import { limitShares, type LimitView } from './plan/share-limit.ts';
import { settleHosts } from './weights/hosts.ts';
import { mayLose, type Over } from './weights/over.ts';
import { weigh, weighPublished, type Weighed } from './weights/rule.ts';

export interface RoundInput {
  readonly world: World;
  readonly apps: Iterable<AppName>;
  readonly published: (app: AppName) => PublishedView | undefined;
  /** Why what is published for an app cannot be read; undefined where it can, or nothing is. */
  readonly unreadable: (app: AppName) => string | undefined;
  readonly hostOwner: (host: string) => AppName | undefined;
  /** Holds and ramps; absent: none. */
  readonly over?: Over;
  /** How far an app may move at once; absent: as far as it wants. */
  readonly limit?: (app: AppName, published: Upstream) => LimitView | undefined;
  readonly minimum?: GuardView['minimum'];
}

export interface PublishedView extends Encoded {
  readonly owner: 'controller' | 'endpoint';
}

/** What a round knows of one app. */
export interface AppFacts {
  readonly inventory: AppInventory;
  /** Absent: nobody weighs it now (see the reason). */
  readonly weighed?: Weighed;
  /** Why its published document stands as it is. */
  readonly reason?: Reason;
}

export interface RoundResult {
  readonly facts: ReadonlyMap<AppName, AppFacts>;
  readonly pass: readonly Change[];
  readonly refused: readonly Refusal[];
}

export function computeRound(input: RoundInput): RoundResult {
  const facts = new Map<AppName, AppFacts>();
  const wanted = new Map<AppName, Weighed>();
  for (const app of [...input.apps].toSorted()) {
    const inventory = takeInventory(input.world, app);
    const reason = whyUnreadable(input, app) ?? whyNotWeighed(inventory, input.published(app));
    facts.set(app, { inventory, ...(reason && { reason }) });
    const weighed = weighOne(input, inventory, reason);
    if (weighed) wanted.set(app, limitOne(input, weighed));
  }
  const desired = settleAll(input, wanted, facts);
  const verdict = guard(diff(input.published, desired), guardView(input));
  for (const { app, reason } of verdict.refused) {
    const known = facts.get(app);
    if (known) facts.set(app, { ...known, reason });
  }
  return { facts, refused: verdict.refused, pass: verdict.pass.toSorted(gainersFirst) };
}

/** A hold is obeyed also where nobody weighs: a drained cluster gets no request of an orphan. */
function weighOne(
  input: RoundInput,
  inventory: AppInventory,
  reason: Reason | undefined,
): Weighed | undefined {
  const published = input.published(inventory.app);
  if (!reason) return weigh(inventory, published?.upstream, input.world.base, input.over);
  const { standing } = inventory;
  const isOurs = published?.owner === 'controller' && reason.code !== 'unreadable';
  if (!isOurs || standing === 'known') return undefined;
  return weighPublished(published.upstream, standing, input.world.base, input.over);
}

function limitOne({ published, limit }: RoundInput, weighed: Weighed): Weighed {
  const { app } = weighed.upstream;
  const before = published(app)?.upstream;
  const view = before && limit?.(app, before);
  return view ? limitShares(weighed, view) : weighed;
}

/** Hosts: who is published keeps one, unless this very round takes it away from there. */
function settleAll(
  input: RoundInput,
  wanted: ReadonlyMap<AppName, Weighed>,
  facts: Map<AppName, AppFacts>,
): Encoded[] {
  const claims = new Map<string, AppName>();
  const givesUp = (owner: AppName, host: string): boolean => {
    const after = wanted.get(owner)?.upstream;
    return after !== undefined && !after.hosts?.includes(host) && !isRefused(input, after);
  };
  const ownerOf = (host: string): AppName | undefined => {
    const owner = input.hostOwner(host);
    return owner === undefined || givesUp(owner, host) ? claims.get(host) : owner;
  };
  return [...wanted].map(([app, weighed]) => {
    const { upstream, reason } = settleHosts(weighed.upstream, ownerOf);
    const fact = facts.get(app);
    if (fact) {
      facts.set(app, { ...fact, weighed: { ...weighed, upstream }, ...(reason && { reason }) });
    }
    if (!isRefused(input, upstream)) claim(upstream, claims);
    return { upstream, body: encodeUpstream(upstream) };
  });
}

/** The guard looks at servers alone, so its word on an app stands before the hosts are settled. */
function isRefused(input: RoundInput, after: Upstream): boolean {
  const before = input.published(after.app)?.upstream;
  const change = { app: after.app, after, body: '', ...(before && { before }) };
  return guard([change], guardView(input)).refused.length > 0;
}

function guardView({ over, minimum }: RoundInput): GuardView {
  return {
    mayLose: (app, server) => mayLose(over?.holdsOf(app) ?? [], app, server),
    ...(minimum && { minimum }),
  };
}

/** An edge takes documents one by one: who gains a host stands ready when the other gives it up. */
function gainersFirst(a: Change, b: Change): number {
  const gains = ({ before, after }: Change): number =>
    after.hosts?.some((host) => !before?.hosts?.includes(host)) ? 0 : 1;
  return gains(a) - gains(b);
}

function claim(upstream: Upstream, claims: Map<string, AppName>): void {
  for (const host of upstream.hosts ?? []) {
    if (!claims.has(host)) claims.set(host, upstream.app);
  }
}

/** Who publishes over what he cannot read bypasses the guard and what is to be kept. */
function whyUnreadable(input: RoundInput, app: AppName): Reason | undefined {
  const why = input.unreadable(app);
  if (why === undefined) return undefined;
  const text = `what is published for ${app} cannot be read (${why}); it stays as it is`;
  return { code: 'unreadable', text };
}

function whyNotWeighed(
  { app, standing }: AppInventory,
  published: PublishedView | undefined,
): Reason | undefined {
  if (published?.owner === 'endpoint') {
    const text = `${app} was written at an edge’s endpoint; it stays until a person adopts it`;
    return { code: 'owned-by-endpoint', text };
  }
  if (standing === 'unseen') {
    return {
      code: 'unseen',
      text: `a cluster or source of VMs that may have ${app} is not seen yet`,
    };
  }
  if (standing === 'orphaned') {
    const text = `nobody names ${app} any more; it keeps serving until a person deletes it`;
    return { code: 'orphaned', text };
  }
  return undefined;
}
