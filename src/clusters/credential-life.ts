// How long what is shown to a cluster lasts: client certificates, and tokens that say it themselves.
//
// Comes in: PEM text, a bearer token. Goes out: since when and until when, in milliseconds of the time of
// day. On failure: what cannot be read, and a token without an end, has no life.

import { X509Certificate } from 'node:crypto';

export interface CredentialLife {
  readonly kind: 'certificate' | 'token';
  /** 0: it does not say. */
  readonly since: number;
  readonly until: number;
}

/** What is shown to a cluster, but for what a plugin gives, which gives anew what is over. */
export interface Shown {
  readonly cert?: string | undefined;
  readonly token?: string | undefined;
}

export function livesOf({ cert, token }: Shown): readonly CredentialLife[] {
  return [cert === undefined ? undefined : ofCertificate(cert), token && ofToken(token)].filter(
    (life) => typeof life === 'object',
  );
}

/** Of a chain the first one is ours. */
export function ofCertificate(pem: string): CredentialLife | undefined {
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    const [since, until] = [validFromDate.getTime(), validToDate.getTime()];
    return { kind: 'certificate', since, until };
  } catch {
    return undefined;
  }
}

interface Claims {
  readonly exp?: unknown;
  readonly iat?: unknown;
}

/** A JWT, whose claims are read and not trusted: whoever takes it has to. */
function ofToken(token: string): CredentialLife | undefined {
  const [, middle, signature] = token.split('.');
  if (middle === undefined || signature === undefined) return undefined;
  try {
    const text = Buffer.from(middle, 'base64url').toString();
    const { exp, iat } = JSON.parse(text) as Claims;
    if (typeof exp !== 'number') return undefined;
    return { kind: 'token', since: typeof iat === 'number' ? iat * 1000 : 0, until: exp * 1000 };
  } catch {
    return undefined;
  }
}
