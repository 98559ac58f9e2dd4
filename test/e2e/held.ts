// What edges hold of an app, asked at their endpoints.
//
// Comes in: edges, an app, weights by address. Goes out: the weights; or the moment in which all edges
// have exactly these. On failure: an error with what they hold and what the caller knows of why.

import { until } from '../controlplane/until.ts';
import type { TestEdge } from '../lua/edge.ts';

export type Weights = Readonly<Record<string, number>>;

/** In the order in which the edge has them: by address. */
export async function weightsAt(edge: TestEdge, app: string): Promise<Weights> {
  const { json } = await edge.call('GET', `/v1/upstreams/${app}`);
  const servers = (json as { servers?: { address: string; weight: number }[] }).servers ?? [];
  return Object.fromEntries(servers.map(({ address, weight }) => [address, weight]));
}

export interface Wanted {
  readonly app: string;
  readonly weights: Weights;
  /** For the error. */
  readonly why: () => string | Promise<string>;
  readonly withinMs?: number;
}

export async function untilHeld(edges: readonly TestEdge[], wanted: Wanted): Promise<void> {
  const { app, weights, why, withinMs } = wanted;
  const text = JSON.stringify(weights);
  let last = '';
  const probe = async (): Promise<boolean> => {
    const held = await Promise.all(edges.map((edge) => weightsAt(edge, app)));
    last = JSON.stringify(held);
    return held.every((at) => JSON.stringify(at) === text);
  };
  await until(`${app} has ${text}`, probe, withinMs).catch(async (error: unknown) => {
    throw new Error(`${String(error)}; edges hold ${last}; ${await why()}`);
  });
}
