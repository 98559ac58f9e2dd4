// Documents for edges that may not reach Redis, and their heartbeats: the controller in Redis'
// stead (rules R3, R5, R9; lua/ballast/api_source.lua is the other end).
//
// Comes in: an edge's mark, a long poll; its state. Goes out: documents exactly as committed, with
// the stamp of the moment they are of; the state goes into Redis, so that everything that looks at
// edges there sees this one too. On failure: 503 `not-leader` while no term is ours: an edge learns
// of nothing but what Redis would have told it.

import { Type, type Static } from 'typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Controller } from '../controller.ts';
import { manifestText, type Document } from '../edges/document.ts';
import { writeDocument } from '../edges/edge-state.ts';
import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Stamp } from '../model.ts';
import { answers, PROBLEMS } from './shapes.ts';

export interface DocumentParts {
  readonly controller: Controller;
  readonly beat: (edge: string, text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/** More changes than this are met by comparing, which reads by pages. */
const MOST_DOCUMENTS = 200;
const PAGE = 500;
/** 100 documents above Redis, whole (R9). */
const BEAT_BYTES = 64 * 1024 * 1024;

const EDGE = { needs: 'edge' } as const;
const closed = { additionalProperties: false } as const;
const Apps = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,63}(,[A-Za-z0-9._-]{1,63}){0,199}$',
  description: 'names, with commas between',
});
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const WireStamp = Type.Object({ term: Count, version: Count });
const Moment = { term: Count, version: Count };

const DocumentsQuery = Type.Object(
  {
    since: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,16}-[0-9]{1,16}$', description: 'the mark: TERM-VERSION' }),
    ),
    wait: Type.Optional(Type.String({ pattern: '^([1-9]|[1-5][0-9]|60)s$' })),
    apps: Type.Optional(Apps),
  },
  closed,
);
const WireDocument = Type.Object({
  app: Type.String(),
  ...Moment,
  digest: Type.String(),
  owner: Type.String(),
  deleted: Type.Optional(Type.Boolean()),
  body: Type.Optional(Type.String()),
});
const DocumentsAnswer = Type.Object({
  ...Moment,
  compare: Type.Optional(Type.Boolean({ description: 'compare the whole manifest (R9)' })),
  documents: Type.Optional(Type.Array(WireDocument)),
});

const ManifestQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 63, description: 'the page before ended here' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, default: PAGE })),
    apps: Type.Optional(Apps),
  },
  closed,
);
const ManifestAnswer = Type.Object({
  ...Moment,
  manifest: Type.Record(Type.String(), Type.String({ description: 'TERM VERSION DIGEST OWNER' })),
  continue: Type.Optional(Type.String({ description: 'give it as `after`' })),
});

const EdgeParams = Type.Object({
  name: Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$' }),
});
const Nullable = Type.Union([WireStamp, Type.Null()]);
const Heartbeat = Type.Object({
  name: Type.String(),
  environment: Type.String(),
  start: Type.String({ minLength: 1 }),
  beat: Count,
  highest: Count,
  mark: Nullable,
  saved: Nullable,
  workers: Type.Array(Type.Object({ pid: Count, mark: Nullable })),
  refused: Type.Array(Type.Object({ app: Type.String(), ...Moment, code: Type.String() })),
  compared: Count,
  above: Type.Array(WireDocument, { maxItems: 100 }),
  documents: Count,
  source: Type.String(),
});

export function addDocumentRoutes(api: FastifyInstance, parts: DocumentParts): void {
  const { controller } = parts;
  const names = sortedNames();

  api.get<{ Querystring: Static<typeof DocumentsQuery> }>(
    '/api/v1/documents',
    {
      config: EDGE,
      schema: {
        summary: 'What was committed above a mark, for edges without Redis',
        querystring: DocumentsQuery,
        response: answers(DocumentsAnswer),
      },
    },
    async (request, reply) => {
      const { since, wait, apps } = request.query;
      void reply.header('cache-control', 'no-store');
      if (apps !== undefined) return named(served(controller), apps.split(','));
      const mark = since === undefined ? undefined : readMark(since);
      if (wait !== undefined && mark && isUpToDate(served(controller), mark)) {
        const gone = AbortSignal.any([parts.signal, goneSignal(reply)]);
        await controller.nextCommit(Number.parseInt(wait, 10) * 1000, gone);
      }
      return changes(served(controller), mark);
    },
  );

  api.get<{ Querystring: Static<typeof ManifestQuery> }>(
    '/api/v1/documents/manifest',
    {
      config: EDGE,
      schema: {
        summary: 'Stamps and digests of all documents, by pages',
        querystring: ManifestQuery,
        response: answers(ManifestAnswer),
      },
    },
    async (request, reply) => {
      const { apps, after, limit = PAGE } = request.query;
      void reply.header('cache-control', 'no-store');
      const published = served(controller);
      if (apps !== undefined) return lines(published, apps.split(','));
      const all = names(published);
      const from = after === undefined ? 0 : firstAfter(all, after);
      const page = all.slice(from, from + limit);
      const more = from + limit < all.length;
      return { ...lines(published, page), ...(more && { continue: page.at(-1) }) };
    },
  );

  api.post<{ Params: Static<typeof EdgeParams>; Body: Static<typeof Heartbeat> }>(
    '/api/v1/edges/:name/heartbeat',
    {
      config: EDGE,
      schema: {
        summary: 'An edge’s word about itself',
        params: EdgeParams,
        body: Heartbeat,
        response: { 204: Type.Null({ description: 'taken' }), ...PROBLEMS },
      },
      bodyLimit: BEAT_BYTES,
    },
    async (request, reply) => {
      const { name } = request.params;
      if (request.body.name !== name) {
        throw new BallastError('request-invalid', `body/name must be ${name}, as in the path`);
      }
      await parts.beat(name, JSON.stringify(request.body));
      return reply.code(204).send();
    },
  );
}

function served(controller: Controller): Published {
  const published = controller.served();
  if (published) return published;
  throw new BallastError('not-leader', controller.leader().phase);
}

function readMark(since: string): Stamp {
  const [term, version] = since.split('-').map(Number);
  return { term: term ?? 0, version: version ?? 0 };
}

function isUpToDate({ mark }: Published, since: Stamp): boolean {
  return mark.term === since.term && mark.version === since.version;
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** What was committed above the mark, or the word that this cannot be told. */
function changes(published: Published, since: Stamp | undefined): Static<typeof DocumentsAnswer> {
  const { mark } = published;
  const apps = since?.term === mark.term ? published.changedSince(since.version) : undefined;
  if (!apps || apps.length > MOST_DOCUMENTS) return { ...mark, compare: true };
  return named(published, apps);
}

function named(published: Published, apps: readonly AppName[]): Static<typeof DocumentsAnswer> {
  const documents = pick(published, apps).map(writeDocument);
  return { ...published.mark, documents: documents as Static<typeof WireDocument>[] };
}

function lines(published: Published, apps: readonly AppName[]): Static<typeof ManifestAnswer> {
  const entries = pick(published, apps).map((document) => [document.app, manifestText(document)]);
  return { ...published.mark, manifest: Object.fromEntries(entries) as Record<string, string> };
}

function pick(published: Published, apps: readonly AppName[]): Document[] {
  return apps.flatMap((app) => published.documents().get(app) ?? []);
}

/** All names in order. None is ever dropped (R11): as many as before are the same as before. */
function sortedNames(): (published: Published) => readonly AppName[] {
  let of: Published | undefined;
  let sorted: readonly AppName[] = [];
  return (published) => {
    const documents = published.documents();
    if (of === published && sorted.length === documents.size) return sorted;
    of = published;
    sorted = [...documents.keys()].toSorted();
    return sorted;
  };
}

function firstAfter(sorted: readonly AppName[], name: AppName): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
