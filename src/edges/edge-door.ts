// The door of one edge: its endpoint, by URL or unix socket, with our token.
//
// Comes in: an edge's settings, a path, perhaps a body. Goes out: status and JSON. On failure: a file's
// error where the token cannot be read; what undici or JSON throws where there is no good answer.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { EdgeSettings } from './settings.ts';

export interface EdgeReply {
  readonly status: number;
  /** Its `Date`. */
  readonly date: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface EdgeDoor {
  /** A POST where there is a body. */
  ask(path: string, body?: unknown): Promise<EdgeReply>;
  close(): Promise<void>;
}

const ANSWER_MS = 2000;
const LONG_ANSWER_MS = 10_000;
const LIMITS: Readonly<Record<string, number>> = { '/v1/stats': LONG_ANSWER_MS };

export function openEdgeDoor(settings: EdgeSettings & { readonly control: string }): EdgeDoor {
  const { base, agent } = target(settings.control);
  const token = settings.token ? readFileSync(settings.token.file, 'utf8').trim() : undefined;
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return {
    async ask(path, body) {
      const limit = body === undefined ? (LIMITS[path] ?? ANSWER_MS) : answerLimit(body);
      const reply = await request(`${base}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        dispatcher: agent,
        signal: AbortSignal.timeout(limit),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const json = (await reply.body.json()) as EdgeReply['json'];
      return { status: reply.statusCode, date: [reply.headers['date']].flat()[0], json };
    },
    close: () => agent.destroy(),
  };
}

/** `http://host:port`, or `unix:/path`. */
function target(control: string): { base: string; agent: Agent } {
  const options = { connect: { timeout: ANSWER_MS }, pipelining: 1, allowH2: false };
  const path = /^unix:(\/.+)$/.exec(control)?.[1];
  if (path === undefined) return { base: control.replace(/\/$/, ''), agent: new Agent(options) };
  const connect = { ...options.connect, socketPath: path };
  return { base: 'http://localhost', agent: new Agent({ ...options, connect }) };
}

/** A push of thousands of documents may take longer than a small one. */
function answerLimit(body: unknown): number {
  const documents = (body as { documents?: readonly unknown[] }).documents?.length ?? 0;
  return documents > 500 ? LONG_ANSWER_MS : ANSWER_MS;
}
