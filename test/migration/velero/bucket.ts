// A server with the part of S3's API that reading needs: path style, two names a page, ETags, and where
// asked for TLS and customers' keys. Signatures are looked for, not checked: a real server does that in
// the control plane lane.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface BucketOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Of SSE-C: objects are given to who shows it. */
  readonly customerKey?: Buffer;
  /** Objects whose connection breaks in the middle. */
  readonly breaks?: RegExp;
  /** Answers all with this error of S3. */
  readonly refuse?: { readonly status: number; readonly code: string; readonly message: string };
}

export interface Bucket {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** `METHOD path`, as they came. */
  readonly calls: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const PAGE = 2;

export async function startBucket(name: string, options: BucketOptions = {}): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const calls: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://bucket');
    calls.push(`${request.method} ${url.pathname}`);
    const { refuse } = options;
    if (refuse) return fail(response, refuse);
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
      return fail(response, { status: 403, code: 'AccessDenied', message: 'not signed' });
    const [, bucket, ...rest] = url.pathname.split('/');
    if (bucket !== name)
      return fail(response, { status: 404, code: 'NoSuchBucket', message: 'no such bucket' });
    if (url.searchParams.get('list-type') === '2') return list(response, url, objects);
    const found = objects.get(decodeURIComponent(rest.join('/')));
    if (!found) return fail(response, { status: 404, code: 'NoSuchKey', message: 'no such key' });
    if (options.customerKey && !showsKey(request, options.customerKey))
      return fail(response, { status: 400, code: 'InvalidRequest', message: 'a key is needed' });
    const etag = `"${createHash('md5').update(found).digest('hex')}"`;
    response.writeHead(200, { etag, 'content-length': found.length });
    if (request.method === 'HEAD') return void response.end();
    if (!options.breaks?.test(url.pathname)) return void response.end(found);
    response.write(found.subarray(0, found.length / 2), () => response.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    objects,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function showsKey({ headers }: IncomingMessage, key: Buffer): boolean {
  const sum = createHash('md5').update(key).digest('base64');
  return (
    headers['x-amz-server-side-encryption-customer-algorithm'] === 'AES256' &&
    headers['x-amz-server-side-encryption-customer-key'] === key.toString('base64') &&
    headers['x-amz-server-side-encryption-customer-key-md5'] === sum
  );
}

function list(response: ServerResponse, url: URL, objects: ReadonlyMap<string, Buffer>): void {
  const prefix = url.searchParams.get('prefix') ?? '';
  const after = url.searchParams.get('continuation-token') ?? '';
  const below = [...objects.keys()].filter((key) => key.startsWith(prefix));
  const folders = new Set(
    below.map((key) => `${prefix}${key.slice(prefix.length).split('/')[0]}/`),
  );
  const rest = [...folders].sort().filter((folder) => folder > after);
  const page = rest.slice(0, PAGE);
  const more = rest.length > PAGE;
  const parts = page.map((one) => `<CommonPrefixes><Prefix>${one}</Prefix></CommonPrefixes>`);
  const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(
    `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${parts.join('')}</ListBucketResult>`,
  );
}

function fail(
  response: ServerResponse,
  { status, code, message }: NonNullable<BucketOptions['refuse']>,
): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}
