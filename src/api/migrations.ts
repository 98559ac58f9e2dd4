// Migrations: their plans, and how they begin.
//
// Comes in: which apps, from where to where. Goes out: the plan, with all that stands against it: that is an
// answer, no problem; or the job that carries it out. On failure: a problem body: the caller may not ask, the
// plan is refused (`plan-invalid`) or another than the one that was looked at (`plan-moved`); nothing is
// begun then.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { timeText } from '../clock.ts';
import { BallastError } from '../errors.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Migrations } from '../migration/migrations.ts';
import type { Rehearsal } from '../migration/rehearsal/report.ts';
import type { MigrationPlan, Origin, PlanRequest } from '../migration/plan/model.ts';
import { mayMigrate, mayRun, type Caller } from './access/caller.ts';
import { checkSeen, outOfScope } from './access/gate.ts';
import { forward, type ForwardParts } from './forward.ts';
import { JobSummary, viewHead } from './job-shapes.ts';
import { MoveBody, Plan, PlanBody, RehearsalShape } from './migration-shapes.ts';
import { JOB_BYTES } from './requests.ts';
import { answers } from './shapes.ts';

export interface MigrationParts {
  readonly migrations: Migrations;
}

interface RouteParts extends MigrationParts, ForwardParts {
  /** Absent: none are run. */
  readonly jobs?: Jobs;
}

type Body = Static<typeof PlanBody>;
type Moved = Static<typeof MoveBody>;
const MoveQuery = Type.Object(
  { dryRun: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

export function addMigrationRoutes(api: FastifyInstance, parts: RouteParts): void {
  const { migrations, jobs } = parts;
  if (jobs) addMoveRoute(api, { ...parts, jobs });
  api.post<{ Body: Body }>(
    '/api/v1/migrations/plan',
    {
      config: { needs: 'migrator' },
      schema: {
        summary: 'What a migration would do, and what stands against it; nothing is touched',
        body: PlanBody,
        response: answers(Plan),
      },
      bodyLimit: JOB_BYTES,
    },
    async ({ body, caller }) => {
      checkScope(caller, body);
      return planView(await migrations.plan(requestOf(body)));
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

/** What is left out is the careful choice. */
function requestOf({ apps, from, to, ...rest }: Body): PlanRequest {
  const { mode = 'online', stateful = false, degrade = false, adopt = false } = rest;
  return { apps, from, to, mode, stateful, degrade, adopt };
}

function addMoveRoute(api: FastifyInstance, parts: RouteParts & { readonly jobs: Jobs }): void {
  const { migrations, jobs } = parts;
  api.post<{ Body: Moved; Querystring: Static<typeof MoveQuery> }>(
    '/api/v1/migrations',
    {
      config: { needs: 'migrator' },
      schema: {
        summary: 'Begins a migration; with ?dryRun= its plan alone',
        body: MoveBody,
        querystring: MoveQuery,
        response: answers(Plan, { 201: JobSummary }),
      },
      bodyLimit: JOB_BYTES,
    },
    async (request, reply) => {
      const { body, query, caller } = request;
      checkScope(caller, body);
      if (await forward(parts, request, reply)) return reply;
      const { digest, gates, limits } = body;
      const asked = requestOf(body);
      if (query.dryRun === true) return planView(await migrations.plan(asked));
      const care = { digest, gates, limits };
      const draft = await migrations.draft({ request: asked, ...care, who: caller.name });
      if (!mayRun(caller, draft)) throw outOfScope(caller, `run a job on ${draft.apps.join(', ')}`);
      const job = await jobs.create(draft);
      void reply.code(201);
      return viewHead(job);
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
      checkSeen(caller, { app, cluster });
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
