// Who may call the API.
//
// Comes in: a request before its body is read. Goes out: its caller: by a token of the access file, by
// somebody who vouches for it (an OIDC issuer, a Kubernetes cluster), by the seal of a controller that
// forwarded it, or, where the configuration says so, by nothing but being made on this machine. On
// failure: 401, 403 or 429, and no word about which part of a token is wrong; 503 where whoever
// would vouch does not answer. Tokens stand in no error and no log.

import type { Clock } from '../../clock.ts';
import { BallastError } from '../../errors.ts';
import { hashOf, type Identity, type Tokens } from './access-list.ts';
import type { Caller, Role } from './caller.ts';
import { countFailedTries } from './failed-tries.ts';
import { isForeignPage, whyNotLocal, type Incoming } from './local.ts';
import type { Opened, Seal } from './sealed-caller.ts';

/** It came from a standby: sealed, or `1` where both are this machine's. It is not sent on again. */
export const FORWARDED = 'x-ballast-forwarded';
export const UNSEALED = '1';
/** Of `ballast token create`: such a token is no other authority's to see. */
export const OWN_TOKEN = 'ballast_';
const LOCAL = 'local';
const MOST_KNOWN = 1000;

export interface Voucher {
  /** Whether such a token can be one of its own. */
  isOurs(token: string): boolean;
  /** Undefined: it is none. Throws `access-unavailable`. */
  vouch(token: string): Promise<Identity | undefined>;
}

export interface AccessParts {
  /** Of callers on this machine without a token. */
  readonly loopback: Exclude<Role, 'edge'> | 'none';
  readonly tokens?: Tokens;
  readonly vouchers: readonly Voucher[];
  readonly seal?: Seal;
  readonly clock: Clock;
  readonly wall: () => Date;
}

export interface Access {
  /** `isBody` where the caller's word counts for one body alone. */
  admit(request: Incoming): Promise<Pick<Opened, 'caller'> & Partial<Opened>>;
  /** Absent: other controllers take no word of ours. */
  readonly seal: Seal | undefined;
}

export function createAccess(parts: AccessParts): Access {
  const { tokens, vouchers, seal, clock, wall } = parts;
  const tries = countFailedTries(clock);
  /** Hashes that were good lately: others' failures from the same address do not shut them out. */
  const known = new Set<string>();

  const refuse = ({ ip }: Incoming, why: string): BallastError => {
    tries.failed(ip);
    return new BallastError('token-unknown', why);
  };
  const local = (request: Incoming): Caller => {
    const why = parts.loopback === 'none' ? 'api.loopback is none' : whyNotLocal(request);
    if (why !== undefined) throw new BallastError('token-missing', why);
    if (isForeignPage(request)) {
      throw new BallastError('page-refused', 'a page of a browser, or another host name');
    }
    return { name: LOCAL, grants: [{ roles: [parts.loopback as Role] }] };
  };
  const find = async (token: string): Promise<Caller | undefined> => {
    const found = tokens?.find(token, wall().getTime());
    if (found || !tokens || token.startsWith(OWN_TOKEN)) return found;
    const voucher = vouchers.find((one) => one.isOurs(token));
    const identity = await voucher?.vouch(token);
    return identity && tokens.vouched(identity);
  };
  const unseal = async (request: Incoming, sealed: string): Promise<Opened> => {
    const opened = await seal?.open(sealed, request);
    if (opened) return opened;
    throw refuse(request, 'forwarded by a controller with another api.forward.key, or clock');
  };
  const remember = (hash: string): void => {
    known.delete(hash);
    known.add(hash);
    if (known.size <= MOST_KNOWN) return;
    const [oldest] = known;
    if (oldest !== undefined) known.delete(oldest);
  };

  /** Who is not known must not have failed too often. */
  const checkTries = ({ ip }: Incoming, hash: string | undefined): void => {
    const waitMs = hash !== undefined && known.has(hash) ? 0 : tries.waitMs(ip);
    if (waitMs === 0) return;
    throw new BallastError('too-many-tries', `again in ${Math.ceil(waitMs / 1000)} s`);
  };
  const byToken = async (request: Incoming, authorization: string): Promise<Caller> => {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const hash = token === undefined ? '' : hashOf(token).toString('base64');
    checkTries(request, hash);
    if (token === undefined) throw refuse(request, 'no `Bearer TOKEN` in Authorization');
    const caller = await find(token);
    if (caller) remember(hash);
    else known.delete(hash);
    if (caller) return caller;
    throw refuse(request, 'the token is not known here, or its time is over');
  };

  return {
    seal,
    async admit(request) {
      const sealed = request.headers[FORWARDED];
      const { authorization } = request.headers;
      if (typeof sealed === 'string' && sealed !== UNSEALED) {
        checkTries(request, undefined);
        return unseal(request, sealed);
      }
      if (authorization === undefined) return { caller: local(request) };
      return { caller: await byToken(request, authorization) };
    },
  };
}
