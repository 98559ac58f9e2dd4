// Debts: what finished migrations still have to delete at their sources.
//
// Comes in: reads; a person's consent, or his word that nothing is owed any more. Goes out: debts, what of
// them lives now, and the job that deletes it. On failure: a problem body; `plan-moved` where what lives is
// not what was looked at. Nothing is deleted then.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { HOLDS } from '../edges/document.ts';
import { BallastError } from '../errors.ts';
import type { WriterOf } from '../fanout/run/writes.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { draftOf, previewDebt } from '../migration/debts/preview.ts';
import type { Debt } from '../model.ts';
import { debtHoldId, findDebt, settleDebt } from '../words/of-debts.ts';
import { mayMigrate, sees, type Caller } from './access/caller.ts';
import { outOfScope } from './access/gate.ts';
import { DebtNow, DebtSummary, viewDebt, viewDebtNow, type DebtView } from './debt-shapes.ts';
import { forward } from './forward.ts';
import { plainText } from './hold-shapes.ts';
import { JobSummary, viewHead } from './job-shapes.ts';
import { answers, items, PROBLEMS, WRITE_ANSWERS } from './shapes.ts';
import { createSpeak, WriteQuery, type SpeakParts } from './speak.ts';
import { standsHeld } from './stands.ts';

export interface DebtRouteParts extends SpeakParts {
  readonly jobs: Jobs;
  readonly writerOf: WriterOf;
  readonly wall: () => Date;
}

const VIEW = { needs: 'viewer' } as const;
const MIGRATE = { needs: 'migrator' } as const;

const closed = { additionalProperties: false } as const;
const Params = Type.Object({
  id: Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,180}[A-Za-z0-9])?$' }),
});
const ConsentBody = Type.Object(
  { digest: Type.String({ maxLength: 200, description: 'of what was looked at' }) },
  closed,
);
const SettleBody = Type.Object(
  {
    why: Type.String({ minLength: 1, maxLength: 500 }),
    confirm: Type.Optional(Type.String({ description: 'the cluster; not of a dry run' })),
  },
  closed,
);

export function addDebtRoutes(api: FastifyInstance, parts: DebtRouteParts): void {
  const { controller, jobs, writerOf } = parts;
  const view = (): DebtView => ({ clusters: controller.clusters(), now: parts.wall().getTime() });
  const debts = (): readonly Debt[] => controller.published()?.held.debts ?? [];
  /** One that the caller does not see is not there. */
  const find = (id: string, caller: Caller): Debt =>
    findDebt({ debts: debts().filter(({ app }) => sees(caller, app)) }, id);
  const mine = (id: string, caller: Caller): Debt => {
    const debt = find(id, caller);
    const { app, cluster } = debt;
    if (mayMigrate(caller, { app, cluster })) return debt;
    throw outOfScope(caller, `settle what ${app} owes in ${cluster}`);
  };

  api.get(
    '/api/v1/migrations/debts',
    {
      config: VIEW,
      schema: {
        summary: 'What finished migrations still have to delete at their sources',
        response: answers(items(DebtSummary)),
      },
    },
    ({ caller }) => {
      const now = view();
      const seen = debts().filter(({ app }) => sees(caller, app));
      return { items: seen.map((debt) => viewDebt(debt, now)) };
    },
  );
  api.get<{ Params: Static<typeof Params> }>(
    '/api/v1/migrations/debts/:id',
    {
      config: MIGRATE,
      schema: {
        summary: 'A debt, and what of it lives at the source now: what consent would delete',
        params: Params,
        response: answers(DebtNow),
      },
    },
    async ({ caller, params: { id } }) =>
      viewDebtNow(await previewDebt(mine(id, caller), writerOf), view()),
  );
  api.post<{ Params: Static<typeof Params>; Body: Static<typeof ConsentBody> }>(
    '/api/v1/migrations/debts/:id/consent',
    {
      config: MIGRATE,
      schema: {
        summary: 'Begins the job that deletes what is owed, once it is proved that nobody asks it',
        params: Params,
        body: ConsentBody,
        response: { 201: JobSummary, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { caller, params, body } = request;
      if (await forward(parts, request, reply)) return reply;
      const preview = await previewDebt(mine(params.id, caller), writerOf);
      const job = await jobs.create(draftOf(preview, { who: caller.name, digest: body.digest }));
      void reply.code(201);
      return viewHead(job);
    },
  );
  const speak = createSpeak(parts);
  api.post<{ Params: Static<typeof Params>; Body: Static<typeof SettleBody> }>(
    '/api/v1/migrations/debts/:id/settle',
    {
      config: MIGRATE,
      schema: {
        summary: 'Says that nothing is owed any more: nothing is deleted, and the drain ends',
        params: Params,
        body: SettleBody,
        querystring: WriteQuery,
        response: WRITE_ANSWERS,
      },
    },
    async (request, reply) =>
      speak(request, reply, (who) => {
        const { caller, params, body, query } = request;
        const { id, app, cluster } = mine(params.id, caller);
        const { dryRun: isDry } = query as Static<typeof WriteQuery>;
        if (isDry !== true && body.confirm !== cluster) {
          throw new BallastError('confirm-missing', `say "confirm": "${cluster}"`);
        }
        const hold = debtHoldId(id);
        return {
          word: settleDebt(who, { id, how: plainText(body.why, 'body') }),
          concerns: (one) => one === app || one === HOLDS,
          stands: standsHeld([], [hold]),
          told: { ids: [hold] },
        };
      }),
  );
}
