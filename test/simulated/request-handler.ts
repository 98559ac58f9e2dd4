// One request of the simulated API server: fault or not, who asks, what is asked, the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { answerApply, APPLY_TYPE } from './apply-answer.ts';
import { createBodyWriter } from './body-writer.ts';
import { skewedDate, skewTimes } from './clock-skew.ts';
import { answerDiscovery } from './discovery-answer.ts';
import type { FaultBoard, FaultSubject } from './faults.ts';
import { findFault, takeFault } from './faults.ts';
import { answerList } from './list-answer.ts';
import type { ObjectStore } from './object-store.ts';
import { OpenWatch } from './open-watch.ts';
import type { ApiRequest, Verb } from './request-path.ts';
import { parseApiRequest } from './request-path.ts';
import type { ResourceKind } from './resource-kinds.ts';
import type { Answer } from './status-answer.ts';
import { statusAnswer } from './status-answer.ts';
import { answerTokenReview } from './token-review-answer.ts';
import type { WatchLimits } from './watch-answer.ts';
import { readWatchOrder } from './watch-answer.ts';
import { answerGet, answerWrite } from './write-answer.ts';

export interface HandledRequest {
  readonly verb: Verb;
  readonly resource: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly inside: boolean;
  readonly http2: boolean;
  /** Common name of the client certificate that was shown and accepted. */
  readonly client: string | undefined;
  /** On the process's monotonic clock. */
  readonly atMs: number;
  /** Undefined: not answered (reset or hanging). */
  status: number | undefined;
}

export interface Surroundings {
  readonly store: ObjectStore;
  readonly board: FaultBoard;
  readonly kinds: readonly ResourceKind[];
  readonly limits: WatchLimits;
  readonly tokens: ReadonlySet<string>;
  readonly log: HandledRequest[];
  readonly inside: boolean;
  reset(): void;
  opened(watch: OpenWatch): void;
  closed(watch: OpenWatch): void;
}

const LOG_LIMIT = 50_000;
const page = '<!doctype html><html><body><h1>Please sign in</h1></body></html>';

export async function handleRequest(
  req: IncomingMessage,
  res: ServerResponse,
  world: Surroundings,
): Promise<void> {
  res.on('error', () => undefined);
  const request = parseApiRequest(req.method ?? 'GET', req.url ?? '/', world.kinds);
  const subject: FaultSubject = {
    resource: request.kind?.plural,
    namespace: request.namespace,
    verb: request.verb,
    inside: world.inside,
  };
  const entry: HandledRequest = {
    verb: request.verb,
    resource: request.kind?.plural,
    path: request.path,
    query: request.query,
    inside: world.inside,
    http2: req.httpVersionMajor === 2,
    client: clientOf(req),
    atMs: performance.now(),
    status: undefined,
  };
  world.log.push(entry);
  if (world.log.length > LOG_LIMIT) world.log.splice(0, LOG_LIMIT / 2);
  const body = await readBody(req);
  if (body === undefined) return;
  const struck = takeFault(world.board, subject, 'reset', 'hang', 'html', 'status');
  if (struck?.kind === 'hang') return;
  if (struck?.kind === 'reset') return world.reset();
  if (struck?.kind === 'html') {
    entry.status = 200;
    res.writeHead(200, { 'content-type': 'text/html' });
    res.end(page);
    return;
  }
  const answer = struck
    ? statusAnswer(struck.code, 'simulated fault', struck)
    : answerTo(request, req, body, world);
  if (answer === 'watch') {
    entry.status = startWatch(request, subject, res, world);
    return;
  }
  entry.status = answer.status;
  send(res, answer, subject, world);
}

function answerTo(
  request: ApiRequest,
  req: IncomingMessage,
  body: string,
  world: Surroundings,
): Answer | 'watch' {
  const { store, kinds, inside } = world;
  const open = answerOpen(request.path);
  if (open) return open;
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  const known = token !== undefined && world.tokens.has(token);
  if (!known && clientOf(req) === undefined) return statusAnswer(401, 'Unauthorized');
  const { kind, verb } = request;
  if (!kind) return answerDiscovery(request.path, kinds) ?? answerReview(request, body, world);
  if (verb === 'watch') return 'watch';
  if (verb === 'get') return answerGet(store, request, kind);
  if (verb !== 'list') {
    const parsed = parseBody(body);
    if (!parsed) return statusAnswer(400, 'the body of the request is not a JSON object');
    const contentType = req.headers['content-type'] ?? '';
    const write = { request, kind, body: parsed, contentType };
    return contentType === APPLY_TYPE ? answerApply(store, write) : answerWrite(store, write);
  }
  const { namespace } = request;
  const subject: FaultSubject = { resource: kind.plural, namespace, verb, inside };
  if (takeFault(world.board, subject, 'expired'))
    return statusAnswer(410, 'simulated fault: expired');
  return answerList(
    store,
    request,
    takeFault(world.board, subject, 'empty-list', 'page-short')?.kind,
  );
}

function clientOf(req: IncomingMessage): string | undefined {
  const socket = req.socket as TLSSocket;
  if (!socket.authorized) return undefined;
  return [socket.getPeerCertificate().subject?.CN].flat()[0];
}

/** Paths that need no token. */
function answerOpen(path: string): Answer | undefined {
  if (path === '/readyz' || path === '/livez' || path === '/healthz')
    return { status: 200, body: 'ok' };
  if (path !== '/version') return undefined;
  return {
    status: 200,
    body: { major: '1', minor: '36', gitVersion: 'v1.36.3', platform: 'linux/amd64' },
  };
}

// Everyone with a token may do everything here; a 403 is a fault.
/** May is what no fault with code 403 stands against. */
function answerReview(request: ApiRequest, body: string, world: Surroundings): Answer {
  const asked = parseBody(body);
  if (request.path.endsWith('/selfsubjectreviews')) {
    return { status: 201, body: { ...asked, status: { userInfo: { username: 'ballast' } } } };
  }
  if (request.path.endsWith('/tokenreviews')) return answerTokenReview(asked);
  if (!request.path.endsWith('/selfsubjectaccessreviews')) {
    // Plain text, as the real server answers for a group it does not know.
    return { status: 404, body: '404 page not found\n' };
  }
  const { resourceAttributes: at } = (asked?.['spec'] ?? {}) as {
    resourceAttributes?: { resource: string; namespace?: string; verb: Verb };
  };
  const { resource, namespace, verb = 'other' as const } = at ?? {};
  const subject = { resource, namespace, verb, inside: world.inside };
  const allowed = findFault(world.board, subject, 'status')?.code !== 403;
  return { status: 201, body: { ...asked, status: { allowed } } };
}

function startWatch(
  request: ApiRequest,
  subject: FaultSubject,
  res: ServerResponse,
  world: Surroundings,
): number {
  const order = readWatchOrder(request, world.limits);
  if ('status' in order) {
    send(res, order, subject, world);
    return order.status;
  }
  const out = createBodyWriter(res, takeFault(world.board, subject, 'drip'));
  const watch = new OpenWatch(order, subject, world, out);
  res.on('close', () => {
    watch.close();
    world.closed(watch);
  });
  res.writeHead(200, { 'content-type': 'application/json' });
  // Headers leave at once: a quiet watch must look open, not slow.
  res.flushHeaders?.();
  world.opened(watch);
  watch.start();
  return 200;
}

function send(
  res: ServerResponse,
  answer: Answer,
  subject: FaultSubject,
  world: Surroundings,
): void {
  if (res.destroyed) return;
  const plain = typeof answer.body === 'string';
  const whole = plain ? String(answer.body) : `${JSON.stringify(answer.body)}\n`;
  const skew = findFault(world.board, subject, 'time-skew')?.byMs ?? 0;
  const text = skewTimes(whole, skew);
  const broken = answer.status === 200 && takeFault(world.board, subject, 'broken-json');
  res.writeHead(answer.status, {
    'content-type': plain ? 'text/plain' : 'application/json',
    ...(skew !== 0 && skewedDate(skew)),
    ...answer.headers,
  });
  const out = createBodyWriter(res, takeFault(world.board, subject, 'drip'));
  out.write(broken ? text.slice(0, text.length / 2) : text);
  out.end();
}

async function readBody(req: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  try {
    for await (const part of req) parts.push(part as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(parts).toString();
}

function parseBody(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
