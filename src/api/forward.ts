// Writes at a controller that stands by go to the one that leads.
//
// Comes in: a request as it came, its caller known. Goes out: the leader's own answer. The caller goes
// along under a seal (access/sealed-caller.ts), never the token. On failure: `not-leader`, where nobody
// leads, the leader does not answer, or the one that was taken for it does not lead either.

import { request as call, type Dispatcher } from 'undici';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Controller } from '../controller.ts';
import { BallastError } from '../errors.ts';
import { MATCH_HEADER } from './match.ts';
import { ONCE_HEADER, REPLAYED_HEADER } from './once.ts';
import { FORWARDED, UNSEALED, type Access } from './access/access.ts';
import { REQUEST_ID } from './problem.ts';

/** A write may wait a minute for the edges. */
const PATIENCE_MS = 75_000;
const LOOPBACK = /^https?:\/\/(127\.|localhost[:/]|\[::1\])/;

export interface ForwardParts {
  readonly controller: Pick<Controller, 'leader'>;
  readonly access: Pick<Access, 'seal'>;
  /** Knows the leader's authority; absent: those of the system. */
  readonly toLeader?: Dispatcher;
}

/** Answers for the leader; false: we lead, or should say ourselves why not. */
export async function forward(
  parts: ForwardParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const { leading, address, phase } = parts.controller.leader();
  if (leading) return false;
  if (address === undefined || request.headers[FORWARDED] !== undefined) {
    throw new BallastError('not-leader', phase);
  }
  const answer = await ask(parts, request, address);
  const type = answer.headers['content-type'];
  for (const name of [REPLAYED_HEADER, REQUEST_ID, 'retry-after']) {
    const value = answer.headers[name];
    if (value !== undefined) void reply.header(name, value);
  }
  await reply
    .code(answer.statusCode)
    .type(String(type ?? 'application/json'))
    .send(await answer.body.text());
  return true;
}

async function ask(
  { access, toLeader }: ForwardParts,
  request: FastifyRequest,
  address: string,
): Promise<Dispatcher.ResponseData> {
  const { method, url } = request;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    [FORWARDED]: await sealFor(access, request, { address, body }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    // The leader's log has the same id.
    [REQUEST_ID]: request.id,
    ...passed(request),
  };
  return call(new URL(`${address.replace(/\/$/, '')}${url}`), {
    method: method as 'GET' | 'POST' | 'DELETE',
    headers,
    headersTimeout: PATIENCE_MS,
    ...(body !== undefined && { body }),
    ...(toLeader && { dispatcher: toLeader }),
  }).catch((cause: Error) => {
    throw new BallastError('not-leader', `${address} leads, and does not answer: ${cause.message}`);
  });
}

/** What the leader has to know of it beside caller and body. */
function passed({ headers }: FastifyRequest): Record<string, string> {
  const known = [ONCE_HEADER, MATCH_HEADER].flatMap((name) => {
    const [value] = [headers[name]].flat();
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(known) as Record<string, string>;
}

async function sealFor(
  { seal }: ForwardParts['access'],
  { caller, method, url }: FastifyRequest,
  { address, body }: { readonly address: string; readonly body: string | undefined },
): Promise<string> {
  if (seal) return seal.close(caller, { method, url, body });
  // Both are on this machine: the leader sees for itself that the call is local.
  if (caller.name === 'local' && LOOPBACK.test(address)) return UNSEALED;
  const text = `${address} leads; ask it, or set api.forward.key, by which controllers pass calls on`;
  throw new BallastError('not-leader', text);
}
