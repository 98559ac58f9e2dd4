// A client for the tests of the simulated API server: no retries, no reconnects, nothing hidden.
import { Agent } from 'undici';
import type { SimulatedApiServer } from './api-server.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  json(): RawObject;
}

/** Loose on purpose: tests look into any object. */
export interface RawObject {
  readonly kind?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, unknown>> & {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly items?: readonly RawObject[];
  readonly [field: string]: unknown;
}

export interface RawEvent {
  readonly type: string;
  readonly object: RawObject;
}

export interface RawWatch {
  readonly status: number;
  /** The next line's event; rejects when the watch ends first or the line is no JSON. */
  next(): Promise<RawEvent>;
  /** Everything that still comes until the server ends it. */
  rest(): Promise<readonly RawEvent[]>;
  close(): void;
}

export interface RawClient {
  ask(path: string, options?: AskOptions): Promise<RawAnswer>;
  watch(path: string): Promise<RawWatch>;
  close(): Promise<void>;
}

interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: object;
  readonly token?: string | undefined;
  readonly contentType?: string;
  readonly deadlineMs?: number;
}

export function createRawClient(
  server: SimulatedApiServer,
  options: { readonly http2?: boolean; readonly inside?: boolean } = {},
): RawClient {
  const agent = new Agent({ allowH2: options.http2 ?? true, connect: { ca: server.ca } });
  const origin = () => (options.inside ? server.insideUrl : server.url);
  const headers = (token: string | undefined) => ({ authorization: `Bearer ${token}` });
  return {
    async ask(path, { method = 'GET', body, token = server.token, ...rest } = {}) {
      const answer = await agent.request({
        origin: origin(),
        path,
        method,
        headers: { ...headers(token), 'content-type': rest.contentType ?? 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
        ...(rest.deadlineMs ? { signal: AbortSignal.timeout(rest.deadlineMs) } : {}),
      });
      const text = await answer.body.text();
      const json = () => JSON.parse(text) as RawObject;
      return { status: answer.statusCode, headers: answer.headers, text, json };
    },
    async watch(path) {
      const { statusCode, body } = await agent.request({
        origin: origin(),
        path,
        method: 'GET',
        headers: headers(server.token),
        bodyTimeout: 0,
      });
      body.on('error', () => undefined);
      const lines = readLines(body);
      return {
        status: statusCode,
        async next() {
          const { value, done } = await lines.next();
          if (done) throw new Error('the watch ended');
          return JSON.parse(value) as RawEvent;
        },
        async rest() {
          const events: RawEvent[] = [];
          for await (const line of lines) events.push(JSON.parse(line) as RawEvent);
          return events;
        },
        close: () => void body.destroy(),
      };
    },
    close: () => agent.destroy(),
  };
}

async function* readLines(body: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of body) {
    rest += chunk.toString();
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
  return undefined;
}
