// Calls to the controller's API.
//
// Comes in: a place (contexts.ts), a path. Goes out: the JSON answered, and its ETag. On failure: a
// CommandFailure: the problem's sentence and what a person does about it, with the exit code of its status.

import type { Place } from './contexts.ts';
import { CommandFailure, EXIT, exitOfStatus } from './exit-codes.ts';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly etag?: string;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Caller {
  /** `path` as `/apps/shop`. */
  ask<T>(path: string, call?: Call): Promise<Answer<T>>;
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly act?: string;
  readonly requestId?: string;
}

/** Longer than the longest wait that the API takes. */
const PATIENCE_MS = 75_000;

export function openCaller({ server, token, ca }: Place): Caller {
  return {
    async ask<T>(path: string, { method = 'GET', query = {}, body, headers }: Call = {}) {
      const url = new URL(`${server}/api/v1${path}`);
      for (const [key, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(key, value);
      }
      const init = {
        method,
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      };
      const response = await reach(url, init, ca);
      return read<T>(response, url);
    },
  };
}

/** Name of a resource in a path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

async function reach(url: URL, init: RequestInit, ca: string | undefined): Promise<Response> {
  try {
    if (ca === undefined) return await fetch(url, init);
    // Node's own fetch takes no certificate authority.
    const { Agent, fetch: call } = await import('undici');
    const dispatcher = new Agent({ connect: { ca } });
    return (await call(url, { ...(init as object), dispatcher })) as unknown as Response;
  } catch (error) {
    throw new CommandFailure(EXIT.failed, `${url.origin}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: Error & { code?: string } };
  if (name === 'TimeoutError') return `no answer in ${PATIENCE_MS / 1000} s`;
  if (cause?.code === 'ECONNREFUSED') return 'nobody listens there: see --server, --context';
  return cause?.message || cause?.code || message;
}

async function read<T>(response: Response, url: URL): Promise<Answer<T>> {
  const text = await response.text();
  const { status } = response;
  const etag = response.headers.get('etag');
  if (status === 304) return { status, body: undefined as T, ...(etag && { etag }) };
  const body = parse(text);
  if (status < 400 && body !== undefined) return { status, body: body as T, ...(etag && { etag }) };
  throw refusal(status, body as Problem | undefined, url);
}

function refusal(status: number, problem: Problem | undefined, url: URL): CommandFailure {
  const { code, title, detail, act, requestId } = problem ?? {};
  if (code === undefined) {
    const text = `${url.origin}${url.pathname}: HTTP ${status}, not an answer of Ballast`;
    return new CommandFailure(status < 400 ? EXIT.failed : exitOfStatus(status), text);
  }
  // The request's own line says nothing new to who has just typed the command.
  const sentence = detail?.replace(/^[A-Z]+ \/\S* ?: ?/, '') ?? title ?? '';
  const id = status < 500 || requestId === undefined ? [] : [`request id: ${requestId}`];
  const lines = [`${code}: ${sentence}`, ...(act === undefined ? [] : [act]), ...id];
  return new CommandFailure(exitOfStatus(status), lines.join('\n'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
