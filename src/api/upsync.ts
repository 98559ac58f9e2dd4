// The weights of one app as users of nginx-upsync-module poll them: as keys of a Consul.
//
// Comes in: the index that the module has, 0 at first. Goes out: once the app's index is another, or after a
// minute, its servers. Those with weight 0 are left out, for the module reads 0 as 1; so are IPv6
// ones, of which it knows nothing. On failure: 404 for an app that is not published; the module then
// keeps its last servers.

import { Type, type Static } from 'typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Controller } from '../controller.ts';
import type { PublishedApp } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Stamp } from '../model.ts';
import type { Pollers } from './pollers.ts';
import { answers } from './shapes.ts';

const LONGEST_MS = 60_000;

const Params = Type.Object({ app: Type.String({ minLength: 1, maxLength: 63 }) });
const Query = Type.Object(
  {
    recurse: Type.Optional(Type.String()),
    index: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })),
  },
  { additionalProperties: false },
);
const Key = Type.Object({
  Key: Type.String(),
  Value: Type.String({ description: 'base64 of {weight, max_fails, fail_timeout}' }),
  Flags: Type.Integer(),
  LockIndex: Type.Integer(),
  CreateIndex: Type.Integer(),
  ModifyIndex: Type.Integer(),
});

export interface UpsyncParts {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function addUpsyncRoutes(api: FastifyInstance, parts: UpsyncParts, pollers: Pollers): void {
  api.get<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/api/v1/weights/upsync/:app',
    {
      config: { needs: 'viewer' },
      schema: {
        summary: 'Weights of an app for nginx-upsync-module (upsync_type=consul)',
        params: Params,
        querystring: Query,
        response: answers(Type.Array(Key)),
      },
    },
    async (request, reply) => {
      const { app } = request.params;
      const published = await another(parts, app, request.query.index ?? '0', reply);
      pollers.answered(request, `upsync ${app}`, published.stamp);
      // The module knows the header in this spelling alone.
      reply.raw.setHeader('X-Consul-Index', indexOf(published.stamp));
      return keysOf(app, published);
    },
  );
}

async function another(
  { controller, clock, signal }: UpsyncParts,
  app: AppName,
  index: string,
  reply: FastifyReply,
): Promise<PublishedApp> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const over = AbortSignal.any([signal, gone.signal]);
  const end = clock.now() + LONGEST_MS;
  for (;;) {
    const found = controller.published()?.app(app);
    if (!found) throw new BallastError('upstream-unknown', `no upstream is published for ${app}`);
    const left = end - clock.now();
    if (indexOf(found.stamp) !== index || left <= 0 || over.aborted) return found;
    await controller.nextCommit(left, over);
  }
}

/** 64 bits: the term above, the version's last 24 bits below. */
function indexOf({ term, version }: Stamp): string {
  return String(BigInt.asUintN(64, (BigInt(term) << 24n) + BigInt(version % 2 ** 24)));
}

function keysOf(app: AppName, { upstream, stamp }: PublishedApp): object[] {
  const taken = upstream.servers.filter(
    ({ address, weight }) => weight > 0 && !address.startsWith('['),
  );
  return taken.map(({ address, weight }) => {
    // What else it takes is nginx's own default.
    const value = JSON.stringify({ weight, max_fails: 2, fail_timeout: 10 });
    return {
      Key: `upstreams/${app}/${address}`,
      Value: Buffer.from(value).toString('base64'),
      Flags: 0,
      LockIndex: 0,
      CreateIndex: stamp.version,
      ModifyIndex: stamp.version,
    };
  });
}
