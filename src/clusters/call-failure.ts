// Why a call to a cluster's API failed, in words for a person and in fields for the reflector. Pure.

export interface Failure {
  /** In words: `connection refused`, `403`. */
  readonly text: string;
  /**
   * `cluster`: nothing else will fare better. `kind`: only this resource. `credentials`: read them
   * anew. `expired`: the version or page token is too old.
   */
  readonly scope: 'cluster' | 'kind' | 'credentials' | 'expired';
  readonly status?: number;
  readonly retryAfterMs?: number;
}

export class CallFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.text, options);
    this.name = 'CallFailure';
    this.failure = failure;
  }
}

/** A server's wish is honoured up to here: an absurd one must not make us blind. */
const LONGEST_WISH_MS = 120_000;

/** For an answer that is not 200. */
export function failureOfStatus(status: number, retryAfter?: string | number): Failure {
  const seconds = Number(retryAfter ?? Number.NaN);
  const wish = seconds >= 0 ? { retryAfterMs: Math.min(LONGEST_WISH_MS, seconds * 1000) } : {};
  const text = `HTTP ${status}`;
  if (status === 410) return { text, scope: 'expired', status };
  if (status === 401) return { text, scope: 'credentials', status };
  if (status === 429 || status >= 500) return { text, scope: 'cluster', status, ...wish };
  return { text, scope: 'kind', status, ...wish };
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  UND_ERR_INFO: 'connection lost',
  UND_ERR_DESTROYED: 'connection lost',
  UND_ERR_CLOSED: 'connection lost',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not resolved',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no connection in time',
};

export function failureOf(error: unknown): Failure {
  if (error instanceof CallFailure) return error.failure;
  const { code, cause, message } = error as {
    readonly code?: string;
    readonly cause?: unknown;
    readonly message?: string;
  };
  const known = code === undefined ? undefined : WORDS[code];
  if (known !== undefined) return { text: known, scope: 'cluster' };
  if (cause instanceof Error) return failureOf(cause);
  return { text: message || code || 'an unknown error', scope: 'cluster' };
}
