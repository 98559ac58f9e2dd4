// Shares as the edges measured them over the last minute, and which servers they hold to be unhealthy.
//
// Comes in: cumulative counts of each edge, read now and then. Goes out: the fraction of an app's
// requests that each server got; the edges that leave a server alone. On failure: an edge that does
// not answer contributes what it said before until that is older than the window; one that
// restarted begins anew.

import type { Address, AppName, HealthProbe } from '../model.ts';
import type { EdgeCounts, ServerCount, UnhealthyServer } from './edge-link.ts';

const WINDOW_MS = 60_000;
/** Between kept samples: bounds their number whatever the rate of reading. */
const SPACING_MS = 10_000;

type Counts = Pick<ServerCount, 'requests' | 'failures'>;
type Counted = Omit<ServerCount, 'app' | 'address'>;
type ByApp = ReadonlyMap<AppName, ReadonlyMap<Address, Counted>>;

interface Sample {
  readonly at: number;
  readonly start: string;
  readonly counts: ByApp;
  readonly unhealthy: readonly UnhealthyServer[];
}

/** What one edge has counted at servers since its `start`, as of its newest word. */
export interface Tally extends Counts {
  readonly at: number;
  readonly start: string;
  readonly answers: number;
  readonly seconds: number;
  /** Undefined: it does not count them. */
  readonly inFlight: number | undefined;
}

export interface Statistics {
  add(edge: string, at: number, counts: EdgeCounts): void;
  /** Requests per server of an app within the window; empty before two samples. */
  measured(app: AppName, at: number): ReadonlyMap<Address, number>;
  /** Edges at which a server is unhealthy, for an app that has it asked so; by address. */
  unhealthyAt(probe: HealthProbe | undefined, at: number): ReadonlyMap<Address, readonly string[]>;
  /** Of these servers of an app, within the window, or since then as far as that is known. */
  errors(app: AppName, servers: readonly Address[], at: number, since?: number): Counts;
  /**
   * Requests under way at these servers, as every edge has said since then; undefined: one has not yet,
   * or does not count them.
   */
  inFlight(app: AppName, servers: readonly Address[], since: number): number | undefined;
  /** By edge; who gave no word yet has none. */
  tallies(app: AppName, servers: readonly Address[]): ReadonlyMap<string, Tally>;
}

export function collectStatistics(): Statistics {
  const samples = new Map<string, Sample[]>();

  return {
    add(edge, at, { start, counts, unhealthy }) {
      const kept = (samples.get(edge) ?? []).filter(
        (sample) => sample.start === start && at - sample.at <= WINDOW_MS,
      );
      const [last, before] = [kept.at(-1), kept.at(-2)];
      if (last && before && last.at - before.at < SPACING_MS) kept.pop();
      samples.set(edge, [...kept, { at, start, counts: byApp(counts), unhealthy }]);
    },
    measured(app, at) {
      const total = new Map<Address, number>();
      for (const series of samples.values()) {
        for (const [address, { requests }] of growth(series, app, { at })) {
          if (requests > 0) total.set(address, (total.get(address) ?? 0) + requests);
        }
      }
      return total;
    },
    unhealthyAt(probe, at) {
      const edges = new Map<Address, string[]>();
      for (const [edge, series] of [...samples].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const last = series.at(-1);
        if (!last || at - last.at > WINDOW_MS) continue;
        const found = last.unhealthy.filter((server) => concerns(server, probe));
        for (const address of new Set(found.map((server) => server.address)))
          edges.set(address, [...(edges.get(address) ?? []), edge]);
      }
      return edges;
    },
    errors(app, servers, at, since) {
      const span = since === undefined ? { at } : { at, since };
      const all = [...samples.values()].flatMap((series) => growth(series, app, span));
      const own = all.filter(([address]) => servers.includes(address));
      const sum = (key: keyof Counts): number =>
        own.reduce((total, [, counts]) => total + counts[key], 0);
      return { requests: sum('requests'), failures: sum('failures') };
    },
    inFlight(app, servers, since) {
      const all = [...samples.values()].map((series) => underWay(series.at(-1), app, since));
      if (all.length === 0 || all.some((one) => one === undefined)) return undefined;
      return all
        .flatMap((one) => [...(one ?? [])])
        .filter(([address]) => servers.includes(address))
        .reduce((total, [, count]) => total + count, 0);
    },
    tallies(app, servers) {
      const newest = [...samples].flatMap(([edge, series]) => {
        const last = series.at(-1);
        return last ? [[edge, tallyOf(last, app, servers)] as const] : [];
      });
      return new Map(newest);
    },
  };
}

function tallyOf(sample: Sample, app: AppName, servers: readonly Address[]): Tally {
  const { at, start, counts } = sample;
  const own = [...(counts.get(app) ?? [])].filter(([address]) => servers.includes(address));
  const sum = (key: 'requests' | 'failures' | 'answers' | 'seconds'): number =>
    own.reduce((total, [, counted]) => total + (counted[key] ?? 0), 0);
  const underWayNow = underWay(sample, app, at);
  const inFlight =
    underWayNow && servers.reduce((total, one) => total + (underWayNow.get(one) ?? 0), 0);
  return {
    at,
    start,
    requests: sum('requests'),
    failures: sum('failures'),
    answers: sum('answers'),
    seconds: sum('seconds'),
    inFlight,
  };
}

interface Span {
  readonly at: number;
  /** Absent: the whole window. */
  readonly since?: number;
}

/** What one edge counted for an app between its last sample before the span, or its first of it, and its last. */
function growth(
  series: readonly Sample[],
  app: AppName,
  { at, since = Number.NEGATIVE_INFINITY }: Span,
): [Address, Counts][] {
  const seen = series.filter((sample) => at - sample.at <= WINDOW_MS);
  const first = seen.findLast((sample) => sample.at <= since) ?? seen[0];
  const last = series.at(-1);
  if (!first || !last || first === last) return [];
  const before = first.counts.get(app);
  return [...(last.counts.get(app) ?? [])].map(([address, { requests, failures }]) => {
    const old = before?.get(address);
    return [
      address,
      {
        requests: Math.max(0, requests - (old?.requests ?? 0)),
        failures: Math.max(0, failures - (old?.failures ?? 0)),
      },
    ];
  });
}

/** Where an edge counts no request at all of an app, it has none under way. */
function underWay(
  last: Sample | undefined,
  app: AppName,
  since: number,
): Map<Address, number> | undefined {
  if (!last || last.at < since) return undefined;
  const found = new Map<Address, number>();
  for (const [address, { inFlight }] of last.counts.get(app) ?? []) {
    if (inFlight === undefined) return undefined;
    found.set(address, inFlight);
  }
  return found;
}

/** What requests found is true of every app; what a probe found, of those that ask the same. */
function concerns(server: UnhealthyServer, probe: HealthProbe | undefined): boolean {
  if (server.path === undefined) return true;
  if (probe === undefined) return false;
  const { path, host, https = false } = probe;
  return server.path === path && server.host === host && server.https === https;
}

function byApp(counts: readonly ServerCount[]): ByApp {
  const apps = new Map<AppName, Map<Address, Counted>>();
  for (const { app, address, ...counted } of counts) {
    const servers = apps.get(app) ?? new Map<Address, Counted>();
    servers.set(address, counted);
    apps.set(app, servers);
  }
  return apps;
}
