// Whether nobody asks an app at the source that owes it, by what every edge says now.
//
// Comes in: a debt's job, look after look. Goes out: undefined where it is proved: every edge has the drain,
// somewhere else serves, and for a minute no request went to the source and none is under way there. On
// failure: what one edge does not tell is no zero; whoever began anew is counted anew, and so is everything
// where this runner has not looked for a while. Servers that leave the upstream once deletion has begun are
// counted on: requests that they got do not grow fewer by that. Who asks the source without an edge is the word of the person
// who consented.

import type { Clock } from '../../clock.ts';
import type { EdgeBook } from '../../edges/edge-book.ts';
import type { Statistics, Tally } from '../../edges/statistics.ts';
import type { Traffic } from '../../fanout/run/traffic.ts';
import type { Scene } from '../../jobs/kind.ts';
import type { Address, Debt, Upstream } from '../../model.ts';
import { debtHoldId } from '../../words/of-debts.ts';
import type { DebtJob } from './next.ts';

export interface ProofParts {
  readonly traffic: Pick<Traffic, 'upstream' | 'unacknowledged'>;
  readonly statistics: Pick<Statistics, 'tallies'>;
  /** All edges that may send requests. */
  readonly book: Pick<EdgeBook, 'views'>;
  readonly clock: Pick<Clock, 'now'>;
}

type Tallies = ReadonlyMap<string, Tally>;

export type Unproved = (job: DebtJob, scene: Pick<Scene, 'term'>) => string | undefined;

export const QUIET_MS = 60_000;
/** An edge is asked every 2 s, and a step is looked at as often. */
const OLD_MS = 30_000;

interface Watch {
  readonly term: number;
  /** Of the source, since it is watched. */
  readonly servers: Set<Address>;
  at: number;
  began: number;
  before?: Tallies;
}

export function createProof(parts: ProofParts): Unproved {
  const { traffic, statistics, book, clock } = parts;
  const watches = new Map<string, Watch>();
  const watchOf = ({ id }: DebtJob, term: number): Watch => {
    const at = clock.now();
    const found = watches.get(id);
    const isGood = found?.term === term && at - found.at <= OLD_MS;
    const watch = isGood ? found : { term, servers: new Set<Address>(), at, began: at };
    watch.at = at;
    watches.set(id, watch);
    return watch;
  };
  return (job, { term }) => {
    const { debt } = job.plan;
    const watch = watchOf(job, term);
    const upstream = traffic.upstream(debt.app);
    // No edge sends requests to it.
    if (!upstream) return undefined;
    const text =
      traffic.unacknowledged([debtHoldId(debt.id)], [debt.app]) ?? weightFault(debt, upstream);
    if (text !== undefined) {
      begin(watch, watch.at);
      return text;
    }
    for (const { from, address } of upstream.servers)
      if (from === debt.cluster) watch.servers.add(address);
    const edges = book.views(undefined, watch.at).map(({ name }) => name);
    const tallies = statistics.tallies(debt.app, [...watch.servers]);
    return quietFault(watch, edges, tallies);
  };
}

/** Requests may go there, or nowhere else. */
function weightFault({ app, cluster }: Debt, { servers }: Upstream): string | undefined {
  const serving = servers.filter(({ weight }) => weight > 0);
  if (serving.some(({ from }) => from === cluster)) return `${app} is published in ${cluster}`;
  return serving.length === 0 ? `nothing serves ${app} elsewhere` : undefined;
}

function begin(watch: Watch, at: number): void {
  watch.began = at;
  delete watch.before;
}

function quietFault(watch: Watch, edges: readonly string[], tallies: Tallies): string | undefined {
  if (edges.length === 0) return 'no edge is known: zero proves nothing';
  const unknown = edges.find((edge) => !isKnown(watch, tallies.get(edge)));
  if (unknown !== undefined) return `what ${unknown} counts is not known`;
  watch.before ??= tallies;
  const { before } = watch;
  const moved = edges.find((edge) => hasMoved(before.get(edge), tallies.get(edge)));
  if (moved !== undefined) {
    begin(watch, watch.at);
    return `${moved} has sent requests, or has begun to count anew`;
  }
  const busy = edges.find((edge) => tallies.get(edge)?.inFlight !== 0);
  if (busy !== undefined) return `${busy} has requests under way, or does not tell`;
  const since = Math.max(...[...before.values()].map(({ at }) => at));
  const until = Math.min(...edges.map((edge) => tallies.get(edge)?.at ?? 0));
  if (until - since >= QUIET_MS) return undefined;
  const seconds = Math.max(0, Math.floor((until - since) / 1000));
  return `no request for ${seconds} of ${QUIET_MS / 1000} s`;
}

function isKnown({ began, at }: Watch, tally: Tally | undefined): boolean {
  return tally !== undefined && tally.at >= began && at - tally.at <= OLD_MS;
}

function hasMoved(before: Tally | undefined, now: Tally | undefined): boolean {
  return before?.start !== now?.start || before?.requests !== now?.requests;
}
