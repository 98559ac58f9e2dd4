// Callers from this machine that show no token.
//
// Comes in: a request. Goes out: whether nobody but somebody at this machine can have made it. Pages of a
// browser are told apart by what a browser always says: where the page is from, and the name that was
// called; what came through a proxy says so.

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

export type Incoming = Pick<FastifyRequest, 'ip' | 'headers' | 'method' | 'url'>;

/** Why it is not taken for local; undefined: it is. */
export function whyNotLocal({ ip, headers }: Incoming): string | undefined {
  if (!LOOPBACK.test(ip)) return `${ip} is not this machine`;
  const proxied = PROXIED.find((name) => headers[name] !== undefined);
  return proxied === undefined ? undefined : `it came through a proxy (${proxied})`;
}

/**
 * A page of another place, or one that reached us by a name that its DNS turned to this machine. Our own
 * page calls the very host that it came from.
 */
export function isForeignPage({ headers }: Incoming): boolean {
  const { origin, host = '' } = headers;
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (isIP(name) === 0 && name !== 'localhost') return true;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
