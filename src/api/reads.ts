// What is seen, weighed and published.
//
// Comes in: a caller who may see some apps. Goes out: those, from memory, each number with what made it. On
// failure: `app-unknown` also for an app that is not for this caller to see.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { SourceStatus } from '../clusters/registry.ts';
import type { Controller } from '../controller.ts';
import type { EdgeView } from '../edges/edge-book.ts';
import type { Statistics } from '../edges/statistics.ts';
import { BallastError } from '../errors.ts';
import type { Vms } from '../inventory/vms.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { AppName, Server } from '../model.ts';
import type { AppFacts } from '../round.ts';
import { speaksOf } from '../weights/holds.ts';
import { sees, seesAll, seesCluster, seesHold, type Caller } from './access/caller.ts';
import { explainApp, nameApp } from './explain.ts';
import { viewHold } from './hold-shapes.ts';
import type { HoldParts } from './holds.ts';
import { appTag, tell } from './match.ts';
import { more, pageOf, PageQuery } from './pages.ts';
import * as shape from './shapes.ts';

export interface ReadParts extends HoldParts {
  readonly sources: () => readonly SourceStatus[];
  readonly vms: Pick<Vms, 'sources'>;
  readonly statistics: Statistics;
  /** Absent: no jobs are run here. */
  readonly jobs?: Jobs;
}

const VIEW = { needs: 'viewer' } as const;
const BESIDE_EDGES = {
  leader: shape.Leader,
  published: Type.Optional(shape.StampRef),
  retired: Type.Array(Type.String(), { description: 'by a person, and silent since' }),
};
const AppParams = Type.Object({ app: Type.String({ minLength: 1, maxLength: 63 }) });

const closed = { additionalProperties: false } as const;
const UpstreamsQuery = Type.Object(PageQuery, closed);
const AppsQuery = Type.Object(
  {
    ...PageQuery,
    search: Type.Optional(
      Type.String({ maxLength: 253, description: 'in the name, or in a host' }),
    ),
    cluster: Type.Optional(Type.String({ description: 'that has pods of it, or vm' })),
    refused: Type.Optional(
      Type.Boolean({ description: 'whether the guard or a conflict keeps it' }),
    ),
  },
  closed,
);

export function addReadRoutes(api: FastifyInstance, parts: ReadParts): void {
  const { controller, clock } = parts;
  const read = (summary: string, response: object, more: object = {}) => ({
    config: VIEW,
    schema: { summary, response, ...more },
  });
  const ofApp = { params: AppParams };

  api.get<{ Querystring: Static<typeof AppsQuery> }>(
    '/api/v1/apps',
    read('Apps', shape.answers(shape.items(shape.AppSummary, more)), { querystring: AppsQuery }),
    async ({ caller, query }) => {
      const apps = controller
        .apps()
        .filter((app) => sees(caller, app) && isAsked(parts, app, query));
      const { names, ...rest } = pageOf(apps, query);
      return { items: names.map((app) => summary(parts, app)), ...rest };
    },
  );
  api.get<{ Params: Static<typeof AppParams> }>(
    '/api/v1/apps/:app',
    read('An app, every number with its sum', shape.answers(shape.App), ofApp),
    async ({ params, caller }) => explain(parts, params.app, caller),
  );
  api.get(
    '/api/v1/clusters',
    read(
      'Clusters, and where they come from',
      shape.answers(shape.items(shape.Cluster, { sources: Type.Array(shape.ClusterSource) })),
    ),
    async ({ caller }) => ({
      items: controller.clusters().filter(({ name }) => seesCluster(caller, name)),
      sources: parts.sources(),
    }),
  );
  api.get(
    '/api/v1/vms',
    read('Where VMs come from', shape.answers(shape.items(shape.VmSource))),
    async () => ({ items: parts.vms.sources() }),
  );
  api.get(
    '/api/v1/edges',
    read('Edges, but the retired ones', shape.answers(shape.items(shape.Edge, BESIDE_EDGES))),
    async ({ caller }) => {
      const published = controller.published()?.mark;
      return {
        leader: controller.leader(),
        ...(published && { published }),
        retired: parts.book.retired(),
        items: parts.book.views(published, clock.now()).map((view) => edgeFor(caller, view)),
      };
    },
  );
  api.get<{ Querystring: Static<typeof UpstreamsQuery> }>(
    '/api/v1/upstreams',
    read('What is published', shape.answers(shape.items(shape.Upstream, more)), {
      querystring: UpstreamsQuery,
    }),
    async ({ caller, query }) => {
      const { names, ...rest } = pageOf(seenApps(controller, caller), query);
      return { items: names.map((app) => upstream(parts, app)), ...rest };
    },
  );
  api.get<{ Params: Static<typeof AppParams> }>(
    '/api/v1/upstreams/:app',
    read('What is published of an app', shape.answers(shape.Upstream), ofApp),
    async ({ params }, reply) => {
      const answer = upstream(parts, params.app);
      tell(reply, appTag(params.app)(controller.published()));
      return answer;
    },
  );
}

/** Whether the filters of a list leave it in. */
function isAsked(parts: ReadParts, app: AppName, asked: Static<typeof AppsQuery>): boolean {
  const facts = parts.controller.facts(app);
  const { search, cluster, refused } = asked;
  if (refused !== undefined && refused !== (facts?.reason !== undefined)) return false;
  if (cluster !== undefined && !isIn(facts, cluster)) return false;
  return search === undefined || [app, ...hostsOf(parts, app)].some((one) => one.includes(search));
}

function hostsOf({ controller }: ReadParts, app: AppName): readonly string[] {
  const published = controller.published()?.app(app);
  return nameApp(app, controller.facts(app), published).hosts;
}

function isIn(facts: AppFacts | undefined, cluster: string): boolean {
  if (!facts) return false;
  const { clusters, vms } = facts.inventory;
  if (cluster === 'vm') return vms.length > 0;
  return clusters.some((one) => one.cluster === cluster && one.pods > 0);
}

function explain(parts: ReadParts, app: AppName, caller: Caller): object {
  const { controller, clock, statistics } = parts;
  const facts = controller.facts(app);
  const published = controller.published()?.app(app);
  if (!facts && !published) throw new BallastError('app-unknown', `no app ${app}`);
  const statuses = new Map(controller.clusters().map((status) => [status.name, status]));
  const measured = statistics.measured(app, clock.now());
  const probe = published?.upstream.policy.health;
  const unhealthyAt = statistics.unhealthyAt(probe, clock.now());
  const holds = holdsOf(parts, app, caller);
  return explainApp({ app, facts, published, measured, unhealthyAt, statuses, holds });
}

/** Published apps that a caller may see, in order. */
export function seenApps(controller: Controller, caller: Caller): AppName[] {
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

function holdsOf(parts: ReadParts, app: AppName, caller: Caller): object[] {
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

function upstream({ controller }: ReadParts, app: string): object {
  const found = controller.published()?.app(app);
  if (!found) throw new BallastError('upstream-unknown', `no upstream is published for ${app}`);
  const { stamp, digest, owner, upstream: body } = found;
  return { ...stamp, digest, owner, ...body };
}

/** An app in a list. */
export function summary({ controller }: ReadParts, app: string): object {
  const facts = controller.facts(app);
  const published = controller.published()?.app(app);
  const counts = facts?.inventory.clusters ?? [];
  const servers = published?.upstream.servers ?? [];
  return {
    ...nameApp(app, facts, published),
    pods: counts.reduce((sum, count) => sum + count.pods, 0),
    servers: servers.length,
    from: whatWhere(facts, servers),
  };
}

/** By cluster, in order of names, and `vm`. */
function whatWhere(facts: AppFacts | undefined, servers: readonly Server[]): object[] {
  const places = new Map<string, { name: string; pods: number; servers: number; weight: number }>();
  const at = (name: string) => {
    const place = places.get(name) ?? { name, pods: 0, servers: 0, weight: 0 };
    places.set(name, place);
    return place;
  };
  for (const { cluster, pods } of facts?.inventory.clusters ?? []) at(cluster).pods += pods;
  const vms = facts?.inventory.vms.length ?? 0;
  if (vms > 0) at('vm').pods = vms;
  for (const { from, weight } of servers) {
    const place = at(from);
    place.servers += 1;
    place.weight += weight;
  }
  return [...places.values()]
    .filter((place) => place.pods + place.servers > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
