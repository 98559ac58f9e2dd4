// Jobs: what runs, what it came to, and what people say to it; and fan-outs, which begin here.
//
// Comes in: reads at any controller, words at the leader or forwarded to it. Goes out: jobs; a plan where
// it was asked for alone. On failure: `plan-invalid` with every fault, `plan-moved` where the world is not
// the one of the plan that was looked at; nothing is created then.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { BallastError } from '../errors.ts';
import { shownPlan } from '../fanout/plan/shown.ts';
import type { Submission, Submitted } from '../fanout/run/submit.ts';
import { COMMANDS, type CommandName } from '../jobs/commands.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { JOB_STATES, type Job } from '../jobs/record.ts';
import { mayRun, seesJob, type Caller } from './access/caller.ts';
import { checkSeen, outOfScope } from './access/gate.ts';
import { forward, type ForwardParts } from './forward.ts';
import { FanoutPlan, JobAnswer, JobSummary, viewHead, viewJob } from './job-shapes.ts';
import { JOB_BYTES } from './requests.ts';
import { answers, items } from './shapes.ts';

export interface JobRouteParts extends ForwardParts {
  readonly jobs: Jobs;
  /** Against what lives in the clusters now. */
  readonly plan: (submission: Submission) => Promise<Submitted>;
}

const VIEW = { needs: 'viewer' } as const;
const RUN = { needs: 'migrator' } as const;

const closed = { additionalProperties: false } as const;
const ID = Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,80}[A-Za-z0-9])?$' });
const JobParams = Type.Object({ id: ID });
const ListQuery = Type.Object(
  {
    state: Type.Optional(Type.Enum([...JOB_STATES])),
    app: Type.Optional(Type.String({ maxLength: 63 })),
  },
  closed,
);
const CommandQuery = Type.Object(
  { step: Type.Optional(Type.String({ maxLength: 200, description: 'of retry and skip' })) },
  closed,
);
/** Or none at all. */
const ApproveBody = Type.Unsafe<{ readonly asks?: string } | undefined>({
  ...Type.Object(
    {
      asks: Type.Optional(
        Type.String({ maxLength: 500, description: 'refused where it asks for anything else' }),
      ),
    },
    closed,
  ),
  type: ['object', 'null'],
});
const flag = Type.Optional(Type.Boolean());
const names = Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 1000 }));
const FanoutBody = Type.Object(
  {
    files: Type.Array(
      Type.Object({ name: Type.String({ maxLength: 200 }), text: Type.String() }, closed),
      { minItems: 1, maxItems: 1000, description: 'manifests, as of ballast fanout plan -f' },
    ),
    digest: Type.Optional(
      Type.String({ maxLength: 200, description: 'of the plan that was looked at' }),
    ),
    name: Type.Optional(Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$' })),
    federatedNamespaces: names,
    karmadaDivision: Type.Optional(Type.Enum(['webster', 'legacy'])),
    reschedule: flag,
    adopt: flag,
    prune: flag,
    strictTotal: flag,
    cronJobs: flag,
    initContainers: flag,
    registries: names,
    returning: names,
    room: Type.Optional(Type.Boolean({ description: 'look whether the pods find room' })),
    headroom: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 99,
        description: 'percent of each node that stays free',
      }),
    ),
    degrade: Type.Optional(Type.Boolean({ description: 'halve and defer where they do not' })),
  },
  closed,
);
const FanoutQuery = Type.Object({ dryRun: flag }, closed);

export function addJobRoutes(api: FastifyInstance, parts: JobRouteParts): void {
  const { jobs } = parts;

  api.get<{ Querystring: Static<typeof ListQuery> }>(
    '/api/v1/jobs',
    {
      config: VIEW,
      schema: {
        summary: 'Jobs, the newest first',
        querystring: ListQuery,
        response: answers(items(JobSummary)),
      },
    },
    async ({ caller, query: { state, app } }) => {
      const seen = (await jobs.heads()).filter(
        (head) =>
          seesJob(caller, head) &&
          (state ?? head.state) === head.state &&
          (app === undefined || head.apps.includes(app)),
      );
      return { items: seen.map((head) => viewHead(head, jobs.waits(head.id))) };
    },
  );
  api.get<{ Params: Static<typeof JobParams> }>(
    '/api/v1/jobs/:id',
    {
      config: VIEW,
      schema: {
        summary: 'A job, with its plan and every step',
        params: JobParams,
        response: answers(JobAnswer),
      },
    },
    async ({ caller, params: { id } }) => {
      const job = await jobs.read(id);
      if (!job || !seesJob(caller, job)) throw unknown(id);
      return viewJob(job, jobs);
    },
  );
  for (const name of COMMANDS) addCommand(api, parts, name);

  api.post<{ Body: Static<typeof FanoutBody>; Querystring: Static<typeof FanoutQuery> }>(
    '/api/v1/fanouts',
    {
      config: RUN,
      schema: {
        summary: 'Begins a fan-out; with ?dryRun= its plan alone',
        body: FanoutBody,
        querystring: FanoutQuery,
        response: answers(FanoutPlan, { 201: JobSummary }),
      },
      bodyLimit: JOB_BYTES,
    },
    async (request, reply) => {
      const { body, query, caller } = request;
      if (await forward(parts, request, reply)) return reply;
      const { digest, files, ...options } = body;
      const submitted = await parts.plan({ files, ...options, who: caller.name });
      const { draft, faults, staging } = submitted;
      checkRun(caller, submitted);
      if (query.dryRun === true) return shownPlan(submitted.plan);
      if (digest !== undefined && digest !== submitted.plan.digest) {
        const text = `the plan would now have the digest ${submitted.plan.digest}`;
        throw new BallastError('plan-moved', text);
      }
      if (!draft) throw new BallastError('plan-invalid', faults.join('; '));
      const job = await jobs.create(draft, staging);
      void reply.code(201);
      return viewHead(job);
    },
  );
}

/** A plan tells what lives in the clusters: nobody is shown one of what is not theirs. */
function checkRun(caller: Caller, { draft, plan, faults }: Submitted): void {
  const { apps = [] } = draft ?? {};
  const clusters = [...new Set(plan.entries.map(({ cluster }) => cluster))];
  if (mayRun(caller, { apps, clusters })) return;
  // Whose apps they would be is not known.
  if (!draft) throw new BallastError('plan-invalid', faults.join('; '));
  for (const app of apps) checkSeen(caller, { app });
  for (const cluster of clusters) checkSeen(caller, { cluster });
  throw outOfScope(caller, `run a job on ${apps.join(', ')}`);
}

function addCommand(api: FastifyInstance, parts: JobRouteParts, name: CommandName): void {
  const { jobs } = parts;
  api.post<{
    Params: Static<typeof JobParams>;
    Querystring: Static<typeof CommandQuery>;
    Body: Static<typeof ApproveBody>;
  }>(
    `/api/v1/jobs/:id/${name}`,
    {
      config: RUN,
      schema: {
        summary: SUMMARIES[name],
        params: JobParams,
        querystring: CommandQuery,
        ...(name === 'approve' && { body: ApproveBody }),
        response: answers(JobSummary),
      },
    },
    async (request, reply) => {
      const { caller, params, query } = request;
      if (await forward(parts, request, reply)) return reply;
      const job = await jobs.read(params.id);
      if (!job || !seesJob(caller, job)) throw unknown(params.id);
      if (!mayRun(caller, job)) throw outOfScope(caller, `say anything to job ${params.id}`);
      const { step } = query;
      const asks = name === 'approve' ? request.body?.asks : undefined;
      const word = {
        name,
        who: caller.name,
        ...(step !== undefined && { step }),
        ...(asks !== undefined && { asks }),
      };
      return viewHead(await jobs.command(params.id, word));
    },
  );
}

const SUMMARIES: Readonly<Record<CommandName, string>> = {
  pause: 'Nothing more is written; holds stay',
  resume: 'Goes on where it was paused',
  abort: 'Takes back what it wrote, and its holds',
  retry: 'Makes what failed again; lets a blocked one go on',
  skip: 'Goes on as if a step had gone well',
  approve: 'Approves what it waits for',
};

function unknown(id: Job['id']): BallastError {
  return new BallastError('job-unknown', `no job ${id}`);
}
