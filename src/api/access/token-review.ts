// Tokens of a Kubernetes cluster, by its TokenReview.
//
// Comes in: a token that nobody else knows. Goes out: `kubernetes:USER` and groups. On failure: undefined
// for a token that the cluster does not know, or that is meant for others; `access-unavailable`
// where it does not answer. What it said counts for a while, so that it is not asked at every call.

import type { Clock } from '../../clock.ts';
import { BallastError } from '../../errors.ts';
import type { Voucher } from './access.ts';
import { hashOf, type Identity } from './access-list.ts';

/** Sends a TokenReview and answers its `status`. Throws an Error in words, without the token. */
export type Review = (spec: {
  readonly token: string;
  readonly audiences: readonly string[];
}) => Promise<unknown>;

interface Status {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
  readonly user?: { readonly username?: string; readonly groups?: readonly string[] };
}

const COUNTS_MS = 30_000;
const MOST_KEPT = 1000;

export function openTokenReview(
  review: Review,
  audiences: readonly string[],
  clock: Clock,
): Voucher {
  const kept = new Map<string, { readonly until: number; readonly said: Promise<Said> }>();

  const ask = async (token: string): Promise<Said> => {
    const status = await review({ token, audiences }).catch((error: Error) => {
      throw new BallastError('access-unavailable', `Kubernetes TokenReview: ${error.message}`);
    });
    return identityOf((status ?? {}) as Status, audiences);
  };
  const keep = (hash: string, said: Promise<Said>): void => {
    kept.delete(hash);
    kept.set(hash, { until: clock.now() + COUNTS_MS, said });
    said.catch(() => kept.delete(hash));
    if (kept.size <= MOST_KEPT) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  };

  return {
    isOurs: () => true,
    async vouch(token) {
      const hash = hashOf(token).toString('base64');
      const found = kept.get(hash);
      if (found && found.until > clock.now()) return found.said;
      const said = ask(token);
      keep(hash, said);
      return said;
    },
  };
}

type Said = Identity | undefined;

/** A cluster that knows nothing of audiences names none: it has checked none either. */
function identityOf({ authenticated, user, ...told }: Status, wanted: readonly string[]): Said {
  const name = user?.username;
  if (authenticated !== true || name === undefined || name === '') return undefined;
  if (!told.audiences?.some((one) => wanted.includes(one))) return undefined;
  const groups = (user?.groups ?? []).map((group) => `kubernetes:${group}`);
  return { name: `kubernetes:${name}`, groups };
}
