// A rehearsal: for each cluster, as if it died now.
//
// Comes in: what runs where, by the control loop. Goes out: for each cluster its apps with their newest
// usable backups, and on which rung of the ladder each other cluster would take them all. On failure: what
// cannot be read stands against the apps or the destination. Nothing is written to any cluster.

import type { Booked } from '../capacity/ledger.ts';
import type { MigrationParts } from '../parts.ts';
import type { AppWorld, DestinationWorld, MigrationPlan } from '../plan/model.ts';
import { planMigration } from '../plan/plan.ts';
import { ownerOf, refusal, resolveApp } from '../read/apps.ts';
import { destinationOf } from '../read/destinations.ts';
import { withLinks, type Order } from '../read/links.ts';
import { labelledServices, uidsOf } from '../read/live.ts';
import { fromBackups, knownApps, withTraffic } from '../read/sources.ts';
import { reportOf, type Rehearsal } from './report.ts';

export async function rehearse(parts: MigrationParts): Promise<Rehearsal> {
  const orders = parts.orders();
  const lost: { readonly order: Order; readonly apps: readonly AppWorld[] }[] = [];
  // One after the other: a rehearsal has the night, clusters and buckets have their work.
  for (const order of orders) lost.push({ order, apps: await appsOf(parts, order) });
  const all = lost.flatMap(({ apps }) => apps);
  const destinations = new Map<string, Pick<Move, 'destination' | 'bookings'>>();
  for (const order of orders) {
    const { name } = order.settings;
    const bookings = (await parts.booked?.(name)) ?? [];
    destinations.set(name, { bookings, destination: await destinationOf(parts, order, all) });
  }
  const now = parts.world.wall().getTime();
  return {
    at: now,
    clusters: lost.map(({ order: { settings }, apps }) => {
      const plans = [...destinations]
        .filter(([name]) => name !== settings.name && apps.length > 0)
        .map(([name, there]) => planned(parts, apps, { from: settings.name, to: name, ...there }));
      return reportOf({ cluster: settings.name, apps, plans }, now);
    }),
  };
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly destination: DestinationWorld;
  readonly bookings: readonly Booked[];
}

function planned(
  parts: MigrationParts,
  apps: readonly AppWorld[],
  { from, to, destination, bookings }: Move,
): MigrationPlan {
  const { migration, sources, base } = parts.rules();
  const { images = {}, ingressClasses = {}, storageClasses = {} } = migration;
  const rest = { stateful: false, degrade: true, adopt: false, mode: 'offline' } as const;
  return planMigration(
    { apps: apps.map(({ asked }) => asked), from, to, ...rest },
    {
      clusters: [from, to],
      apps: apps.map((app) => withTraffic(parts, app)),
      appOf: ownerOf(sources),
      destination,
      edges: parts.edges(),
      mapping: { images, ingressClasses, storageClasses },
      bookings,
      base,
    },
  );
}

/** What runs there now, with what its backups have of it. */
async function appsOf(parts: MigrationParts, order: Order): Promise<AppWorld[]> {
  const { name } = order.settings;
  const running = parts.controller.apps().filter((app) => runsIn(parts, app, name));
  if (running.length === 0) return [];
  const { places, uids } = await placesIn(parts, order);
  const known = knownApps(parts);
  const apps = running.map((app): AppWorld => {
    const world = resolveApp(app, known);
    if (world.trouble ?? world.namespace) return world;
    const found = places.get(app) ?? [];
    const [namespace] = found;
    if (namespace !== undefined && found.length === 1) return { ...world, namespace };
    const text =
      found.length === 0
        ? `where it is in ${name} could not be read`
        : `it is in ${found.join(', ')}`;
    return { ...world, trouble: refusal(app, 'several-namespaces', text) };
  });
  return await fromBackups(parts, name, apps, { uids });
}

function runsIn({ controller }: MigrationParts, app: string, cluster: string): boolean {
  const count = controller.facts(app)?.inventory.clusters.find((one) => one.cluster === cluster);
  if (!count?.kept) return (count?.pods ?? 0) > 0;
  const servers = controller.published()?.app(app)?.upstream.servers ?? [];
  return servers.some(({ from }) => from === cluster);
}

interface Places {
  /** Of discovered apps: in which namespaces they are. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  readonly uids: ReadonlyMap<string, string>;
}

/** Nothing of a cluster that does not answer: it is dead already. */
async function placesIn({ world, rules }: MigrationParts, order: Order): Promise<Places> {
  const label = rules().sources.serviceLabel;
  const { namespaces = [] } = order.settings;
  try {
    return await withLinks(order, world, async ({ wide }) => ({
      places: label === undefined ? new Map() : await labelledServices(wide, label, namespaces),
      uids: await uidsOf(wide),
    }));
  } catch {
    return { places: new Map(), uids: new Map() };
  }
}
