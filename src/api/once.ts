// Calls that may be repeated: a POST under an Idempotency-Key is made once in a day.
//
// Comes in: a call with such a key, at the leader. Goes out: the first answer again, whoever leads by then:
// what was answered lies in Redis. On failure: another call under the same key is refused; one whose
// first try is under way, or was cut off in the middle, says so, for nobody knows whether it was made. A
// call that was refused leaves no note: it may be made again.

import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Controller } from '../controller.ts';
import type { CallNotes } from '../edges/call-notes.ts';
import { BallastError } from '../errors.ts';

export interface OnceParts {
  readonly controller: Pick<Controller, 'leader'>;
  readonly notes: CallNotes;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Under which its answer is noted. */
    noted: Claimed | null;
  }
}

interface Claimed {
  readonly id: string;
  readonly digest: string;
}

interface Note {
  /** Of the call. */
  readonly digest: string;
  /** Absent: it is not answered yet. */
  readonly answer?: { readonly status: number; readonly type: string; readonly body: string };
}

export const ONCE_HEADER = 'idempotency-key';
export const REPLAYED_HEADER = 'idempotent-replayed';
const DAY_MS = 86_400_000;
const KEY = /^[!-~]{1,255}$/;

/** Call it before the routes are added. */
export function answerOnce(api: FastifyInstance, { controller, notes }: OnceParts): void {
  api.decorateRequest('noted', null);
  api.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    // A standby sends it on, key and all.
    if (key === undefined || !controller.leader().leading) return undefined;
    const claimed = claimOf(request, key);
    const found = await notes.claim(claimed.id, JSON.stringify({ digest: claimed.digest }), DAY_MS);
    if (found === undefined) {
      request.noted = claimed;
      return undefined;
    }
    const { status, type, body } = answerIn(found, claimed, key);
    return reply.code(status).header(REPLAYED_HEADER, 'true').type(type).send(body);
  });
  api.addHook('onSend', async ({ noted }, reply, payload) => {
    if (!noted) return payload;
    const body = String(payload ?? '');
    if (isMade(reply.statusCode)) {
      const type = String(reply.getHeader('content-type') ?? 'application/json');
      const note = { digest: noted.digest, answer: { status: reply.statusCode, type, body } };
      // Without it the claim stays, and a repeat is told that nobody knows.
      await notes.put(noted.id, JSON.stringify(note), DAY_MS).catch(() => undefined);
    } else if (!isUnknown(body)) await notes.drop(noted.id).catch(() => undefined);
    return payload;
  });
}

function keyOf(request: FastifyRequest): string | undefined {
  const [key] = [request.headers[ONCE_HEADER]].flat();
  const { needs } = request.routeOptions.config;
  const { dryRun } = (request.query ?? {}) as { readonly dryRun?: boolean };
  const isWrite = request.method === 'POST' && needs !== 'edge' && needs !== 'nothing';
  if (key === undefined || !isWrite || dryRun === true) return undefined;
  if (KEY.test(key)) return key;
  throw new BallastError('request-invalid', `headers/${ONCE_HEADER} is not 1 to 255 characters`);
}

function claimOf({ caller, method, url, body }: FastifyRequest, key: string): Claimed {
  const call = JSON.stringify([method, url, body ?? null]);
  return { id: hash(JSON.stringify([caller.name, key])), digest: hash(call) };
}

function answerIn(found: string, { digest }: Claimed, key: string): NonNullable<Note['answer']> {
  const note = JSON.parse(found) as Note;
  if (note.digest !== digest) {
    throw new BallastError('key-reused', `${key} was another call's`);
  }
  if (note.answer) return note.answer;
  throw new BallastError('key-pending', `the call under ${key} has no answer yet`);
}

function isMade(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The commit got no answer: it may stand. */
function isUnknown(body: string): boolean {
  return body.includes('"code":"redis-unavailable"');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
