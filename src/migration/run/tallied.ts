// What edges counted since a moment, and since when nothing was. Pure: times come in.
//
// Comes in: the newest tally of each edge. Goes out: how much more it is than at the beginning. On failure:
// an edge without word, or with an old one, is no zero: it is said which. One that restarted has begun
// anew, and so does whoever counts by it.

import type { Tally } from '../../edges/statistics.ts';

export type Tallies = ReadonlyMap<string, Tally>;

/** Edges are asked every 2 s, or less often where they count much. */
const OLD_MS = 30_000;

export interface Grown {
  readonly edge: string;
  readonly requests: number;
  readonly failures: number;
  readonly answers: number;
  readonly seconds: number;
}

/** Which edge is not known well enough; undefined: all are. */
export function unknownEdge(
  edges: readonly string[],
  tallies: Tallies,
  { since, now }: { readonly since: number; readonly now: number },
): string | undefined {
  if (edges.length === 0) return 'no edge is known: zero proves nothing';
  const silent = edges.find((edge) => !tallies.has(edge));
  if (silent !== undefined) return `${silent} has not told what it counts`;
  const old = edges.find((edge) => {
    const { at = 0 } = tallies.get(edge) ?? {};
    return at < since || now - at > OLD_MS;
  });
  return old === undefined ? undefined : `what ${old} counts is not known yet`;
}

/** Undefined: one of them began anew. */
export function grown(
  edges: readonly string[],
  before: Tallies,
  after: Tallies,
): Grown[] | undefined {
  const all = edges.map((edge) => growth(edge, before.get(edge), after.get(edge)));
  return all.includes(undefined) ? undefined : all.filter((one) => one !== undefined);
}

function growth(edge: string, before?: Tally, after?: Tally): Grown | undefined {
  if (!before || !after || before.start !== after.start) return undefined;
  const more = (key: 'requests' | 'failures' | 'answers' | 'seconds'): number =>
    after[key] - before[key];
  const one = {
    edge,
    requests: more('requests'),
    failures: more('failures'),
    answers: more('answers'),
    seconds: more('seconds'),
  };
  return Object.values(one).some((value) => typeof value === 'number' && value < 0)
    ? undefined
    : one;
}

/** Requests under way over all edges; undefined: one does not count them. */
export function underWay(edges: readonly string[], tallies: Tallies): number | undefined {
  const all = edges.map((edge) => tallies.get(edge)?.inFlight);
  if (all.includes(undefined)) return undefined;
  return all.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}
