// Shares as the edges measured them over the last minute.
//
// Comes in: cumulative counts of each edge, read now and then. Goes out: the fraction of an app's
// requests that each server got. On failure: an edge that does not answer contributes what it said
// before until that is older than the window; one that restarted begins anew.

import type { Address, AppName } from '../model.ts';
import type { EdgeCounts, ServerCount } from './edge-link.ts';

const WINDOW_MS = 60_000;
/** Between kept samples: bounds their number whatever the rate of reading. */
const SPACING_MS = 10_000;

type Requests = ReadonlyMap<AppName, ReadonlyMap<Address, number>>;

interface Sample {
  readonly at: number;
  readonly start: string;
  readonly requests: Requests;
}

export interface Statistics {
  add(edge: string, at: number, counts: EdgeCounts): void;
  /** Requests per server of an app within the window; empty before two samples. */
  measured(app: AppName, at: number): ReadonlyMap<Address, number>;
}

export function collectStatistics(): Statistics {
  const samples = new Map<string, Sample[]>();

  return {
    add(edge, at, { start, counts }) {
      const kept = (samples.get(edge) ?? []).filter(
        (sample) => sample.start === start && at - sample.at <= WINDOW_MS,
      );
      const [last, before] = [kept.at(-1), kept.at(-2)];
      if (last && before && last.at - before.at < SPACING_MS) kept.pop();
      samples.set(edge, [...kept, { at, start, requests: byApp(counts) }]);
    },
    measured(app, at) {
      const total = new Map<Address, number>();
      for (const series of samples.values()) {
        for (const [address, grown] of growth(series, app, at)) {
          total.set(address, (total.get(address) ?? 0) + grown);
        }
      }
      return total;
    },
  };
}

/** What one edge counted for an app between its first and last sample of the window. */
function growth(series: readonly Sample[], app: AppName, at: number): [Address, number][] {
  const first = series.find((sample) => at - sample.at <= WINDOW_MS);
  const last = series.at(-1);
  if (!first || !last || first === last) return [];
  const before = first.requests.get(app);
  const grown: [Address, number][] = [];
  for (const [address, requests] of last.requests.get(app) ?? []) {
    grown.push([address, requests - (before?.get(address) ?? 0)]);
  }
  return grown.filter(([, requests]) => requests > 0);
}

function byApp(counts: readonly ServerCount[]): Requests {
  const apps = new Map<AppName, Map<Address, number>>();
  for (const { app, address, requests } of counts) {
    const servers = apps.get(app) ?? new Map<Address, number>();
    servers.set(address, requests);
    apps.set(app, servers);
  }
  return apps;
}
