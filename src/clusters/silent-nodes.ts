// Many kubelets that fall silent at once are a sick control plane, not so many dead nodes: the
// cluster is stale then, not zero. Pure; times are handed in.
//
// Silent: two or more, and at least a third, of the cluster's nodes turned from Ready within 60 s.
// It ends when fewer of those are left: Ready again, deleted, or cordoned, which is a person's word
// that the node is out. After that it lasts SETTLE_MS on, since pods turn Ready after their node.

import type { NodeRecord } from './records.ts';

const TOGETHER_MS = 60_000;
const SETTLE_MS = 30_000;

/** As long as they are silent. */
export const FOR_NOW = Number.POSITIVE_INFINITY;

export interface Silence {
  /** Node uid -> when it turned. */
  readonly turned: ReadonlyMap<string, number>;
  readonly ready: ReadonlySet<string>;
  readonly silent: number;
  readonly nodes: number;
  /** Until when the cluster is stale for it; absent: not at all. */
  readonly until?: number;
}

export const NO_SILENCE: Silence = { turned: new Map(), ready: new Set(), silent: 0, nodes: 0 };

export function followSilence(
  before: Silence,
  records: Iterable<NodeRecord>,
  now: number,
): Silence {
  const nodes = [...records];
  const ready = new Set(nodes.filter((node) => node.ready === 'True').map(({ uid }) => uid));
  const down = nodes.filter((node) => !ready.has(node.uid) && !node.unschedulable);
  const turned = new Map(
    down.flatMap((node) => {
      const since = before.turned.get(node.uid) ?? turnOf(before, node, now);
      return since === undefined ? [] : [[node.uid, since] as const];
    }),
  );
  const silent = mostTogether([...turned.values()]);
  const seen = { turned, ready, silent, nodes: nodes.length };
  if (silent >= 2 && silent * 3 >= nodes.length) return { ...seen, until: FOR_NOW };
  const until = before.until === FOR_NOW ? now + SETTLE_MS : before.until;
  return until === undefined || until <= now ? seen : { ...seen, until };
}

/** A node that is Unknown when first seen fell silent at some time; one that never was Ready did not. */
function turnOf(before: Silence, node: NodeRecord, now: number): number | undefined {
  return before.ready.has(node.uid) || node.ready === 'Unknown' ? now : undefined;
}

function mostTogether(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) > TOGETHER_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
