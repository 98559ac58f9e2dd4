// The page for people (src/admin), as files that a build left.
//
// Comes in: the folder of the build. Goes out: its files from memory, packed where the browser takes that,
// with the rule that nothing of another place is loaded. On failure: where the build is missing the API
// goes on without a page, and says at its address what to do.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Type, type Static } from 'typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BallastError } from '../errors.ts';
import { namesTag } from './tags.ts';

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly tag: string;
}

/** What lies in `assets`, by name; the page itself has none. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const OPEN = { needs: 'nothing' } as const;
const hide = { hide: true };
const FileParams = Type.Object({ file: Type.String() });

/** Undefined: there is no whole build. */
export async function readPage(folder: string): Promise<PageFiles | undefined> {
  const files = new Map<string, PageFile>();
  try {
    files.set('', await readOne(join(folder, 'index.html')));
    for (const name of await readdir(join(folder, 'assets'))) {
      files.set(name, await readOne(join(folder, 'assets', name)));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return files;
}

async function readOne(path: string): Promise<PageFile> {
  const plain = await readFile(path);
  const digest = createHash('sha256').update(plain).digest('hex').slice(0, 16);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  return { type, plain, packed: gzipSync(plain, { level: 9 }), tag: `"${digest}"` };
}

export function addPageRoutes(
  api: FastifyInstance,
  { page, basePath = '' }: { readonly page?: PageFiles; readonly basePath?: string },
): void {
  api.get('/', { config: OPEN, schema: hide }, async (request, reply) => {
    // Its files are named from where it stands: without the last slash they would be sought beside it.
    const [path = ''] = request.originalUrl.split('?');
    if (basePath !== '' && path === basePath) {
      return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`, 308);
    }
    const file = page?.get('');
    if (!file) throw new BallastError('page-missing', 'src/admin/built has no build of it');
    void reply.header('content-security-policy', POLICY).header('cache-control', 'no-cache');
    return send(request, reply, file);
  });
  api.get<{ Params: Static<typeof FileParams> }>(
    '/assets/:file',
    { config: OPEN, schema: { ...hide, params: FileParams } },
    async (request, reply) => {
      const file = page?.get(request.params.file);
      if (!file) throw new BallastError('not-found', `no file ${request.params.file}`);
      // Another content has another name.
      void reply.header('cache-control', 'public, max-age=31536000, immutable');
      return send(request, reply, file);
    },
  );
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const { headers } = request;
  void reply
    .header('etag', file.tag)
    .header('vary', 'accept-encoding')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
  if (namesTag(headers['if-none-match'], file.tag)) return reply.code(304).send();
  void reply.type(file.type);
  const isPacked = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  return isPacked
    ? reply.header('content-encoding', 'gzip').send(file.packed)
    : reply.send(file.plain);
}
