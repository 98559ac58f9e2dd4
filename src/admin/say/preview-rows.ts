// A preview as rows: by app, and by where its servers are from. Pure.

import type { PreviewAnswer } from '../../api/shapes.ts';
import { sumOf } from '../show/numbers.ts';

export interface PreviewRow {
  readonly app: string;
  /** Before and after. */
  readonly shares: ReadonlyMap<string, readonly [number, number]>;
  /** Weights that take requests. */
  readonly before: number;
  readonly after: number;
  /** `after` of `before`. */
  readonly left: number;
}

/** The app of which the least is left comes first. */
export function previewRows({ items }: PreviewAnswer): PreviewRow[] {
  return items
    .map(({ app, before: old, after: next }) => {
      const shares = new Map<string, [number, number]>();
      for (const [at, servers] of [old, next].entries()) {
        for (const { from, share } of servers) {
          const pair = shares.get(from) ?? [0, 0];
          pair[at === 0 ? 0 : 1] += share;
          shares.set(from, pair);
        }
      }
      const before = sumOf(old, ({ weight }) => weight);
      const after = sumOf(next, ({ weight }) => weight);
      return { app, shares, before, after, left: before === 0 ? 1 : after / before };
    })
    .toSorted((a, b) => a.left - b.left || (a.app < b.app ? -1 : 1));
}

/** The place that it is about comes first. */
export function previewPlaces(rows: readonly PreviewRow[], about: string | undefined): string[] {
  const names = new Set(rows.flatMap(({ shares }) => [...shares.keys()]));
  const others = [...names].filter((name) => name !== about && name !== 'vm').toSorted();
  return [
    ...(about !== undefined && names.has(about) ? [about] : []),
    ...others,
    ...(names.has('vm') && about !== 'vm' ? ['vm'] : []),
  ];
}

export function leastLeft([first]: readonly PreviewRow[]): PreviewRow | undefined {
  return first;
}
