// TokenReviews. Tokens of service accounts say whose they are: `account:NAMESPACE:NAME@AUDIENCE`.

import type { Answer } from './status-answer.ts';

const ACCOUNT = /^account:([^:]+):([^:@]+)@(.+)$/;

export function answerTokenReview(asked: Record<string, unknown> | undefined): Answer {
  const spec = (asked?.['spec'] ?? {}) as { token?: string; audiences?: string[] };
  const [, namespace, name, audience = ''] = ACCOUNT.exec(spec.token ?? '') ?? [];
  const isFor = namespace !== undefined && spec.audiences?.includes(audience) === true;
  const status = isFor
    ? {
        authenticated: true,
        user: {
          username: `system:serviceaccount:${namespace}:${name}`,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
        },
        audiences: [audience],
      }
    : { authenticated: false, error: 'invalid bearer token', user: {} };
  return { status: 201, body: { ...asked, status } };
}
