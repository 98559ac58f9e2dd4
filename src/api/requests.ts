// What is refused of a request before a route sees it, always as a problem body.
//
// Comes in: bytes that are no HTTP, URLs that cannot be decoded, query keys that nobody knows, bodies too
// large or of another type. Goes out: 400 and the like, with the place. Unknown keys are errors: a misspelt one would be ignored.

import { STATUS_CODES } from 'node:http';
import { AjvCompiler } from '@fastify/ajv-compiler';
import { Type } from 'typebox';
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { BallastError, type ErrorCode } from '../errors.ts';
import { placeOf, problem, problemBody, REQUEST_ID } from './problem.ts';

const NO_QUERY = Type.Object({}, { additionalProperties: false });
/** By the code of Node's parser; 400 for all others. */
const RAW_STATUS = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** Of what begins a job: a stream of manifests holds ConfigMaps of a MiB each. */
export const JOB_BYTES = 16 * 1024 * 1024;

/** Until a request is whole: who sends it drop by drop keeps no connection. */
const WHOLE_MS = 60_000;

/** An id of the caller's own, where it can stand in a log. */
const PLAIN_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function requestOptions(random: () => number) {
  const newId = (): string =>
    Math.floor(random() * 36 ** 10)
      .toString(36)
      .padStart(10, '0');
  return {
    requestTimeout: WHOLE_MS,
    // Fastify would take unknown keys away without a word.
    ajv: { customOptions: { removeAdditional: false } },
    schemaController: {
      // Answers not by their schemas, which would take away what they do not name. Set on the server, it
      // would hold for none of the routes: their scope has schemas of its own.
      compilersFactory: { buildValidator: byPart(), buildSerializer: () => () => JSON.stringify },
    },
    genReqId({ headers }) {
      const [given = ''] = [headers[REQUEST_ID]].flat();
      return PLAIN_ID.test(given) ? given : newId();
    },
    schemaErrorFormatter(errors, place) {
      const [first] = errors;
      if (first?.keyword !== 'additionalProperties') {
        return new Error(
          `${place}${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`,
        );
      }
      const key = String(first.params['additionalProperty']);
      return new Error(`${place}${first.instancePath}/${key} is not known here`);
    },
    frameworkErrors(error, request, reply) {
      void problem(reply, 'request-invalid', `${placeOf(request)}: ${error.message}`);
    },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const status = RAW_STATUS.get(error.code) ?? 400;
      const id = newId();
      const told = problemBody('request-invalid', `not read as HTTP: ${error.code}`, id);
      const body = JSON.stringify({ ...told, status });
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        'content-type: application/problem+json',
        `content-length: ${Buffer.byteLength(body)}`,
        `${REQUEST_ID}: ${id}`,
        'connection: close',
      ];
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    },
  } satisfies FastifyServerOptions;
}

/**
 * A query is text, of which numbers are made. A JSON body says its types: null taken as 0 would make a drain
 * of a script's lost variable.
 */
function byPart(): ReturnType<typeof AjvCompiler> {
  const build = AjvCompiler();
  return (schemas, options) => {
    const customOptions = { ...options?.customOptions, coerceTypes: false };
    const ofText = build(schemas, options);
    const ofBody = build(schemas, { ...options, customOptions } as typeof options);
    // The type of what comes in is the schema's; Fastify gives the route's part too.
    return (part) => ((part as { httpPart?: string }).httpPart === 'body' ? ofBody : ofText)(part);
  };
}

/** Call it before the routes are added: what no route can read is refused by its type. */
export function readBodies(api: FastifyInstance): void {
  const read = api.getDefaultJsonParser('error', 'error');
  // In this order: the default parsers stand until then.
  api.removeAllContentTypeParsers();
  // Many clients name the type whether there is a body or not.
  api.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => (body === '' ? done(null, undefined) : read(request, body, done)),
  );
}

/** What is wrong with a request, by the code of the table and in a sentence. */
export function faultOf(
  error: Error & { readonly statusCode?: number },
  request: FastifyRequest,
): { readonly code: ErrorCode; readonly detail: string } {
  if (error instanceof BallastError) return { code: error.code, detail: error.message };
  const { statusCode = 500, message } = error;
  if (statusCode === 413) {
    const most = request.routeOptions.bodyLimit;
    return { code: 'body-too-large', detail: `a body may have ${most} bytes here` };
  }
  if (statusCode === 415) {
    const type = request.headers['content-type'] ?? 'none';
    const detail = `the content type is ${type}; application/json is taken`;
    return { code: 'body-not-json', detail };
  }
  return { code: statusCode < 500 ? 'request-invalid' : 'internal', detail: message };
}

/** Call it before the routes are added: one that says nothing of a query takes none. */
export function refuseQueries(api: FastifyInstance): void {
  api.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return;
    route.schema = { querystring: NO_QUERY, ...route.schema };
  });
}
