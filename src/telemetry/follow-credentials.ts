// When credentials end, so that somebody renews them before.
//
// Comes in: the clusters as they are ordered, and the API's certificate. Goes out: gauges, which have times
// and not what is left: who looks at them later still knows. On failure: as clusters/credentials.ts.

import { readCredentials } from '../clusters/credentials.ts';
import type { Registry } from '../clusters/registry.ts';
import type { ClusterWorld } from '../clusters/world.ts';
import type { Metrics } from './metrics.ts';

export interface FollowedCredentials {
  readonly metrics: Pick<Metrics, 'credentialExpiry' | 'credentialIssued'>;
  readonly registry: Pick<Registry, 'orders'>;
  /** The file of the API's certificate. */
  readonly certificate?: string | undefined;
  readonly world: Pick<ClusterWorld, 'baseFolder' | 'accountFolder' | 'environment' | 'clock'>;
}

/** A renewed one is known so soon: each kubeconfig is parsed for it. */
const LOOK_MS = 60_000;

export async function followCredentials(
  { metrics, registry, certificate, world }: FollowedCredentials,
  signal: AbortSignal,
): Promise<void> {
  const { credentialExpiry, credentialIssued } = metrics;
  while (!signal.aborted) {
    const found = await readCredentials({ orders: registry.orders(), certificate, world });
    // Of a cluster that is gone nothing is said any more.
    for (const gauge of [credentialExpiry, credentialIssued]) gauge.reset();
    for (const { cluster = '', use, kind, since, until } of found) {
      credentialExpiry.set({ cluster, use, kind }, until / 1000);
      credentialIssued.set({ cluster, use, kind }, since / 1000);
    }
    await world.clock.sleep(LOOK_MS, signal);
  }
}
