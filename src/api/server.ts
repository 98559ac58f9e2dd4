// The HTTP interface: what is seen, weighed and published; holds and other words are written.
//
// Comes in: requests of callers that access/ knows. Goes out: JSON, as much of it as the caller may see,
// and RFC 9457 problem bodies. On failure: Redis and clusters in trouble never make an answer wait:
// everything is read from memory.

import { Type } from 'typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { guardRoutes } from './access/gate.ts';
import type { Certificate } from './certificate.ts';
import { addDebtRoutes, type DebtRouteParts } from './debts.ts';
import { addConfirmEdgesRoute } from './confirm-edges.ts';
import { addDocumentRoutes, type DocumentParts } from './documents.ts';
import { addEventRoutes, type EventParts } from './events.ts';
import { addHistoryRoutes } from './history.ts';
import { addMigrationRoutes, type MigrationParts } from './migrations.ts';
import { addHoldRoutes } from './holds.ts';
import { addJobRoutes, type JobRouteParts } from './jobs.ts';
import { refuseUnrouted } from './methods.ts';
import { answerOnce, type OnceParts } from './once.ts';
import { addOpenApiRoutes, describeRoutes } from './openapi.ts';
import { addPageRoutes, type PageFiles } from './page.ts';
import { logProblems, placeOf, problem, type ProblemLog, REQUEST_ID } from './problem.ts';
import { addReadRoutes, type ReadParts } from './reads.ts';
import { noteRefusals } from './refusals.ts';
import { faultOf, readBodies, refuseQueries, requestOptions } from './requests.ts';
import { addRetireRoute, type RetireParts } from './retire.ts';
import { addRevertRoute, type RevertParts } from './revert.ts';
import { answers, METRICS } from './shapes.ts';
import { addWeightsRoutes, type WeightsParts } from './weights.ts';
import { addCallerRoute } from './who.ts';

export interface ApiParts
  extends ReadParts,
    DocumentParts,
    RetireParts,
    RevertParts,
    MigrationParts,
    Pick<OnceParts, 'notes'>,
    EventParts,
    Pick<WeightsParts, 'pollers'>,
    Partial<Pick<JobRouteParts, 'plan'>>,
    Partial<Pick<DebtRouteParts, 'writerOf'>> {
  readonly ready: () => { readonly ready: boolean; readonly why: string };
  readonly environment: string;
  /** Absent: it was not built. */
  readonly page?: PageFiles;
  /** By what the caller accepts. */
  readonly metrics: (accept: string | undefined) => Promise<{ type: string; text: string }>;
  /** By the route as it is declared: paths would be without bound. */
  readonly answered?: (route: string, code: number) => void;
  /** Absent: nobody reads it. */
  readonly log?: ProblemLog;
  /** Absent: plain HTTP. */
  readonly certificate?: Certificate;
  /** It is served below this path too: a proxy may leave it on. */
  readonly basePath?: string;
}

const OPEN = { needs: 'nothing' } as const;
const ALL = { needs: 'viewer', whole: true } as const;

export function buildApi(parts: ApiParts): FastifyInstance {
  const { certificate, basePath = '' } = parts;
  const api = Fastify({
    forceCloseConnections: true,
    ...requestOptions(parts.random),
    rewriteUrl: ({ url = '/' }) => withoutBase(url, basePath),
    ...(certificate && { https: certificate }),
  }) as unknown as FastifyInstance;
  readBodies(api);
  logProblems(api, parts.log);
  refuseUnrouted(api);
  api.addHook('onRequest', async ({ id }, reply) => {
    void reply.header(REQUEST_ID, id);
  });
  guardRoutes(api, parts.access);
  refuseQueries(api);
  api.addHook('onResponse', async ({ routeOptions: { url = 'none' } }, { statusCode }) => {
    parts.answered?.(url, statusCode);
  });
  answerOnce(api, parts);
  noteRefusals(api, parts);
  api.setErrorHandler((error, request, reply) => {
    const { code, detail } = faultOf(error as Error, request);
    const cause = code === 'internal' ? error : undefined;
    void problem(reply, code, `${placeOf(request)}: ${detail}`, cause);
  });
  // What describes routes has to be there before them, and comes in as a plugin.
  void api.register(async (scope) => {
    await describeRoutes(scope);
    addProcessRoutes(scope, parts);
    addPageRoutes(scope, parts);
    addCallerRoute(scope, parts);
    addReadRoutes(scope, parts);
    addWeightsRoutes(scope, parts);
    addDocumentRoutes(scope, parts);
    addHoldRoutes(scope, parts);
    addEventRoutes(scope, parts);
    addRevertRoute(scope, parts);
    addRetireRoute(scope, parts);
    addHistoryRoutes(scope, parts);
    addMigrationRoutes(scope, parts);
    if (parts.jobs && parts.plan)
      addJobRoutes(scope, { ...parts, jobs: parts.jobs, plan: parts.plan });
    if (parts.jobs && parts.writerOf)
      addDebtRoutes(scope, { ...parts, jobs: parts.jobs, writerOf: parts.writerOf });
    if (parts.jobs) addConfirmEdgesRoute(scope, { ...parts, jobs: parts.jobs });
    addOpenApiRoutes(scope);
  });
  return api;
}

function addProcessRoutes(api: FastifyInstance, parts: ApiParts): void {
  const live = Type.Object({ live: Type.Boolean() });
  api.get(
    '/livez',
    { config: OPEN, schema: { summary: 'Whether the process answers', response: answers(live) } },
    async () => ({ live: true }),
  );
  const isReady = Type.Object({ ready: Type.Boolean(), why: Type.Optional(Type.String()) });
  api.get(
    '/readyz',
    { config: OPEN, schema: { summary: 'Whether it is ready', response: answers(isReady) } },
    async (_request, reply) => {
      const { ready, why } = parts.ready();
      return ready ? { ready, ...(why !== '' && { why }) } : problem(reply, 'not-ready', why);
    },
  );
  api.get(
    '/metrics',
    { config: ALL, schema: { summary: 'For Prometheus', response: answers(METRICS as never) } },
    async ({ headers }, reply) => {
      const { type, text } = await parts.metrics(headers.accept);
      return reply.type(type).header('vary', 'accept').send(text);
    },
  );
}

function withoutBase(url: string, base: string): string {
  if (base === '' || !url.startsWith(base)) return url;
  const rest = url.slice(base.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
