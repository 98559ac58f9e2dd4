// What is refused of a request before a route sees it, always as a problem body.
//
// Comes in: bytes that are no HTTP, URLs that cannot be decoded, query keys that nobody knows. Goes
// out: 400 and the like, with the place. Unknown keys are errors: a misspelt one would be ignored.

import { STATUS_CODES } from 'node:http';
import { Type } from 'typebox';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { ERRORS } from '../errors.ts';
import { placeOf, problem } from './problem.ts';

const NO_QUERY = Type.Object({}, { additionalProperties: false });
/** By the code of Node's parser; 400 for all others. */
const RAW_STATUS = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** Until a request is whole: who sends it drop by drop keeps no connection. */
const WHOLE_MS = 60_000;

export const REQUEST_OPTIONS = {
  requestTimeout: WHOLE_MS,
  // Fastify would take unknown keys away without a word.
  ajv: { customOptions: { removeAdditional: false } },
  schemaErrorFormatter(errors, place) {
    const [first] = errors;
    if (first?.keyword !== 'additionalProperties') {
      return new Error(`${place}${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`);
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
    const { title, act } = ERRORS['request-invalid'];
    const type = 'urn:ballast:error:request-invalid';
    const detail = `not read as HTTP: ${error.code}`;
    const body = JSON.stringify({ type, code: 'request-invalid', status, title, detail, act });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  },
} satisfies FastifyServerOptions;

/** Call it before the routes are added: one that says nothing of a query takes none. */
export function refuseQueries(api: FastifyInstance): void {
  api.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return;
    route.schema = { querystring: NO_QUERY, ...route.schema };
  });
}
