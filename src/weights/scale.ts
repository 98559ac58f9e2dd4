// Weights over 65535 scale an upstream down, so that shares stay. Pure.
//
// Comes in: an upstream's entries, what is published. Goes out: the same entries with weights that
// fit. What is kept from the published document was scaled when it was published and is not scaled
// again: each round would take a part of it.

import type { Hold, Server, Upstream } from '../model.ts';

export const HEAVIEST = 65535;

/** A candidate for a place in the upstream. */
export interface Entry {
  readonly server: Server;
  /** The weight without rounding. */
  readonly exact: number;
  readonly pods: number;
  readonly ingressNodes: number;
  readonly formula: string;
  /** Its weight is that of the published document. */
  readonly kept?: boolean;
  /** Of a cluster that is not there any more. */
  readonly removed?: true;
  /** Whose word its weight is. */
  readonly hold?: Hold;
}

/** A weight times `part / of`; whole numbers, so that the floor is exact. */
interface Scale {
  readonly part: number;
  readonly of: number;
}

export function scaleDown(
  entries: readonly Entry[],
  published: Upstream | undefined,
): readonly Entry[] {
  const counted = entries.filter((entry) => !entry.kept);
  const heaviest = Math.max(0, ...counted.map((entry) => entry.server.weight));
  const own = { part: HEAVIEST, of: Math.max(HEAVIEST, heaviest) };
  const full = entries.some((entry) => entry.kept && entry.server.weight === HEAVIEST);
  const before = full ? publishedScale(counted, published) : undefined;
  const scale = before && isBelow(before, own) ? before : own;
  if (scale.part === scale.of) return entries;
  return entries.map((entry) => (entry.kept ? entry : scaleEntry(entry, scale)));
}

function scaleEntry(entry: Entry, scale: Scale): Entry {
  const weight = times(entry.server.weight, scale);
  return {
    ...entry,
    server: { ...entry.server, weight },
    exact: (entry.exact * scale.part) / scale.of,
    formula: `${entry.formula}, scaled by ${scale.part}/${scale.of} = ${weight}`,
  };
}

/**
 * A kept server at 65535 may have been anything above it: by how much its upstream was scaled down
 * shows only in what the other servers were published with. Where one scale explains them all it is
 * that one; else something moved meanwhile, and the heaviest keeps its weight.
 */
function publishedScale(
  counted: readonly Entry[],
  published: Upstream | undefined,
): Scale | undefined {
  const before = new Map(published?.servers.map((server) => [server.address, server]));
  const pairs = counted.flatMap(({ server }): Scale[] => {
    const old = before.get(server.address);
    if (old?.from !== server.from) return [];
    return [{ part: old.auto ?? old.weight, of: server.weight }];
  });
  // A weight of 1 may be anything below 2: it tells least.
  const telling = pairs.some(({ part }) => part > 1) ? pairs.filter(({ part }) => part > 1) : pairs;
  const least = telling.toSorted((a, b) => b.part * a.of - a.part * b.of)[0];
  if (least && pairs.every(({ part, of }) => times(of, least) === part)) return least;
  return pairs.toSorted((a, b) => b.part - a.part)[0];
}

function isBelow(a: Scale, b: Scale): boolean {
  return a.part > 0 && a.part * b.of < b.part * a.of;
}

function times(weight: number, { part, of }: Scale): number {
  return Math.max(1, Math.floor((weight * part) / of));
}
