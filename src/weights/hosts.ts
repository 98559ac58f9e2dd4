// Two apps that claim one host: who is published keeps it, else the first by name. Pure.

import type { AppName, Reason, Upstream } from '../model.ts';

export interface Settled {
  readonly upstream: Upstream;
  readonly reason?: Reason;
}

/** Leaves out the hosts that another app has. `ownerOf` answers who has a host now. */
export function settleHosts(
  upstream: Upstream,
  ownerOf: (host: string) => AppName | undefined,
): Settled {
  const { hosts, ...rest } = upstream;
  const lost = (hosts ?? []).filter((host) => (ownerOf(host) ?? upstream.app) !== upstream.app);
  if (lost.length === 0) return { upstream };
  const kept = (hosts ?? []).filter((host) => !lost.includes(host));
  const owners = lost.map((host) => `${host} (${ownerOf(host)} has it)`);
  return {
    upstream: { ...rest, ...(kept.length > 0 ? { hosts: kept } : {}) },
    reason: {
      code: 'host-conflict',
      text: `${upstream.app} is not reached by ${owners.join(', ')}`,
    },
  };
}
