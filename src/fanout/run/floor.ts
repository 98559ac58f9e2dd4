// How few pods of an app may serve while it is brought out. Pure.
//
// Comes in: the strategy's floor, and the configuration's for the app; then who gets traffic, and how many
// pods are ready where. Goes out: the floor as a number, frozen with the plan; later why a step would go
// below it. A VM counts as one pod, as the rule has it.

import type { AppName, Upstream } from '../../model.ts';
import type { Strategy } from '../model.ts';
import type { Entry } from '../plan/entry.ts';

export type FloorOf = (app: AppName) => number | undefined;

/** By app; without one of either no number is its floor. */
export function floorsOf(
  entries: readonly Entry[],
  { floor }: Strategy,
  told: FloorOf,
): Record<AppName, number> {
  const before = new Map<AppName, number>();
  for (const entry of entries) {
    const { app } = entry;
    if (app === undefined) continue;
    before.set(app, (before.get(app) ?? 0) + (entry.replicas?.before ?? 0));
  }
  const said = (count: number): number => {
    if (!floor) return 0;
    return 'count' in floor ? floor.count : Math.ceil((count * floor.percent) / 100);
  };
  const all = [...before].map(([app, count]): [AppName, number] => [
    app,
    Math.max(said(count), told(app) ?? 0),
  ]);
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

/** Ready pods where the edges send, by cluster. */
export function servingPods(
  upstream: Upstream | undefined,
  pods: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const servers = (upstream?.servers ?? []).filter(({ weight }) => weight > 0);
  const places = new Set<string>(servers.map(({ from }) => from));
  return new Map([...pods].filter(([from]) => places.has(from)));
}

/** It gets traffic, and no other does. */
export function servesAlone(upstream: Upstream | undefined, cluster: string): boolean {
  const serving = (upstream?.servers ?? []).filter(({ weight }) => weight > 0);
  return serving.length > 0 && serving.every(({ from }) => from === cluster);
}

export interface Taking {
  readonly app: AppName;
  readonly cluster: string;
  /** Absent: all that the cluster has. */
  readonly pods?: number;
}

/** Why not so many may be taken from the traffic; undefined: they may. */
export function belowFloor(
  { app, cluster, pods }: Taking,
  serving: ReadonlyMap<string, number>,
  floor: number | undefined,
): string | undefined {
  const there = serving.get(cluster) ?? 0;
  if (floor === undefined || there === 0) return undefined;
  const all = [...serving.values()].reduce((sum, count) => sum + count, 0);
  const left = all - Math.min(pods ?? there, there);
  if (left >= floor) return undefined;
  return `${left} pods would be left to serve ${app}, and its floor is ${floor}`;
}
