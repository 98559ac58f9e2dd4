// The weights of all apps, for any poller: as JSON or lines of text, whole.
//
// Comes in: the tag that a poller knows, and how long it would wait. Goes out: the whole state when it is
// another, else 304. On failure: there is none; before anything is known there are no upstreams.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Controller } from '../controller.ts';
import type { Server, Stamp } from '../model.ts';
import { seesAll, type Caller } from './access/caller.ts';
import { addPollerRoutes, notePollers, type Pollers } from './pollers.ts';
import { seenApps } from './reads.ts';
import { PROBLEMS, Weights } from './shapes.ts';
import { namesTag } from './tags.ts';
import { addUpsyncRoutes } from './upsync.ts';

const VIEW = { needs: 'viewer' } as const;
const WeightsQuery = Type.Object(
  {
    wait: Type.Optional(Type.String({ pattern: '^([1-9]|[1-5][0-9]|60)s$' })),
    format: Type.Optional(
      Type.Enum(['json', 'text'], {
        description: 'text: a line `APP ADDRESS WEIGHT` for each server',
      }),
    ),
  },
  { additionalProperties: false },
);
const ANSWERS = {
  200: {
    description: 'the weights',
    content: {
      'application/json': { schema: Weights },
      'text/plain': { schema: Type.String() },
    },
  },
  304: Type.Null({ description: 'as If-None-Match names' }),
  ...PROBLEMS,
};

type Format = 'json' | 'text';
const TYPES = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
} as const satisfies Record<Format, string>;

export interface WeightsParts {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Absent: nobody else has to know. */
  readonly pollers?: Pollers;
}

export function addWeightsRoutes(api: FastifyInstance, parts: WeightsParts): void {
  const { controller } = parts;
  const { pollers = notePollers(parts.clock) } = parts;
  const write = createWriter(controller);
  addPollerRoutes(api, parts.clock, pollers);
  addUpsyncRoutes(api, parts, pollers);
  api.get<{ Querystring: Static<typeof WeightsQuery> }>(
    '/api/v1/weights',
    {
      config: VIEW,
      schema: {
        summary: 'Weights of all apps; with If-None-Match and ?wait= once they change',
        querystring: WeightsQuery,
        response: ANSWERS,
      },
    },
    async (request, reply) => {
      const { wait, format = 'json' } = request.query;
      const known = request.headers['if-none-match'];
      if (wait !== undefined && namesTag(known, etag(controller, format))) {
        await controller.nextCommit(Number.parseInt(wait, 10) * 1000, parts.signal);
      }
      const now = etag(controller, format);
      pollers.answered(request, 'weights', markOf(controller));
      void reply.header('etag', now).header('cache-control', 'no-cache');
      void reply.header('vary', 'authorization');
      if (namesTag(known, now)) return reply.code(304).send();
      return reply.type(TYPES[format]).send(write(format, now, request.caller));
    },
  );
}

/**
 * Writes once for all who see all: two hundred that wait are answered by one commit, and written for each of
 * them ten thousand servers would keep the process busy for seconds.
 */
function createWriter(controller: Controller) {
  const written = new Map<
    Format,
    { readonly of: unknown; readonly tag: string; readonly text: Buffer }
  >();
  return (format: Format, tag: string, caller: Caller): Buffer => {
    const make = (): Buffer => Buffer.from(WRITE[format](controller, caller));
    if (!seesAll(caller)) return make();
    const of = controller.published();
    const last = written.get(format);
    // Another term, or a lost Redis, may count the same versions again.
    if (last?.of === of && last?.tag === tag) return last.text;
    const text = make();
    written.set(format, { of, tag, text });
    return text;
  };
}

function markOf(controller: Controller): Stamp {
  return controller.published()?.mark ?? { term: 0, version: 0 };
}

function etag(controller: Controller, format: string): string {
  const { term, version } = markOf(controller);
  return format === 'json' ? `"${term}-${version}"` : `"${term}-${version}-${format}"`;
}

function serversOf(controller: Controller, caller: Caller): [string, readonly Server[]][] {
  const published = controller.published();
  return seenApps(controller, caller).map((app) => {
    return [app, published?.app(app)?.upstream.servers ?? []];
  });
}

function json(controller: Controller, caller: Caller): string {
  const shown = serversOf(controller, caller).map(([app, servers]) => {
    return [app, servers.map(({ address, weight }) => ({ address, weight }))];
  });
  return JSON.stringify({ ...markOf(controller), upstreams: Object.fromEntries(shown) });
}

function lines(controller: Controller, caller: Caller): string {
  return serversOf(controller, caller)
    .flatMap(([app, servers]) =>
      servers.map(({ address, weight }) => `${app} ${address} ${weight}\n`),
    )
    .join('');
}

const WRITE = { json, text: lines } as const;
