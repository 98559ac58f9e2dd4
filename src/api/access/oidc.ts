// Bearer tokens of an OIDC issuer.
//
// Comes in: a JWT. Goes out: `oidc:NAME` and groups, once signature, issuer, audience and times are right.
// On failure: undefined for a token that is not right; `access-unavailable` where the issuer's keys
// cannot be had. They are kept, and asked for again only for a key that is not among them.

import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify } from 'jose';
import { Agent, fetch, request } from 'undici';
import type { Clock } from '../../clock.ts';
import { BallastError } from '../../errors.ts';
import type { Voucher } from './access.ts';
import type { Identity } from './access-list.ts';

export interface OidcPlace {
  readonly issuer: string;
  readonly audience: string;
  /** Claims. */
  readonly user: string;
  readonly groups: string;
  readonly ca: string | undefined;
}

const ANSWER_MS = 5000;
const AGAIN_MS = 10_000;
const TOLERANCE_SECONDS = 30;
/** Never a shared secret, never none. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
ALGORITHMS.push('ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519');

type Keys = ReturnType<typeof createRemoteJWKSet>;

export function openOidc(
  place: OidcPlace,
  { clock, wall }: { readonly clock: Clock; readonly wall: () => Date },
): Voucher {
  const agent = new Agent({
    connect: { timeout: ANSWER_MS, ...(place.ca !== undefined && { ca: place.ca }) },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  let keys: Promise<Keys> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let failure = '';

  const find = async (): Promise<Keys> => {
    const url = `${place.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { statusCode, body } = await request(url, { dispatcher: agent });
    const told = (await body.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
    if (statusCode !== 200) throw new Error(`status ${statusCode} of ${url}`);
    if (told.issuer !== place.issuer) throw new Error(`${url} names another issuer`);
    const keysAt = new URL(String(told.jwks_uri));
    // Whoever can put in a key of his own is everybody.
    if (place.issuer.startsWith('https:') && keysAt.protocol !== 'https:') {
      throw new Error(`its keys stand at ${keysAt.origin}, without TLS`);
    }
    const fetchKeys = (at: string, init: object) => fetch(at, { ...init, dispatcher: agent });
    return createRemoteJWKSet(keysAt, {
      timeoutDuration: ANSWER_MS,
      [customFetch]: fetchKeys as unknown as typeof globalThis.fetch,
    });
  };
  /** One question at a time, and none for a while after one that failed. */
  const known = (): Promise<Keys> => {
    if (clock.now() - failedAt < AGAIN_MS) throw unavailable(failure);
    keys ??= find().catch((error: Error) => {
      keys = undefined;
      failedAt = clock.now();
      failure = error.message;
      throw unavailable(failure);
    });
    return keys;
  };

  return {
    isOurs: (token) => issuerOf(token) === place.issuer,
    async vouch(token) {
      const checks = {
        issuer: place.issuer,
        audience: place.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: wall(),
      };
      try {
        const { payload } = await jwtVerify(token, await known(), checks);
        return identityOf(payload, place);
      } catch (error) {
        if (isRefusal(error)) return undefined;
        if (error instanceof BallastError) throw error;
        throw unavailable((error as Error).message);
      }
    },
  };
}

function unavailable(why: string): BallastError {
  return new BallastError('access-unavailable', `the OIDC issuer: ${why}`);
}

/** The token's fault, and not the issuer's. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function identityOf(
  payload: Readonly<Record<string, unknown>>,
  { user, groups }: OidcPlace,
): Identity | undefined {
  const name = payload[user];
  if (typeof name !== 'string' || name === '') return undefined;
  // An address that nobody has verified is anybody's.
  if (user === 'email' && payload['email_verified'] !== true) return undefined;
  const told = [payload[groups] ?? []].flat();
  const named = told.filter((group) => typeof group === 'string');
  return { name: `oidc:${name}`, groups: named.map((group) => `oidc:${group}`) };
}
