// Many kubelets that fall silent at once are a sick control plane, not so many dead nodes: the
// cluster is stale then, not zero. Pure; times are handed in.
//
// Silent: two or more, and at least a third, of the cluster's nodes turned from Ready within 60 s.
// It ends when fewer of those are left: Ready again, deleted, or cordoned, which is a person's word
// that the node is out. After that it lasts SETTLE_MS on, since pods turn Ready after their node.

import type { NodeRecord } from './records.ts';

const TOGETHER_MS = 60_000;
const SETTLE_MS = 30_000;

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
  const turned = new Map<string, number>();
  const ready = new Set<string>();
  let nodes = 0;
  for (const node of records) {
    nodes++;
    if (node.ready === 'True') ready.add(node.uid);
    else if (!node.unschedulable) {
      const since = before.turned.get(node.uid) ?? turnOf(before, node, now);
      if (since !== undefined) turned.set(node.uid, since);
    }
  }
  const silent = mostTogether([...turned.values()]);
  if (silent >= 2 && silent * 3 >= nodes) {
    return { turned, ready, silent, nodes, until: Number.POSITIVE_INFINITY };
  }
  const until = before.until === Number.POSITIVE_INFINITY ? now + SETTLE_MS : before.until;
  if (until === undefined || until <= now) return { turned, ready, silent: 0, nodes };
  return { turned, ready, silent, nodes, until };
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
