// TokenReviews at a cluster, for whoever has to know whose a token is.
//
// Comes in: a token and audiences. Goes out: the `status` of the cluster's answer. On failure: an Error in
// words; the token stands in none.

import { failureOf } from './call-failure.ts';
import { loadCluster } from './kubeconfig.ts';
import { LIMITS } from './limits.ts';
import { Link } from './link.ts';
import type { HomeSettings } from './settings.ts';
import type { ClusterWorld } from './world.ts';

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews';
const ANSWER_MS = 5000;

export interface Reviewer {
  readonly review: (spec: {
    readonly token: string;
    readonly audiences: readonly string[];
  }) => Promise<unknown>;
  close(): Promise<void>;
}

/** Throws what is wrong with the kubeconfig. */
export async function openReviewer(
  home: Pick<HomeSettings, 'kubeconfig' | 'inCluster'>,
  world: ClusterWorld,
): Promise<Reviewer> {
  const load = () => loadCluster({ name: 'of api.tokenReview', ...home }, world);
  const link = new Link(await load(), load, { ...world, limits: { ...LIMITS, ...world.limits } });
  return {
    async review(spec) {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec };
      const answer = await send(link, body);
      if (answer.status !== 201 && answer.status !== 200) {
        throw new Error(`the cluster answered ${answer.status}`);
      }
      return answer.json.status;
    },
    close: () => link.close(),
  };
}

async function send(
  link: Link,
  body: object,
): Promise<{ readonly status: number; readonly json: { readonly status?: unknown } }> {
  try {
    const answer = await link.send({ path: PATH, body }, AbortSignal.timeout(ANSWER_MS));
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { status: answer.status, json: answer.isJson ? JSON.parse(text) : {} };
  } catch (error) {
    throw new Error(failureOf(error).text, { cause: error });
  }
}
