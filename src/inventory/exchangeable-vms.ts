// VMs whose configuration may be read again while others hold on to them.
//
// Comes in: sources, later others. Goes out: always the last ones' VMs. On failure: the sources' own.

import type { Vms } from './vms.ts';

export interface ExchangeableVms extends Vms {
  exchange(next: Vms): void;
}

export function exchangeable(first: Vms): ExchangeableVms {
  let current = first;
  let exchanged = new AbortController();
  return {
    sources: () => current.sources(),
    vms: () => current.vms(),
    unread: (app) => current.unread(app),
    registered: (app, address) => current.registered(app, address),
    reason: (app) => current.reason(app),
    trouble: () => current.trouble(),
    async follow(mark, signal) {
      while (!signal.aborted) {
        const until = AbortSignal.any([signal, exchanged.signal]);
        await current.follow(mark, until);
        await aborted(until);
      }
    },
    exchange(next) {
      current = next;
      exchanged.abort();
      exchanged = new AbortController();
    },
  };
}

/** One without a file follows nothing, and returns at once. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
