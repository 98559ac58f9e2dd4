// A request to an ingress node as an edge would send it: with the app's Host.
//
// Comes in: an address, a host, a path. Goes out: the status and how long it took, or why there was none;
// it never throws. On failure: no answer is no health.

import { Agent, request } from 'undici';
import type { Clock } from '../../clock.ts';
import type { Address } from '../../model.ts';

export interface ProbeAsk {
  readonly address: Address;
  readonly host: string;
  readonly path: string;
  readonly https: boolean;
}

export type ProbeAnswer =
  | { readonly status: number; readonly seconds: number }
  | { readonly failed: string };

export type Probe = (ask: ProbeAsk) => Promise<ProbeAnswer>;

const PATIENCE_MS = 5000;

export function openProbe(clock: Clock): { readonly probe: Probe; close(): Promise<void> } {
  // The certificate is of the host, and the address is a node's: as the edges' own probes.
  const agent = new Agent({ connect: { rejectUnauthorized: false }, keepAliveTimeout: 1000 });
  const probe: Probe = async ({ address, host, path, https }) => {
    const began = clock.now();
    try {
      const url = `${https ? 'https' : 'http'}://${address}${path}`;
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const { statusCode, body } = await request(url, {
        headers: { host },
        dispatcher: agent,
        signal,
      });
      await body.dump();
      return { status: statusCode, seconds: (clock.now() - began) / 1000 };
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  };
  return { probe, close: () => agent.close() };
}
