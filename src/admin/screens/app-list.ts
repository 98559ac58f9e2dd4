// Which apps a list shows, in which order. Pure.

import type { Fleet, LiveApp } from '../live/fleet.ts';

export interface AppRow extends LiveApp {
  /** By cluster, and `vm`. */
  readonly shares: ReadonlyMap<string, number>;
  readonly isHeld: boolean;
}

export interface Asked {
  readonly search: string;
  readonly show: string;
  readonly cluster: string;
  readonly by: string;
  readonly down: boolean;
}

/** Where servers can be from, as columns. */
export function placesOf({ clusters, apps }: Fleet): string[] {
  const names = new Set(clusters.map(({ name }) => name));
  let hasVms = false;
  for (const { from = [] } of apps) {
    for (const { name } of from) {
      if (name === 'vm') hasVms = true;
      else names.add(name);
    }
  }
  return [...[...names].toSorted(), ...(hasVms ? ['vm'] : [])];
}

export function rowsOf({ apps, holds }: Fleet): AppRow[] {
  const held = new Set(holds.flatMap(({ app }) => app ?? []));
  return apps.map((app) => ({ ...app, shares: sharesOf(app), isHeld: held.has(app.name) }));
}

function sharesOf({ from = [] }: LiveApp): Map<string, number> {
  let total = 0;
  for (const { weight } of from) total += weight;
  const placed = from.filter(({ servers }) => servers > 0);
  return new Map(placed.map(({ name, weight }) => [name, total === 0 ? 0 : weight / total]));
}

export function chooseRows(rows: readonly AppRow[], asked: Asked): AppRow[] {
  const search = asked.search.toLowerCase();
  const found = rows.filter((row) => fits(row, asked, search));
  const sign = asked.down ? -1 : 1;
  return found.toSorted((a, b) => sign * compare(a, b, asked.by) || byName(a, b));
}

function fits(row: AppRow, { show, cluster }: Asked, search: string): boolean {
  if (show === 'refused' && !row.refused) return false;
  if (show === 'held' && !row.isHeld) return false;
  if (cluster !== '' && !row.shares.has(cluster)) return false;
  if (search === '' || row.name.toLowerCase().includes(search)) return true;
  return row.hosts.some((host) => host.includes(search));
}

function compare(a: AppRow, b: AppRow, by: string): number {
  if (by === 'name') return byName(a, b);
  return valueOf(a, by) - valueOf(b, by);
}

/** Of a cluster's column: its share; an app that is not there comes below one at 0. */
function valueOf(row: AppRow, by: string): number {
  if (by === 'pods' || by === 'servers') return row[by];
  if (by === 'version') return row.version ?? -1;
  if (by === 'state') return (row.refused ? 2 : 0) + (row.isHeld ? 1 : 0);
  return row.shares.get(by.slice('in:'.length)) ?? -1;
}

function byName(a: AppRow, b: AppRow): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
