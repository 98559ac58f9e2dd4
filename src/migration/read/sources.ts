// The apps of a request, with all that their source has of them: a live cluster, or its backups.
//
// Comes in: apps as they were named. Goes out: each with its objects and where its requests go, or with what
// is wrong. On failure: a trouble of each app that it concerns.

import { failureOf } from '../../clusters/call-failure.ts';
import { MOVED_KINDS, STAYING_KINDS } from '../kinds.ts';
import type { MigrationParts } from '../parts.ts';
import type { AppWorld, PlanRequest } from '../plan/model.ts';
import { StoreFailure } from '../velero/store.ts';
import type { FoundApp } from '../velero/velero.ts';
import { ownerOf, refusal, resolveApp, type KnownApps } from './apps.ts';
import { searchBackups } from './backups.ts';
import { withLinks, type Order } from './links.ts';
import { namespacesOf, readNamespace } from './live.ts';
import { trafficOf } from './traffic.ts';

/** And those of which some may need what moves. */
const KINDS = [...MOVED_KINDS, ...STAYING_KINDS];

export function withTraffic({ controller, rules }: MigrationParts, world: AppWorld): AppWorld {
  const { app } = world;
  const published = controller.published()?.app(app)?.upstream;
  const traffic = trafficOf(controller.facts(app), published, rules().base);
  return traffic ? { ...world, traffic } : world;
}

export function knownApps({ controller, rules }: MigrationParts): KnownApps {
  const { sources, importance } = rules();
  return { sources, importance, names: new Set(controller.apps()) };
}

/** `backup`: that a plan was made by; absent: the newest that will do. */
export async function sourceApps(
  parts: MigrationParts,
  request: PlanRequest,
  backup?: string,
): Promise<AppWorld[]> {
  const known = knownApps(parts);
  const apps = request.apps.map((asked) => resolveApp(asked, known));
  const order = parts.orders().find(({ settings }) => settings.name === request.from);
  if (request.mode === 'offline')
    return await fromBackups(parts, request.from, apps, { only: backup });
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
        const secrets = isJobs && jobs.secrets === true;
        const asked = known ?? readNamespace(isJobs ? own : wide, namespace, secrets, KINDS);
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

interface Wanted {
  /** Of the cluster's namespaces, where they are known. */
  readonly uids?: ReadonlyMap<string, string>;
  /** This backup alone. */
  readonly only?: string | undefined;
}

export async function fromBackups(
  parts: MigrationParts,
  cluster: string,
  apps: readonly AppWorld[],
  { uids = new Map(), only }: Wanted = {},
): Promise<AppWorld[]> {
  const settings = parts.rules().migration.backups?.find((one) => one.cluster === cluster);
  const all = (text: string): AppWorld[] =>
    apps.map((app) => ({ ...app, trouble: app.trouble ?? refusal(app.asked, 'no-backup', text) }));
  if (!settings) return all(`migration.backups has nothing of ${cluster}`);
  try {
    const { world, rules, orders } = parts;
    const order = orders().find((one) => one.settings.name === cluster);
    const { clock, wall } = world;
    const appOf = ownerOf(rules().sources);
    const search = { settings, cluster: order?.settings, appOf, uids, only, clock, wall };
    const found = await searchBackups(
      search,
      apps.filter(({ trouble }) => trouble === undefined),
    );
    return apps.map((app) => withBackup(app, found.get(app)));
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return all(error.message);
  }
}

function withBackup(app: AppWorld, found: FoundApp | undefined): AppWorld {
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
