// Problem bodies (RFC 9457), from the error table.

import type { FastifyReply } from 'fastify';
import { ERRORS, type ErrorCode } from '../errors.ts';

const RETRY_SECONDS = 1;

export function problem(reply: FastifyReply, code: ErrorCode, detail: string): FastifyReply {
  const { status, title, act } = ERRORS[code];
  if (status === 503) void reply.header('retry-after', String(RETRY_SECONDS));
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: `urn:ballast:error:${code}`, code, status, title, detail, act });
}
