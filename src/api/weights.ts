// The weights of all apps, for any poller.
//
// Comes in: the tag that a poller knows, and how long it would wait. Goes out: the whole state when it is
// another, else 304. On failure: there is none; before anything is known there are no upstreams.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Controller } from '../controller.ts';
import type { Caller } from './access/caller.ts';
import { seenApps } from './reads.ts';
import { answers, Weights } from './shapes.ts';
import { namesTag } from './tags.ts';

const VIEW = { needs: 'viewer' } as const;
const WeightsQuery = Type.Object(
  { wait: Type.Optional(Type.String({ pattern: '^([1-9]|[1-5][0-9]|60)s$' })) },
  { additionalProperties: false },
);
const NotModified = Type.Null({ description: 'as If-None-Match names' });

export interface WeightsParts {
  readonly controller: Controller;
  readonly signal: AbortSignal;
}

export function addWeightsRoutes(api: FastifyInstance, parts: WeightsParts): void {
  const { controller } = parts;
  api.get<{ Querystring: Static<typeof WeightsQuery> }>(
    '/api/v1/weights',
    {
      config: VIEW,
      schema: {
        summary: 'Weights of all apps; with If-None-Match and ?wait= once they change',
        querystring: WeightsQuery,
        response: answers(Weights, { 304: NotModified }),
      },
    },
    async (request, reply) => {
      const { wait } = request.query;
      const known = request.headers['if-none-match'];
      if (wait !== undefined && namesTag(known, etag(controller))) {
        await controller.nextCommit(Number.parseInt(wait, 10) * 1000, parts.signal);
      }
      const now = etag(controller);
      void reply.header('etag', now).header('cache-control', 'no-cache');
      void reply.header('vary', 'authorization');
      if (namesTag(known, now)) return reply.code(304).send();
      return weights(controller, request.caller);
    },
  );
}

function etag(controller: Controller): string {
  const mark = controller.published()?.mark;
  return `"${mark?.term ?? 0}-${mark?.version ?? 0}"`;
}

function weights(controller: Controller, caller: Caller): object {
  const published = controller.published();
  const upstreams: Record<string, object> = {};
  for (const app of seenApps(controller, caller)) {
    const servers = published?.app(app)?.upstream.servers ?? [];
    upstreams[app] = servers.map(({ address, weight }) => ({ address, weight }));
  }
  return { ...(published?.mark ?? { term: 0, version: 0 }), upstreams };
}
