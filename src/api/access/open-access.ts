// Access as the configuration has it.
//
// Comes in: the keys under `api:`, with their files. Goes out: who may call, and the work that keeps it up
// to date. On failure: an Error with the key below `api` at which it stands.

import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { ApiSettings } from '../settings.ts';
import { createAccess, type Access, type Voucher } from './access.ts';
import { openTokens, type Tokens } from './access-list.ts';
import { openOidc } from './oidc.ts';
import { createSeal, type Seal } from './sealed-caller.ts';
import { openTokenReview, type Review } from './token-review.ts';

const SHORTEST_KEY = 32;

export interface AccessWorld {
  readonly clock: Clock;
  readonly wall: () => Date;
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Absent where the configuration names no cluster for it. */
  readonly review?: Review;
}

export interface OpenAccess extends Access {
  follow(signal: AbortSignal): Promise<void>;
}

/** What is wrong with a file that a key names. */
export class AccessError extends Error {
  /** Below `api`. */
  readonly path: readonly string[];

  constructor(path: readonly string[], text: string, options?: ErrorOptions) {
    super(text, options);
    this.path = path;
  }
}

export async function openAccess(api: ApiSettings, world: AccessWorld): Promise<OpenAccess> {
  const { clock, wall } = world;
  const tokens = await tokensOf(api, world);
  const seal = await sealOf(api, world);
  const access = createAccess({
    loopback: api.loopback ?? 'none',
    ...(tokens && { tokens }),
    ...(seal && { seal }),
    vouchers: await vouchersOf(api, world),
    clock,
    wall,
  });
  return { ...access, follow: async (signal) => tokens?.follow(signal) };
}

async function tokensOf(
  { tokens, loopback }: ApiSettings,
  { clock, log }: AccessWorld,
): Promise<Tokens | undefined> {
  if (tokens === undefined) {
    if (loopback === 'none') log.warn('nobody may use the API: set api.tokens or api.loopback');
    return undefined;
  }
  const tell = (trouble: string | undefined): void => {
    if (trouble === undefined) log.info({ file: tokens }, 'the access file is read again');
    else log.warn({ trouble }, 'the access file cannot be used; the last one counts');
  };
  return openTokens(tokens, { clock, tell }).catch((error: Error) => {
    throw new AccessError(['tokens'], error.message, { cause: error });
  });
}

async function sealOf({ forward }: ApiSettings, world: AccessWorld): Promise<Seal | undefined> {
  if (!forward) return undefined;
  const path = ['forward', 'key', 'file'];
  const key = (await readOf(forward.key.file, path)).trim();
  if (key.length >= SHORTEST_KEY) return createSeal(key, world);
  throw new AccessError(path, `${forward.key.file} holds less than ${SHORTEST_KEY} characters`);
}

async function vouchersOf(
  { oidc, tokenReview }: ApiSettings,
  { clock, wall, review }: AccessWorld,
): Promise<Voucher[]> {
  const vouchers: Voucher[] = [];
  if (oidc) {
    const { issuer, audience, userClaim = 'sub', groupsClaim = 'groups' } = oidc;
    const ca = oidc.ca === undefined ? undefined : await readOf(oidc.ca, ['oidc', 'ca']);
    const place = { issuer, audience, user: userClaim, groups: groupsClaim, ca };
    vouchers.push(openOidc(place, { clock, wall }));
  }
  // Last: it takes every token.
  if (tokenReview && review) vouchers.push(openTokenReview(review, tokenReview.audiences, clock));
  return vouchers;
}

export async function readOf(file: string, path: readonly string[]): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new AccessError(path, `${file} cannot be read: ${cause.code}`, { cause });
  });
}
