// Moving apps from one cluster to another.
//
// Comes in: requests. Goes out: plans, read from live clusters or from backups; carrying one out is a job.
// On failure: what cannot be read is a finding of the plan; a request that is none, a BallastError. Nothing
// is written to any cluster.

import type { AppSources } from '../clusters/cluster.ts';
import { failureOf } from '../clusters/call-failure.ts';
import type { ClusterWorld } from '../clusters/world.ts';
import type { Controller } from '../controller.ts';
import type { AppName } from '../model.ts';
import type {
  AppWorld,
  DestinationWorld,
  EdgeWorld,
  MigrationPlan,
  PlanRequest,
} from './plan/model.ts';
import { planMigration } from './plan/plan.ts';
import { ownerOf, refusal, resolveApp, type AppImportance, type KnownApps } from './read/apps.ts';
import { searchBackups } from './read/backups.ts';
import { withLinks, type Order } from './read/links.ts';
import { namespacesOf, readDestination, readNamespace } from './read/live.ts';
import { trafficOf } from './read/traffic.ts';
import type { MigrationSettings } from './settings.ts';
import { StoreFailure } from './velero/store.ts';
import type { FoundApp } from './velero/velero.ts';

/** What the configuration says, as it now stands. */
export interface MigrationRules {
  readonly sources: AppSources;
  readonly importance: ReadonlyMap<AppName, AppImportance>;
  readonly migration: MigrationSettings;
  readonly base: number;
}

export interface MigrationParts {
  readonly orders: () => readonly Order[];
  readonly world: ClusterWorld;
  readonly controller: Pick<Controller, 'apps' | 'clusters' | 'facts' | 'published'>;
  readonly rules: () => MigrationRules;
  readonly edges: () => readonly EdgeWorld[];
}

export interface Migrations {
  plan(request: PlanRequest): Promise<MigrationPlan>;
}

export function createMigrations(parts: MigrationParts): Migrations {
  return { plan: (request) => plan(parts, request) };
}

async function plan(parts: MigrationParts, request: PlanRequest): Promise<MigrationPlan> {
  const rules = parts.rules();
  const { migration } = rules;
  const apps = await sourceApps(parts, request);
  const orders = parts.orders();
  const order = orders.find(({ settings }) => settings.name === request.to);
  const destination = order && (await destinationOf(parts, order, apps));
  const { images = {}, ingressClasses = {}, storageClasses = {} } = migration;
  return planMigration(request, {
    clusters: orders.map(({ settings }) => settings.name),
    apps: apps.map((app) => withTraffic(parts, app)),
    appOf: ownerOf(rules.sources),
    ...(destination && { destination }),
    edges: parts.edges(),
    mapping: { images, ingressClasses, storageClasses },
    bookings: [],
    base: rules.base,
  });
}

function withTraffic({ controller, rules }: MigrationParts, world: AppWorld): AppWorld {
  const { app } = world;
  const published = controller.published()?.app(app)?.upstream;
  const traffic = trafficOf(controller.facts(app), published, rules().base);
  return traffic ? { ...world, traffic } : world;
}

export function knownApps({ controller, rules }: MigrationParts): KnownApps {
  const { sources, importance } = rules();
  return { sources, importance, names: new Set(controller.apps()) };
}

async function sourceApps(parts: MigrationParts, request: PlanRequest): Promise<AppWorld[]> {
  const known = knownApps(parts);
  const apps = request.apps.map((asked) => resolveApp(asked, known));
  const order = parts.orders().find(({ settings }) => settings.name === request.from);
  if (request.mode === 'offline') return await fromBackups(parts, request.from, apps);
  // A cluster that is not there is a finding of its own.
  if (!order) return apps;
  return await fromCluster(parts, order, apps);
}

async function fromCluster(
  { world, rules }: MigrationParts,
  order: Order,
  apps: readonly AppWorld[],
): Promise<AppWorld[]> {
  const { name, namespaces = [], jobs } = order.settings;
  const { serviceLabel } = rules().sources;
  const read = new Map<string, ReturnType<typeof readNamespace>>();
  try {
    return await withLinks(order, world, async ({ wide, own }) => {
      const namespaceOf = (namespace: string): ReturnType<typeof readNamespace> => {
        const known = read.get(namespace);
        const isJobs = jobs?.namespaces.includes(namespace) === true;
        const asked =
          known ?? readNamespace(isJobs ? own : wide, namespace, isJobs && jobs.secrets === true);
        read.set(namespace, asked);
        return asked;
      };
      const found = apps.map(async (app): Promise<AppWorld> => {
        if (app.trouble) return app;
        const label = `${serviceLabel}=${app.app}`;
        const places =
          app.namespace === undefined
            ? await namespacesOf(wide, label, namespaces)
            : [app.namespace];
        const [namespace] = places;
        if (namespace === undefined || places.length > 1)
          return { ...app, trouble: nowhere(app, name, places) };
        const source = { ...(await namespaceOf(namespace)), origin: { kind: 'live' } as const };
        return { ...app, namespace, source };
      });
      return await Promise.all(found);
    });
  } catch (error) {
    const text = `${name} could not be read: ${failureOf(error).text}; mode offline moves from a backup`;
    return apps.map((app) => ({
      ...app,
      trouble: app.trouble ?? refusal(app.asked, 'source-unread', text),
    }));
  }
}

function nowhere({ asked, app }: AppWorld, cluster: string, places: readonly string[]) {
  const text =
    places.length === 0
      ? `${cluster} has no Service of it`
      : `it is in ${places.join(', ')}: name one, as ${places[0]}/${app}`;
  return refusal(asked, places.length === 0 ? 'no-workload' : 'several-namespaces', text);
}

async function fromBackups(
  parts: MigrationParts,
  cluster: string,
  apps: readonly AppWorld[],
): Promise<AppWorld[]> {
  const settings = parts.rules().migration.backups?.find((one) => one.cluster === cluster);
  const all = (text: string): AppWorld[] =>
    apps.map((app) => ({ ...app, trouble: app.trouble ?? refusal(app.asked, 'no-backup', text) }));
  if (!settings) return all(`migration.backups has nothing of ${cluster}`);
  try {
    const found = await backupsOf(parts, cluster, apps);
    return apps.map((app) => withBackup(app, found.get(app)));
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return all(error.message);
  }
}

/** Of apps whose namespace is known. Throws a StoreFailure. */
export async function backupsOf(
  parts: MigrationParts,
  cluster: string,
  apps: readonly AppWorld[],
): Promise<ReadonlyMap<AppWorld, FoundApp>> {
  const { world, rules } = parts;
  const { migration, sources } = rules();
  const settings = migration.backups?.find((one) => one.cluster === cluster);
  if (!settings) return new Map();
  const order = parts.orders().find((one) => one.settings.name === cluster);
  return await searchBackups(
    {
      settings,
      cluster: order?.settings,
      appOf: ownerOf(sources),
      uids: new Map(),
      clock: world.clock,
      wall: world.wall,
    },
    apps.filter(({ trouble }) => trouble === undefined),
  );
}

export function withBackup(app: AppWorld, found: FoundApp | undefined): AppWorld {
  if (app.trouble) return app;
  if (app.namespace === undefined) {
    const text = `where it was is not known: name its namespace, as NAMESPACE/${app.app}`;
    return { ...app, trouble: refusal(app.asked, 'no-namespace', text) };
  }
  const { backup, passedOver = [] } = found ?? {};
  if (!backup) {
    const words = passedOver.map(({ backup: name, why }) => `${name}: ${why}`);
    const text =
      words.length === 0 ? 'there is no backup' : `no backup will do: ${words.join('; ')}`;
    return { ...app, trouble: refusal(app.asked, 'no-backup', text) };
  }
  const { name, startedAt, warnings, objects, unread } = backup;
  const origin = { kind: 'backup', backup: name, startedAt, warnings, passedOver } as const;
  return { ...app, source: { objects, unread, origin } };
}

async function destinationOf(
  parts: MigrationParts,
  order: Order,
  apps: readonly AppWorld[],
): Promise<DestinationWorld> {
  const { name, jobs } = order.settings;
  const status = parts.controller.clusters().find((one) => one.name === name);
  const ingressNodes = status?.ingressNodes.length ?? 0;
  const own = { ingressNodes, ...(jobs && { jobs }) };
  const objects = apps.flatMap(({ source }) => source?.objects ?? []);
  const ask = {
    namespaces: [...new Set(apps.flatMap(({ namespace }) => namespace ?? []))],
    kinds: new Set(objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)),
    secrets: jobs?.secrets === true,
    headroomPercent: parts.rules().migration.headroomPercent ?? 10,
  };
  try {
    return await withLinks(order, parts.world, async (listings) => ({
      ...(await readDestination(listings, ask)),
      ...own,
    }));
  } catch (error) {
    return { ...UNREAD, ...own, trouble: failureOf(error).text };
  }
}

const UNREAD: Omit<DestinationWorld, 'ingressNodes'> = {
  view: { headroomPercent: 0 },
  overheads: {},
  namespaces: new Map(),
  classes: new Set(),
  classKinds: new Set(),
  unserved: new Set(),
  hosts: new Map(),
};
