// Moving apps from one cluster to another.
//
// Comes in: requests. Goes out: plans, read from live clusters or from backups, and rehearsals; carrying a
// plan out is a job. On failure: what cannot be read is a finding. Nothing is written to any cluster.

import type { MigrationParts } from './parts.ts';
import type { MigrationPlan, PlanRequest } from './plan/model.ts';
import { planMigration } from './plan/plan.ts';
import { ownerOf } from './read/apps.ts';
import { destinationOf } from './read/destinations.ts';
import { sourceApps, withTraffic } from './read/sources.ts';
import { rehearse } from './rehearsal/rehearsal.ts';
import type { Rehearsal } from './rehearsal/report.ts';

export type { MigrationParts, MigrationRules } from './parts.ts';

export interface Migrations {
  plan(request: PlanRequest): Promise<MigrationPlan>;
  /** One at a time: who asks while one runs gets that one. */
  rehearse(): Promise<Rehearsal>;
  /** The last whole one of this process. */
  rehearsed(): Rehearsal | undefined;
}

export function createMigrations(parts: MigrationParts): Migrations {
  let last: Rehearsal | undefined;
  let running: Promise<Rehearsal> | undefined;
  return {
    plan: (request) => plan(parts, request),
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
