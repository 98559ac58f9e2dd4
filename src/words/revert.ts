// The word by which an app goes back to an earlier version: a freeze that keeps what was published then.
//
// Comes in: the weights of that version. Goes out: holds, and a word that adds them in one commit. On
// failure: a BallastError that names the cluster that is gone, or the hold that is stronger.
//
// Kept are the sums of the clusters, so that a node that replaced another has its part, and a cluster
// that has come since has 0. Where the servers of a cluster had parts of their own and all are still
// there, each is frozen too. A freeze rises in steps where it brings a cluster back (weights/ramps.ts).

import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName, Hold, Server } from '../model.ts';
import { speaksOf } from '../weights/holds.ts';
import { addHolds, type NewHold } from './of-holds.ts';
import type { Word } from './word.ts';

type Placed = Pick<Server, 'address' | 'from' | 'weight'>;

export interface Revert {
  readonly app: AppName;
  readonly version: number;
  /** What was published then. */
  readonly state: readonly Placed[];
  readonly id: string;
  readonly why: string;
  readonly until?: number;
  readonly lift: readonly string[];
}

export function revertApp(
  actor: string,
  revert: Revert,
  present: readonly Placed[],
): { readonly word: Word; readonly holds: readonly NewHold[] } {
  const { app, version, why, lift } = revert;
  const holds = holdsOf(actor, revert, present);
  const added = addHolds(actor, holds, lift);
  const lifted = lift.map((id) => `; lift ${id}`).join('');
  const word: Word = {
    actor,
    text: `revert ${app} to version ${version} by ${holds[0]?.id}: ${why}${lifted}`,
    decide(published, now) {
      const servers = serversOf(published, app);
      refuseGone(revert, servers);
      const others = published.held.holds.filter(({ id }) => !lift.includes(id));
      refuseHeld(revert, servers, others);
      return added.decide(published, now);
    },
  };
  return { word, holds };
}

function holdsOf(who: string, revert: Revert, present: readonly Placed[]): NewHold[] {
  const { app, version, state, id, until } = revert;
  const why = `revert to version ${version}: ${revert.why}`;
  const common = { app, kind: 'freeze', who, why, ...(until !== undefined && { until }) } as const;
  const whole = { ...common, id, kept: { [app]: Object.fromEntries(sumsOf(state)) } };
  const unequal = [...Map.groupBy(state, ({ from }) => from).values()].filter(
    (group) => new Set(group.map(({ weight }) => weight)).size > 1 && isThere(group, present),
  );
  const own = unequal.flat().map(({ address, weight }, index) => {
    const kept = { [app]: { [address]: weight } };
    return { ...common, id: `${id}-${index + 1}`, server: address, kept };
  });
  return [whole, ...own];
}

/** The same servers, no more and no less. */
function isThere(group: readonly Placed[], present: readonly Placed[]): boolean {
  const from = group[0]?.from;
  const now = present.filter((server) => server.from === from).map(({ address }) => address);
  return now.length === group.length && group.every(({ address }) => now.includes(address));
}

function sumsOf(servers: readonly Placed[]): Map<ClusterName | 'vm', number> {
  const sums = new Map<ClusterName | 'vm', number>();
  for (const { from, weight } of servers) sums.set(from, (sums.get(from) ?? 0) + weight);
  return sums;
}

function serversOf(published: Published, app: AppName): readonly Placed[] {
  const found = published.app(app);
  if (!found) throw new BallastError('app-unknown', `nothing is published for ${app}`);
  if (found.owner === 'controller') return found.upstream.servers;
  throw new BallastError('owned-by-endpoint', `${app} was written at an edge’s endpoint`);
}

function refuseGone({ app, version, state }: Revert, servers: readonly Placed[]): void {
  for (const [from, sum] of sumsOf(state)) {
    if (sum === 0 || servers.some((server) => server.from === from)) continue;
    const own = state.filter((server) => server.from === from).map(({ address }) => address);
    const named = own.length > 3 ? `${own.slice(0, 3).join(', ')} and ${own.length - 3} more` : own;
    const text =
      `at version ${version} ${app} had weight ${sum} from ${from} (${String(named)}); ` +
      `nothing of ${from} is in it now`;
    throw new BallastError('revert-gone', text);
  }
}

/** What stands over a freeze of the whole app would bend the shares in silence. */
function refuseHeld(
  { app, state }: Revert,
  servers: readonly Placed[],
  holds: readonly Hold[],
): void {
  const sums = sumsOf(state);
  for (const [from, group] of Map.groupBy(servers, (server) => server.from)) {
    const speaks = (hold: Hold) => group.filter((server) => speaksOf(hold, app, server)).length;
    const over = holds.find((hold) => {
      const count = speaks(hold);
      if (count === 0) return false;
      // The others of its cluster take a drained server's part.
      if (hold.kind === 'drain') return count === group.length && (sums.get(from) ?? 0) > 0;
      return hold.kind === 'pin' || isNarrower(hold, app);
    });
    if (!over) continue;
    const { id, kind, who, why } = over;
    throw new BallastError('revert-held', `${kind} ${id} of ${who} speaks of ${from}: ${why}`);
  }
}

function isNarrower({ cluster, server, kept }: Hold, app: AppName): boolean {
  return (cluster ?? server) !== undefined && kept !== undefined && Object.hasOwn(kept, app);
}
