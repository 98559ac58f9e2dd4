// The OpenAPI document, made from the routes' own schemas.
//
// Comes in: routes, as they are added. Goes out: the document at /api/v1/openapi.json and a page that shows
// it, which loads nothing else. On failure: a route without a summary or responses fails the tests.

import swagger from '@fastify/swagger';
import { Type } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Needs } from './access/caller.ts';
import { MATCH_HEADER } from './match.ts';
import { ONCE_HEADER } from './once.ts';
import { describeDocument, type Document } from './openapi-page.ts';
import { namedSchemas } from './shapes.ts';

/** It says no more than README. */
const OPEN = { needs: 'nothing' } as const;

/** once.ts and match.ts read them; here they are only told. */
const MATCH = {
  [MATCH_HEADER]: Type.Optional(
    Type.String({ description: 'only where the ETag of what stands is still this' }),
  ),
};
const ONCE = {
  [ONCE_HEADER]: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: 'made once under it, for a day' }),
  ),
};
const HEADERS = new Map([
  ['POST', Type.Object({ ...MATCH, ...ONCE })],
  ['DELETE', Type.Object(MATCH)],
]);

/** Call it before the routes are added. */
export async function describeRoutes(api: FastifyInstance): Promise<void> {
  for (const schema of namedSchemas()) api.addSchema(schema);
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Ballast',
        version: 'v1',
        description: 'Weights of an edge nginx tier: what is seen, weighed and published.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: { buildLocalReference: (json) => String(json.$id) },
    transform: ({ schema, url, route }) => {
      const needs = route.config?.needs;
      const { method } = route;
      return {
        url,
        schema: {
          ...schema,
          operationId: nameOf(String(method), url),
          tags: [tagOf(url)],
          ...(needs !== 'edge' && { headers: HEADERS.get(String(method)) }),
          ...(needs !== 'nothing' && { security: [{ token: [] }], description: wordsOf(needs) }),
        },
      };
    },
  });
}

export function addOpenApiRoutes(api: FastifyInstance): void {
  let text: string | undefined;
  let page: string | undefined;
  const hide = { hide: true };
  api.get('/api/v1/openapi.json', { config: OPEN, schema: hide }, async (_request, reply) => {
    text ??= JSON.stringify(documentOf(api));
    return reply.type('application/json').send(text);
  });
  api.get('/api/v1/docs', { config: OPEN, schema: hide }, async (_request, reply) => {
    page ??= describeDocument(documentOf(api));
    // Not even a script of ours.
    const policy =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    void reply.header('content-security-policy', policy);
    return reply.type('text/html; charset=utf-8').send(page);
  });
}

/** Paths are told from where the document stands: below any base path. */
function documentOf(api: FastifyInstance): Document {
  return { ...api.swagger(), servers: [{ url: '../..' }] } as unknown as Document;
}

function wordsOf(needs: Needs | undefined): string {
  return `Takes the role ${needs}.`;
}

/** `getAppsApp`: of the method and what the path names. */
function nameOf(method: string, url: string): string {
  const words = url.replace('/api/v1/', '').split(/[^A-Za-z0-9]+/);
  const named = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${method.toLowerCase()}${named.join('')}`;
}

function tagOf(url: string): string {
  const [, noun] = /^\/api\/v1\/([a-z]+)/.exec(url) ?? [];
  return noun ?? 'process';
}
