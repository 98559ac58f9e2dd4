// Holds, and the words by which a person takes over or gives up an app or a cluster.
//
// Comes in: writes, at the leader or forwarded to it. Goes out: ids and what speak.ts answers. On
// failure: as there.

import { Type, type Static } from 'typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Controller } from '../controller.ts';
import { HOLDS } from '../edges/document.ts';
import { BallastError } from '../errors.ts';
import type { Hold } from '../model.ts';
import { speaksOf, type Scope } from '../weights/holds.ts';
import { adoptApp, deleteApp, dropCluster } from '../words/of-apps.ts';
import { addHolds, liftHold, unheld, type NewHold } from '../words/of-holds.ts';
import type { Access } from './access/access.ts';
import { mayHold, seesHold, sees, type Caller } from './access/caller.ts';
import { checkSeen, outOfScope } from './access/gate.ts';
import { appTag, holdsTag, tell as tellTag } from './match.ts';
import { answers, HoldRef, items, stamp, StandingHold, WRITE_ANSWERS } from './shapes.ts';
import { standsDeleted, standsDropped, standsHeld, standsOwned } from './stands.ts';
import { HoldsRequest, readHolds, viewHold, type HoldView } from './hold-shapes.ts';
import { forward } from './forward.ts';
import { whyIdle } from './idle.ts';
import {
  createSpeak,
  dryRun,
  wait,
  waitFor,
  WriteQuery,
  type SpeakParts,
  type Speech,
} from './speak.ts';

export interface HoldParts extends SpeakParts {
  readonly access: Access;
  readonly wall: () => Date;
  readonly random: () => number;
  /** A hold without end is forgotten after so many hours. */
  readonly forgottenHours: () => number;
}

const VIEW = { needs: 'viewer' } as const;
const HOLD = { needs: 'operator' } as const;
const ADMIN = { needs: 'admin' } as const;

const closed = { additionalProperties: false } as const;
const NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';
const ReadQuery = Type.Object({ wait }, closed);
const DeleteQuery = Type.Object({ wait, dryRun, confirm: Type.Optional(Type.String()) }, closed);
const HoldParams = Type.Object({ id: Type.String({ pattern: NAME }) });
const AppParams = Type.Object({ app: Type.String({ pattern: NAME }) });
const ClusterParams = Type.Object({ cluster: Type.String({ pattern: NAME }) });

const LIST = { summary: 'What is held', response: answers(items(HoldRef, stamp)) };
const READ_ONE = {
  summary: 'A hold, and with ?wait= whether every edge has it',
  response: answers(StandingHold),
};
const written = (summary: string) => ({ summary, response: WRITE_ANSWERS });

export function addHoldRoutes(api: FastifyInstance, parts: HoldParts): void {
  const { controller } = parts;
  const view = (): ((hold: Parameters<typeof viewHold>[0]) => HoldView) => {
    const now = parts.wall().getTime();
    return (hold) => viewHold(hold, now, parts.forgottenHours());
  };

  const speak = createSpeak(parts);

  api.get('/api/v1/holds', { config: VIEW, schema: LIST }, async ({ caller }, reply) => {
    const published = controller.published();
    tellTag(reply, holdsTag(published));
    const seen = (published?.held.holds ?? []).filter((hold) => seesHold(caller, hold));
    return { items: seen.map(view()), ...(published?.holds ?? { term: 0, version: 0 }) };
  });
  api.post<{ Body: Static<typeof HoldsRequest> }>(
    '/api/v1/holds',
    {
      config: HOLD,
      schema: {
        ...written('Holds, one or several in one commit'),
        body: HoldsRequest,
        querystring: WriteQuery,
      },
    },
    async (request, reply) =>
      speak(request, reply, (who) => {
        const making = { who, now: parts.wall().getTime(), random: parts.random };
        const holds = readHolds(request.body, making);
        const { lift = [] } = request.body;
        const old = checkLifted(request.caller, standing(controller), lift);
        for (const one of holds) checkScope(request.caller, one);
        const concerns = concernedBy(controller, [...old, ...holds]);
        return {
          word: addHolds(who, holds, lift),
          concerns,
          stands: standsHeld(
            holds.map(({ id }) => id),
            lift,
          ),
          told: tell(parts, holds, request.caller),
        };
      }),
  );
  api.get<{ Params: Static<typeof HoldParams>; Querystring: Static<typeof ReadQuery> }>(
    '/api/v1/holds/:id',
    { config: VIEW, schema: { ...READ_ONE, params: HoldParams, querystring: ReadQuery } },
    async (request, reply) => {
      const { id } = request.params;
      const { wait: patience } = request.query;
      if (patience !== undefined && (await forward(parts, request, reply))) return reply;
      const find = () =>
        standing(controller).find((hold) => hold.id === id && seesHold(request.caller, hold));
      const waited = find();
      if (!waited) throw new BallastError('hold-unknown', `no hold ${id}`);
      const version = (): number => controller.published()?.heldSince.get(id) ?? Infinity;
      const wanted = { version, concerns: concernedBy(controller, [waited]) };
      const edges = await waitFor(parts, patience ?? '0s', wanted);
      const hold = find();
      tellTag(reply, holdsTag(controller.published()));
      if (!hold) throw new BallastError('hold-unknown', `${id} was lifted meanwhile`);
      return { ...view()(hold), ...(hold.kept && { kept: hold.kept }), ...edges };
    },
  );
  api.delete<{ Params: Static<typeof HoldParams> }>(
    '/api/v1/holds/:id',
    {
      config: HOLD,
      schema: { ...written('Ends a hold'), params: HoldParams, querystring: WriteQuery },
    },
    async (request, reply) => {
      const { id } = request.params;
      return speak(request, reply, (who) => {
        const old = checkLifted(request.caller, standing(controller), [id]);
        const concerns = concernedBy(controller, old);
        return {
          word: liftHold(who, id),
          concerns,
          stands: standsHeld([], [id]),
          told: { ids: [id] },
        };
      });
    },
  );
  api.post<{ Params: Static<typeof AppParams> }>(
    '/api/v1/apps/:app/adopt',
    {
      config: ADMIN,
      schema: {
        ...written('Takes an app over from an edge’s endpoint'),
        params: AppParams,
        querystring: WriteQuery,
      },
    },
    async (request, reply) =>
      speak(request, reply, (who) => ({
        word: adoptApp(who, request.params.app),
        tag: appTag(request.params.app),
        concerns: (app) => app === request.params.app,
        stands: standsOwned(request.params.app),
      })),
  );
  api.delete<{ Params: Static<typeof AppParams> }>(
    '/api/v1/apps/:app',
    {
      config: ADMIN,
      schema: {
        ...written('Deletes an app that nobody names any more'),
        params: AppParams,
        querystring: DeleteQuery,
      },
    },
    async (request, reply) => {
      const { app } = request.params;
      confirm(request, app);
      const named = (name: string) => controller.standing(name);
      return speak(request, reply, (who) => ({
        word: deleteApp(who, app, named),
        tag: appTag(app),
        concerns: (name) => name === app,
        stands: standsDeleted(app),
      }));
    },
  );
  api.delete<{ Params: Static<typeof ClusterParams> }>(
    '/api/v1/clusters/:cluster',
    {
      config: ADMIN,
      schema: {
        ...written('Drops the servers of a cluster that nobody names any more'),
        params: ClusterParams,
        querystring: DeleteQuery,
      },
    },
    async (request, reply) => {
      const { cluster } = request.params;
      confirm(request, cluster);
      const isNamed = (name: string) => controller.isNamed(name);
      return speak(request, reply, (who) => ({
        word: dropCluster(who, cluster, isNamed),
        concerns: () => true,
        stands: standsDropped(cluster),
      }));
    },
  );
}

function standing(controller: Controller): readonly Hold[] {
  return controller.published()?.held.holds ?? [];
}

function tell({ controller }: HoldParts, holds: readonly NewHold[], caller: Caller): object {
  const published = controller.published();
  const others = (published ? unheld(published, holds) : []).filter((app) => sees(caller, app));
  const idle = holds.flatMap((hold) => {
    const why = whyIdle(controller, hold);
    return why === undefined ? [] : [{ id: hold.id, why }];
  });
  return {
    ids: holds.map(({ id }) => id),
    ...(others.length > 0 && { unheld: others }),
    ...(idle.length > 0 && { idle }),
  };
}

function concernedBy(controller: Controller, holds: readonly Scope[]): Speech['concerns'] {
  return (app) => {
    const servers = controller.published()?.app(app)?.upstream.servers ?? [];
    return (
      app === HOLDS ||
      holds.some((hold) => hold.app === app || servers.some((one) => speaksOf(hold, app, one)))
    );
  };
}

function confirm(request: FastifyRequest, name: string): void {
  const { confirm: said, dryRun: isDry } = request.query as Static<typeof DeleteQuery>;
  if (isDry || said === name) return;
  throw new BallastError('confirm-missing', `say ?confirm=${name}`);
}

/** A new hold. */
export function checkScope(caller: Caller, hold: Scope): void {
  if (mayHold(caller, hold)) return;
  checkSeen(caller, hold);
  throw outOfScope(caller, `hold ${scopeText(hold)}`);
}

/** Those of `ids` that stand: the rest is refused when the word is decided. */
export function checkLifted(
  caller: Caller,
  holds: readonly Hold[],
  ids: readonly string[],
): Hold[] {
  const lifted = holds.filter(({ id }) => ids.includes(id));
  for (const hold of lifted) {
    if (mayHold(caller, hold)) continue;
    if (!seesHold(caller, hold)) throw new BallastError('hold-unknown', `no hold ${hold.id}`);
    throw outOfScope(caller, `lift the hold of ${scopeText(hold)}`);
  }
  return lifted;
}

function scopeText({ app, cluster, server }: Scope): string {
  return [app, cluster, server].filter((part) => part !== undefined).join(', ');
}
