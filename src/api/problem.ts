// Problem bodies (RFC 9457), from the error table.
//
// Comes in: a code, and a sentence that names the place. Goes out: the body, with an id that stands in the
// log line too, and in a header. On failure: none here.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { Caller } from './access/caller.ts';

export const REQUEST_ID = 'x-request-id';

const RETRY_SECONDS = new Map([
  [503, 1],
  [429, 6],
]);

type Level = 'error' | 'warn' | 'info' | 'debug';

export type ProblemLog = Readonly<Record<Level, (line: object, text: string) => void>>;

declare module 'fastify' {
  interface FastifyInstance {
    /** Absent: nobody reads it. */
    problemLog: ProblemLog | undefined;
  }
}

/** Call it before the routes are added. */
export function logProblems(api: FastifyInstance, log: ProblemLog | undefined): void {
  api.decorate('problemLog', log);
}

/** `cause`: of an error that is ours. */
export function problem(
  reply: FastifyReply,
  code: ErrorCode,
  detail: string,
  cause?: unknown,
): FastifyReply {
  const { status } = ERRORS[code];
  const { request } = reply;
  const seconds = RETRY_SECONDS.get(status);
  if (seconds !== undefined) void reply.header('retry-after', String(seconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="ballast"');
  const caller = request.caller as Caller | undefined;
  reply.server.problemLog?.[levelOf(code, caller)](
    {
      requestId: request.id,
      call: placeOf(request),
      from: request.ip,
      ...(caller && { caller: caller.name }),
      status,
      code,
      detail,
      ...(cause !== undefined && { err: cause }),
    },
    'a problem was answered',
  );
  return reply
    .code(status)
    .header(REQUEST_ID, request.id)
    .type('application/problem+json')
    .send(problemBody(code, detail, request.id));
}

export function problemBody(code: ErrorCode, detail: string, requestId: string) {
  const { status, title, act } = ERRORS[code];
  return { type: `urn:ballast:error:${code}`, code, status, title, detail, act, requestId };
}

/** Strangers could fill the log; their tries with tokens are limited (access/failed-tries.ts). */
function levelOf(code: ErrorCode, caller: Caller | undefined): Level {
  if (code === 'internal') return 'error';
  if (code === 'token-unknown') return 'warn';
  return caller || ERRORS[code].status >= 500 ? 'info' : 'debug';
}

/** Without the query: somebody may have put a secret there. */
export function placeOf({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): string {
  return `${method} ${url.split('?')[0]}`;
}
