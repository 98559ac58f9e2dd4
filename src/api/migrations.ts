// Migrations: their plans.
//
// Comes in: which apps, from where to where. Goes out: the plan, with all that stands against it: that is an
// answer, no problem. On failure: a problem body where the caller may not ask. Nothing is written.

import type { Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { timeText } from '../clock.ts';
import { BallastError } from '../errors.ts';
import type { Migrations } from '../migration/migrations.ts';
import type { Rehearsal } from '../migration/rehearsal/report.ts';
import type { MigrationPlan, Origin } from '../migration/plan/model.ts';
import { mayMigrate, type Caller } from './access/caller.ts';
import { outOfScope } from './access/gate.ts';
import { Plan, PlanBody, RehearsalShape } from './migration-shapes.ts';
import { answers } from './shapes.ts';

export interface MigrationParts {
  readonly migrations: Migrations;
}

type Body = Static<typeof PlanBody>;

export function addMigrationRoutes(api: FastifyInstance, { migrations }: MigrationParts): void {
  api.post<{ Body: Body }>(
    '/api/v1/migrations/plan',
    {
      config: { needs: 'migrator' },
      schema: {
        summary: 'What a migration would do, and what stands against it; nothing is touched',
        body: PlanBody,
        response: answers(Plan),
      },
    },
    async ({ body, caller }) => {
      checkScope(caller, body);
      const { mode = 'online', stateful = false, degrade = false, adopt = false } = body;
      return planView(await migrations.plan({ ...body, mode, stateful, degrade, adopt }));
    },
  );
  const answer = async (rehearsal: Promise<Rehearsal>): Promise<object> =>
    rehearsalView(await rehearsal);
  api.post(
    '/api/v1/migrations/rehearse',
    {
      config: { needs: 'migrator', whole: true },
      schema: {
        summary: 'For each cluster, as if it died now: what would come back, and where',
        response: answers(RehearsalShape),
      },
    },
    () => answer(migrations.rehearse()),
  );
  api.get(
    '/api/v1/migrations/rehearsal',
    {
      config: { needs: 'viewer', whole: true },
      schema: { summary: 'The last rehearsal', response: answers(RehearsalShape) },
    },
    () => {
      const last = migrations.rehearsed();
      if (!last) throw new BallastError('not-found', 'this controller has not rehearsed yet');
      return rehearsalView(last);
    },
  );
}

function rehearsalView({ at, clusters }: Rehearsal): object {
  return { at: timeText(at), clusters };
}

function checkScope(caller: Caller, { apps, from, to }: Body): void {
  for (const asked of apps)
    for (const cluster of [from, to]) {
      const app = asked.slice(asked.lastIndexOf('/') + 1);
      if (mayMigrate(caller, { app, cluster })) continue;
      throw outOfScope(caller, `move ${app}, ${cluster}`);
    }
}

function planView({ apps, ...rest }: MigrationPlan): object {
  return {
    ...rest,
    apps: apps.map(({ origin, ...app }) => ({ ...app, ...(origin && { origin: viewed(origin) }) })),
  };
}

function viewed(origin: Origin): object {
  if (origin.kind === 'live') return origin;
  return { ...origin, startedAt: timeText(origin.startedAt) };
}
