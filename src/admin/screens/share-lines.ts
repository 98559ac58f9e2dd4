// Changes of an app as lines over time. Pure.

import type { ChangeAnswer } from '../../api/history-shapes.ts';

export interface ShareLines {
  readonly places: string[];
  /** Seconds. */
  readonly times: number[];
  /** A line for each place. */
  readonly shares: number[][];
}

/** From what the oldest change found to `now`, in milliseconds. */
export function linesOf(changes: readonly ChangeAnswer[], now: number): ShareLines {
  const old = changes.toReversed();
  const places = [...new Set(old.flatMap(({ clusters }) => clusters.map(({ name }) => name)))];
  places.sort();
  const at = (change: ChangeAnswer, name: string): number =>
    change.clusters.find((one) => one.name === name)?.after?.share ?? 0;
  const last = old.at(-1);
  const times = old.map((change) => Date.parse(change.at) / 1000);
  const shares = places.map((name) => old.map((change) => at(change, name)));
  if (!last) return { places, times, shares };
  // As it is to this moment.
  const end = Math.max(now / 1000, (times.at(-1) ?? 0) + 1);
  return {
    places,
    times: [...times, end],
    shares: shares.map((line) => [...line, line.at(-1) ?? 0]),
  };
}
