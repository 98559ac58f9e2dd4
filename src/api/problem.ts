// Problem bodies (RFC 9457), from the error table.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '../errors.ts';

const RETRY_SECONDS = new Map([
  [503, 1],
  [429, 6],
]);

export function problem(reply: FastifyReply, code: ErrorCode, detail: string): FastifyReply {
  const { status, title, act } = ERRORS[code];
  const seconds = RETRY_SECONDS.get(status);
  if (seconds !== undefined) void reply.header('retry-after', String(seconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="ballast"');
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: `urn:ballast:error:${code}`, code, status, title, detail, act });
}

/** Without the query: somebody may have put a secret there. */
export function placeOf({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): string {
  return `${method} ${url.split('?')[0]}`;
}
