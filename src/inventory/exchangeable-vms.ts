// VMs whose configuration may be read again while others hold on to them.
//
// Comes in: a source, later another. Goes out: always the last one's VMs. On failure: the source's own.

import type { VmSource } from './vms.ts';

export interface ExchangeableVms extends VmSource {
  exchange(next: VmSource): void;
}

export function exchangeable(first: VmSource): ExchangeableVms {
  let current = first;
  let exchanged = new AbortController();
  return {
    vms: () => current.vms(),
    unread: () => current.unread(),
    reason: (app) => current.reason(app),
    trouble: () => current.trouble(),
    refresh: () => current.refresh(),
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
