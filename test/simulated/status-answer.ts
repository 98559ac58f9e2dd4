// Answers that are a Kubernetes Status object: every error, and a successful delete.

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export interface StatusDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly uid?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly causes?: readonly { readonly reason: string; readonly message: string }[];
}

export function statusObject(
  code: number,
  message: string,
  details?: StatusDetails,
  reason?: string,
): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: code < 400 ? 'Success' : 'Failure',
    ...(code < 400 ? {} : { message, reason: reason ?? reasons[code] ?? 'Unknown' }),
    ...(details ? { details } : {}),
    code,
  };
}

export function statusAnswer(
  code: number,
  message: string,
  details?: StatusDetails,
  reason?: string,
): Answer {
  const body = statusObject(code, message, details, reason);
  if (details?.retryAfterSeconds === undefined) return { status: code, body };
  return { status: code, body, headers: { 'retry-after': String(details.retryAfterSeconds) } };
}

export const expiredMessage = 'The resourceVersion for the provided watch is too old.';

export function expiredPageAnswer(): Answer {
  return statusAnswer(
    410,
    'The provided continue parameter is too old to display a consistent list result.',
  );
}

export function tooLargeVersionAnswer(wanted: number, present: number): Answer {
  return statusAnswer(504, `Too large resource version: ${wanted}, current: ${present}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
