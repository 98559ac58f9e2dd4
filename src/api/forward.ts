// Writes at a controller that stands by go to the one that leads.
//
// Comes in: a request as it came. Goes out: the leader's own answer. On failure: `not-leader`, where
// nobody leads, the leader does not answer, or the one that was taken for it does not lead either.

import { request as call } from 'undici';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Controller } from '../controller.ts';
import { BallastError } from '../errors.ts';

/** It came from a standby: it is not sent on again. */
const MARK = 'x-ballast-forwarded';
/** A write may wait a minute for the edges. */
const PATIENCE_MS = 75_000;

/** Answers for the leader; false: we lead, or should say ourselves why not. */
export async function forward(
  controller: Controller,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const { leading, address, phase } = controller.leader();
  if (leading) return false;
  if (address === undefined || request.headers[MARK] !== undefined) {
    throw new BallastError('not-leader', phase);
  }
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const answer = await call(`${address}${request.url}`, {
    method: request.method as 'GET' | 'POST' | 'DELETE',
    headers: { [MARK]: '1', ...(body !== undefined && { 'content-type': 'application/json' }) },
    headersTimeout: PATIENCE_MS,
    ...(body !== undefined && { body }),
  }).catch((cause: Error) => {
    throw new BallastError('not-leader', `${address} leads, and does not answer: ${cause.message}`);
  });
  const type = answer.headers['content-type'];
  await reply
    .code(answer.statusCode)
    .type(String(type ?? 'application/json'))
    .send(await answer.body.text());
  return true;
}
