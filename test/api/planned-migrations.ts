// Migrations that are planned from one world in memory; nobody carries them out.

import type { Migrations } from '../../src/migration/migrations.ts';
import type { MigrationPlan, PlanRequest } from '../../src/migration/plan/model.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { reportOf, type Rehearsal } from '../../src/migration/rehearsal/report.ts';
import { gatesOf, limitsOf } from '../../src/migration/run/settings.ts';
import { draftMove } from '../../src/migration/run/submit.ts';
import { REQUEST, world } from '../migration/plan/plan-world.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';

/** Over a world that has something of everything. */
const plan = (request: PlanRequest): MigrationPlan => planMigration(request, world());
const rehearsal = (): Rehearsal => {
  const { apps } = world();
  const plans = [plan({ ...REQUEST, mode: 'offline', degrade: true })];
  return { at: 0, clusters: [reportOf({ cluster: 'east', apps, plans }, 0)] };
};
export const PLANNED: Migrations = {
  ...NO_MIGRATIONS,
  plan: async (request) => plan(request),
  draft: async ({ request, digest, who, gates = {}, limits = {} }) => {
    const care = { gates: gatesOf(gates), limits: limitsOf(limits) };
    return draftMove({ request, digest, who, ...care }, plan(request));
  },
  rehearse: async () => rehearsal(),
  rehearsed: rehearsal,
};
