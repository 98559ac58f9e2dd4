// Who a caller was, told by the controller that asked for the token to the one that leads.
//
// Comes in: a caller, and the very call. Goes out: a text that only who has `api.forward.key` can make, for
// this one call and for a minute, and once. A caller's token never leaves the controller that it was
// shown to: whoever could forge the leader's address in Redis would otherwise collect them.
// On failure: undefined; the call is refused.

import { createHash, createSecretKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Caller } from './caller.ts';

const LASTS_SECONDS = 60;
/** Clocks of controllers may differ by so much. */
const TOLERANCE_SECONDS = 10;
const ISSUER = 'ballast:standby';

export interface Call {
  readonly method: string;
  readonly url: string;
  /** As it goes over the wire; undefined: none. */
  readonly body: string | undefined;
}

export interface Seal {
  close(caller: Caller, call: Call): Promise<string>;
  /** The body comes later: the text says which it has to be. */
  open(sealed: string, call: Omit<Call, 'body'>): Promise<Opened | undefined>;
}

export interface Opened {
  readonly caller: Caller;
  readonly isBody: (body: string | undefined) => boolean;
}

export interface SealWorld {
  readonly wall: () => Date;
  readonly random: () => number;
}

export function createSeal(key: string, { wall, random }: SealWorld): Seal {
  const secret = createSecretKey(key, 'utf8');
  /** By when they are too old anyway. */
  const used = new Map<string, number>();

  const isNew = (id: string, now: number): boolean => {
    for (const [old, until] of used) {
      if (until > now) break;
      used.delete(old);
    }
    if (used.has(id)) return false;
    used.set(id, now + (LASTS_SECONDS + 2 * TOLERANCE_SECONDS) * 1000);
    return true;
  };
  return {
    close: (caller, { method, url, body }) => {
      const seconds = Math.floor(wall().getTime() / 1000);
      return new SignJWT({ caller, method, url: asSent(url), body: digestOf(body) })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + LASTS_SECONDS)
        .setJti(`${random()}-${random()}`)
        .sign(secret);
    },
    async open(sealed, { method, url }) {
      const now = wall();
      const checks = {
        algorithms: ['HS256'],
        issuer: ISSUER,
        requiredClaims: ['exp', 'jti'],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: now,
      };
      const read = await jwtVerify(sealed, secret, checks).catch(() => undefined);
      if (!read) return undefined;
      const { caller, method: how, url: where, body: digest, jti = '' } = read.payload;
      if (how !== method || where !== asSent(url) || !isNew(jti, now.getTime())) return undefined;
      return { caller: caller as Caller, isBody: (body) => digestOf(body) === digest };
    },
  };
}

/** An HTTP client may write some characters of it in another way. */
function asSent(url: string): string {
  const { pathname, search } = new URL(`http://leader${url}`);
  return `${pathname}${search}`;
}

function digestOf(body: string | undefined): string {
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex');
}
