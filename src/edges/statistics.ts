// Shares as the edges measured them over the last minute.
//
// Comes in: cumulative counts of each edge, read now and then. Goes out: the fraction of an app's
// requests that each server got. On failure: an edge that does not answer contributes what it said
// before until that is older than the window; one that restarted begins anew.

import type { AppName, Address } from '../model.ts';
import type { EdgeCounts } from './edge-link.ts';

const WINDOW_MS = 60_000;

interface Sample {
  readonly at: number;
  readonly start: string;
  readonly requests: ReadonlyMap<string, number>;
}

export interface Statistics {
  add(edge: string, at: number, counts: EdgeCounts): void;
  /** Requests per server of an app within the window; empty before two samples. */
  measured(app: AppName, at: number): ReadonlyMap<Address, number>;
}

export function collectStatistics(): Statistics {
  const samples = new Map<string, Sample[]>();
  const key = (app: AppName, address: Address): string => `${app} ${address}`;

  return {
    add(edge, at, counts) {
      const requests = new Map(
        counts.counts.map((count) => [key(count.app, count.address), count.requests]),
      );
      const kept = (samples.get(edge) ?? []).filter(
        (sample) => sample.start === counts.start && at - sample.at <= WINDOW_MS,
      );
      samples.set(edge, [...kept, { at, start: counts.start, requests }]);
    },
    measured(app, at) {
      const total = new Map<Address, number>();
      for (const series of samples.values()) {
        const first = series.find((sample) => at - sample.at <= WINDOW_MS);
        const last = series.at(-1);
        if (!first || !last || first === last) continue;
        for (const [name, requests] of last.requests) {
          if (!name.startsWith(`${app} `)) continue;
          const address = name.slice(app.length + 1);
          const grown = requests - (first.requests.get(name) ?? 0);
          if (grown > 0) total.set(address, (total.get(address) ?? 0) + grown);
        }
      }
      return total;
    },
  };
}
