// Who writes. Without access tokens it is whoever is on this machine; a token will name its owner here.
//
// Comes in: a request that would write. Goes out: the actor's name, for history and audit. On failure:
// `write-refused`: from elsewhere, or from a page that a browser on this machine shows.

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { BallastError } from '../errors.ts';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

export function actorOf(request: FastifyRequest): string {
  if (!LOOPBACK.test(request.ip)) {
    throw new BallastError('write-refused', `${request.ip} is not this machine`);
  }
  // A page of a browser says where it is from, or calls a name that leads here only by its DNS.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (request.headers.origin !== undefined || (isIP(host) === 0 && host !== 'localhost')) {
    throw new BallastError('write-refused', 'a page of a browser may not write');
  }
  return 'local';
}
