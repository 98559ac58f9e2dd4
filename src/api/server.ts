// The HTTP interface: what is seen, weighed and published; holds and other words are written.
//
// Comes in: requests of callers that access/ knows. Goes out: JSON, as much of it as the caller may see,
// and RFC 9457 problem bodies. On failure: Redis and clusters in trouble never make an answer wait:
// everything is read from memory.

import { Type, type Static } from 'typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { SourceStatus } from '../clusters/registry.ts';
import type { Controller } from '../controller.ts';
import type { Statistics } from '../edges/statistics.ts';
import type { Vms } from '../inventory/vms.ts';
import { BallastError, type ErrorCode } from '../errors.ts';
import type { AppName } from '../model.ts';
import { speaksOf } from '../weights/holds.ts';
import type { EdgeView } from '../edges/edge-book.ts';
import { sees, seesAll, seesCluster, seesHold, type Caller } from './access/caller.ts';
import { guardRoutes } from './access/gate.ts';
import type { Certificate } from './certificate.ts';
import { addDocumentRoutes } from './documents.ts';
import { explainApp, nameApp } from './explain.ts';
import { viewHold } from './hold-shapes.ts';
import { addHoldRoutes, type HoldParts } from './holds.ts';
import { placeOf, problem } from './problem.ts';
import { refuseUnrouted } from './methods.ts';
import { refuseQueries, REQUEST_OPTIONS } from './requests.ts';
import { namesTag } from './tags.ts';

export interface ApiParts extends HoldParts {
  readonly sources: () => readonly SourceStatus[];
  readonly vms: Pick<Vms, 'sources'>;
  readonly statistics: Statistics;
  /** Puts an edge's heartbeat where those of the others are. */
  readonly beat: (edge: string, text: string) => Promise<void>;
  readonly ready: () => { readonly ready: boolean; readonly why: string };
  readonly metrics: () => Promise<string>;
  /** Absent: plain HTTP. */
  readonly certificate?: Certificate;
  /** It is served below this path too: a proxy may leave it on. */
  readonly basePath?: string;
}

const OPEN = { needs: 'nothing' } as const;
const VIEW = { needs: 'viewer' } as const;

const AppParams = Type.Object({ app: Type.String({ minLength: 1, maxLength: 63 }) });
const WeightsQuery = Type.Object(
  { wait: Type.Optional(Type.String({ pattern: '^([1-9]|[1-5][0-9]|60)s$' })) },
  { additionalProperties: false },
);

export function buildApi(parts: ApiParts): FastifyInstance {
  const { certificate, basePath = '' } = parts;
  const plain = Fastify({
    forceCloseConnections: true,
    ...REQUEST_OPTIONS,
    rewriteUrl: ({ url = '/' }) => withoutBase(url, basePath),
    ...(certificate && { https: certificate }),
  }) as unknown as FastifyInstance;
  const api = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { controller, clock } = parts;
  refuseUnrouted(plain);
  guardRoutes(plain, parts.access);
  refuseQueries(plain);

  api.setErrorHandler((error, request, reply) => {
    const code = codeOf(error);
    void problem(reply, code, `${placeOf(request)}: ${(error as Error).message}`);
  });

  api.get('/livez', { config: OPEN }, async () => ({ live: true }));
  api.get('/readyz', { config: OPEN }, async (_request, reply) => {
    const { ready, why } = parts.ready();
    return ready ? { ready, ...(why !== '' && { why }) } : problem(reply, 'not-ready', why);
  });
  api.get('/metrics', { config: { ...VIEW, whole: true } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await parts.metrics()),
  );

  api.get('/api/v1/apps', { config: VIEW }, async ({ caller }) => ({
    items: controller
      .apps()
      .filter((app) => sees(caller, app))
      .map((app) => summary(parts, app)),
  }));
  const ofApp = { config: VIEW, schema: { params: AppParams } };
  api.get('/api/v1/apps/:app', ofApp, async (request) => {
    const { app } = request.params;
    const facts = controller.facts(app);
    const published = controller.published()?.app(app);
    if (!facts && !published) throw new BallastError('app-unknown', `no app ${app}`);
    const statuses = new Map(controller.clusters().map((status) => [status.name, status]));
    const measured = parts.statistics.measured(app, clock.now());
    const probe = published?.upstream.policy.health;
    const unhealthyAt = parts.statistics.unhealthyAt(probe, clock.now());
    const holds = holdsOf(parts, app, request.caller);
    return explainApp({ app, facts, published, measured, unhealthyAt, statuses, holds });
  });
  api.get('/api/v1/clusters', { config: VIEW }, async ({ caller }) => ({
    items: controller.clusters().filter(({ name }) => seesCluster(caller, name)),
    sources: parts.sources(),
  }));
  api.get('/api/v1/vms', { config: VIEW }, async () => ({ items: parts.vms.sources() }));
  api.get('/api/v1/edges', { config: VIEW }, async ({ caller }) => ({
    leader: controller.leader(),
    items: parts.book
      .views(controller.published()?.mark, clock.now())
      .map((view) => edgeFor(caller, view)),
  }));
  api.get('/api/v1/upstreams', { config: VIEW }, async ({ caller }) => ({
    items: seen(controller, caller).map((app) => upstream(parts, app)),
  }));
  api.get('/api/v1/upstreams/:app', ofApp, async (request) => upstream(parts, request.params.app));
  const ofWeights = { config: VIEW, schema: { querystring: WeightsQuery } };
  api.get('/api/v1/weights', ofWeights, async (request, reply) => {
    const { wait } = request.query as Static<typeof WeightsQuery>;
    const known = request.headers['if-none-match'];
    if (wait !== undefined && namesTag(known, etag(controller))) {
      await controller.nextCommit(Number.parseInt(wait, 10) * 1000, parts.signal);
    }
    const now = etag(controller);
    void reply.header('etag', now).header('cache-control', 'no-cache');
    void reply.header('vary', 'authorization');
    if (namesTag(known, now)) return reply.code(304).send();
    return weights(controller, request.caller);
  });
  addDocumentRoutes(plain, parts);
  addHoldRoutes(plain, parts);
  return plain;
}

function withoutBase(url: string, base: string): string {
  if (base === '' || !url.startsWith(base)) return url;
  const rest = url.slice(base.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}

/** Published apps that a caller may see, in order. */
function seen(controller: Controller, caller: Caller): AppName[] {
  const apps = [...(controller.published()?.apps() ?? [])];
  return apps.filter((app) => sees(caller, app)).toSorted();
}

/** An edge's documents above Redis are the leader's to read, whole; a reader sees names. */
function edgeFor(caller: Caller, view: EdgeView): object {
  if (!view.state) return view;
  const { above, refused, ...state } = view.state;
  const isSeen = ({ app }: { readonly app: AppName }): boolean =>
    sees(caller, app) || (app.startsWith('_') && seesAll(caller));
  return {
    ...view,
    state: {
      ...state,
      refused: refused.filter(isSeen),
      above: above.filter(isSeen).map(({ app, stamp }) => ({ app, ...stamp })),
    },
  };
}

function holdsOf(parts: ApiParts, app: AppName, caller: Caller): object[] {
  const { controller, wall, forgottenHours } = parts;
  const published = controller.published();
  const servers = published?.app(app)?.upstream.servers ?? [];
  const holds = (published?.held.holds ?? []).filter(
    (hold) =>
      seesHold(caller, hold) &&
      (hold.app === app || servers.some((server) => speaksOf(hold, app, server))),
  );
  return holds.map((hold) => viewHold(hold, wall().getTime(), forgottenHours()));
}

function etag(controller: Controller): string {
  const mark = controller.published()?.mark;
  return `"${mark?.term ?? 0}-${mark?.version ?? 0}"`;
}

function weights(controller: Controller, caller: Caller): object {
  const published = controller.published();
  const upstreams: Record<string, object> = {};
  for (const app of seen(controller, caller)) {
    const servers = published?.app(app)?.upstream.servers ?? [];
    upstreams[app] = servers.map(({ address, weight }) => ({ address, weight }));
  }
  return { ...(published?.mark ?? { term: 0, version: 0 }), upstreams };
}

function upstream({ controller }: ApiParts, app: string): object {
  const found = controller.published()?.app(app);
  if (!found) throw new BallastError('upstream-unknown', `no upstream is published for ${app}`);
  const { stamp, digest, owner, upstream: body } = found;
  return { ...stamp, digest, owner, ...body };
}

function summary({ controller }: ApiParts, app: string): object {
  const facts = controller.facts(app);
  const published = controller.published()?.app(app);
  const counts = facts?.inventory.clusters ?? [];
  return {
    ...nameApp(app, facts, published),
    pods: counts.reduce((sum, count) => sum + count.pods, 0),
    servers: published?.upstream.servers.length ?? 0,
  };
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof BallastError) return error.code;
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return status < 500 ? 'request-invalid' : 'internal';
}
