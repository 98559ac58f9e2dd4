// Moving apps from one cluster to another.
//
// Comes in: requests. Goes out: plans, read from live clusters or from backups, and rehearsals; carrying a
// plan out is a job (run/run.ts). On failure: what cannot be read is a finding. Nothing is written to any
// cluster here.

import type { Draft } from '../jobs/record.ts';
import type { ClusterName } from '../model.ts';
import type { HookSettings } from './hooks/settings.ts';
import { NOTHING_ADDED, type Additions } from './capacity/need.ts';
import type { MigrationParts } from './parts.ts';
import type { JobPlan } from './flow/next.ts';
import { lookAgain } from './plan/again.ts';
import type { AppWorld, MigrationPlan, PlannedApp, PlanRequest, PlanWorld } from './plan/model.ts';
import { planMigration } from './plan/plan.ts';
import { ownerOf } from './read/apps.ts';
import { destinationOf } from './read/destinations.ts';
import { sourceApps, withTraffic } from './read/sources.ts';
import { rehearse } from './rehearsal/rehearsal.ts';
import { withLinks, type Order } from './read/links.ts';
import { readAdditions } from './read/live.ts';
import type { Rehearsal } from './rehearsal/report.ts';
import { gatesOf, limitsOf, type GatesSettings, type LimitsSettings } from './run/settings.ts';
import { draftMove, type MoveSubmission } from './run/submit.ts';
import type { Look, MoveWorld } from './run/world.ts';
import type { MigrationSettings } from './settings.ts';

export type { MigrationParts, MigrationRules } from './parts.ts';

export interface Migrations extends MoveWorld {
  plan(request: PlanRequest): Promise<MigrationPlan>;
  /** As a job before it is one. Throws what stands against it. */
  draft(asked: AskedMove): Promise<Draft>;
  /** Whoever else has a word, as the configuration has them now. */
  hooks(): readonly HookSettings[];
  /** One at a time: who asks while one runs gets that one. */
  rehearse(): Promise<Rehearsal>;
  /** The last whole one of this process. */
  rehearsed(): Rehearsal | undefined;
}

export interface AskedMove extends Omit<MoveSubmission, 'gates' | 'limits'> {
  /** Instead of the configuration's. */
  readonly gates?: GatesSettings | undefined;
  readonly limits?: LimitsSettings | undefined;
}

export function createMigrations(parts: MigrationParts): Migrations {
  let last: Rehearsal | undefined;
  let running: Promise<Rehearsal> | undefined;
  return {
    plan: (request) => plan(parts, request),
    async draft({ gates = {}, limits = {}, ...asked }) {
      const { migration } = parts.rules();
      const care = {
        gates: gatesOf(migration.gates ?? {}, gates),
        limits: limitsOf(migration.limits ?? {}, limits),
      };
      return draftMove({ ...asked, ...care }, await plan(parts, asked.request));
    },
    look: (asked, app) => look(parts, asked, app),
    objects: (asked, app) => objects(parts, asked, app),
    additions: (cluster, namespace) => additions(parts, cluster, namespace),
    hooks: () => parts.rules().migration.hooks ?? [],
    rehearse() {
      running ??= rehearse(parts)
        .then((done) => (last = done))
        .finally(() => (running = undefined));
      return running;
    },
    rehearsed: () => last,
  };
}

async function plan(parts: MigrationParts, request: PlanRequest): Promise<MigrationPlan> {
  return planMigration(request, await worldOf(parts, request, await sourceApps(parts, request)));
}

/** Room aside: what others have booked is asked for when this books. */
async function look(parts: MigrationParts, plan: JobPlan, app: PlannedApp): Promise<Look> {
  const request = { ...plan.request, apps: [askedFor(app)] };
  const world = await worldOf(parts, request, await sourceApps(parts, request, backupOf(app)));
  const destination = world.destination?.view;
  const again = lookAgain(request, world, app.replicas?.after ?? 0);
  return { ...again, ...(destination && { destination }) };
}

async function objects(
  parts: MigrationParts,
  plan: JobPlan,
  app: PlannedApp,
): Promise<Look['objects']> {
  const request = { ...plan.request, apps: [askedFor(app)] };
  const apps = await sourceApps(parts, request, backupOf(app));
  const { sources, migration, base } = parts.rules();
  const world = { apps, clusters: [], appOf: ownerOf(sources), edges: [], bookings: [], base };
  const known = { ...world, mapping: mappingOf(migration) };
  return lookAgain(request, known, app.replicas?.after ?? 0).objects;
}

async function additions(
  { orders, world }: MigrationParts,
  cluster: ClusterName,
  namespace: string,
): Promise<Additions> {
  const order = orders().find(({ settings }) => settings.name === cluster);
  if (!order) return NOTHING_ADDED;
  return withLinks(order, world, (listings) => readAdditions(listings, namespace));
}

const backupOf = ({ origin }: PlannedApp): string | undefined =>
  origin?.kind === 'backup' ? origin.backup : undefined;

const askedFor = ({ app, namespace }: PlannedApp): string =>
  namespace === undefined ? app : `${namespace}/${app}`;

async function worldOf(
  parts: MigrationParts,
  request: PlanRequest,
  apps: readonly AppWorld[],
): Promise<PlanWorld> {
  const { sources, migration, base } = parts.rules();
  const orders = parts.orders();
  const settingsOf = (name: string) => orders.find(({ settings }) => settings.name === name);
  const order = settingsOf(request.to);
  const source = settingsOf(request.from);
  // Before the cluster: whose room was given back in between has pods there by then.
  const bookings = (await parts.booked?.(request.to)) ?? [];
  const destination = order && (await destinationOf(parts, order, apps));
  return {
    clusters: orders.map(({ settings }) => settings.name),
    apps: apps.map((app) => withTraffic(parts, app)),
    appOf: ownerOf(sources),
    ...(destination && { destination }),
    ...(source && { source: { ...jobsOf(source), answers: answers(parts, request.from) } }),
    edges: parts.edges(),
    mapping: mappingOf(migration),
    bookings,
    debts: parts.controller.published()?.held.debts ?? [],
    base,
  };
}

/** To those who watch it. */
function answers({ controller }: MigrationParts, cluster: ClusterName): boolean {
  return controller.clusters().some(({ name, state }) => name === cluster && state === 'fresh');
}

/** Whoever deletes there must be let in there. */
function jobsOf({ settings: { jobs } }: Order): NonNullable<PlanWorld['source']> {
  return jobs ? { jobs } : {};
}

function mappingOf(settings: MigrationSettings): PlanWorld['mapping'] {
  const { images = {}, ingressClasses = {}, storageClasses = {} } = settings;
  return { images, ingressClasses, storageClasses };
}
