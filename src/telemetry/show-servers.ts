// Series of each server: weight, exact share, share, and the share that the edges measured; of each app,
// how far the measured shares are off, and whether its weights are too small to say anything.
//
// Their number is bounded, so that a scrape costs no more than was allowed: apps in the order of their
// names, whole ones, for shares mean something only beside each other. The rest are counted.

import type { Controller } from '../controller.ts';
import type { Address, AppName, Server, Upstream } from '../model.ts';
import type { Weighed } from '../weights/rule.ts';
import type { Metrics } from './metrics.ts';

/** Which series there may be (telemetry.metrics). */
export interface Bounds {
  readonly servers: boolean;
  readonly most: number;
}

interface Shown {
  readonly controller: Controller;
  readonly bounds: Bounds;
  /** Requests per server over the last minute. */
  readonly measured: (app: AppName) => ReadonlyMap<Address, number>;
}

export function showServers(metrics: Metrics, { controller, bounds, measured }: Shown): void {
  const { serverWeight, shareExact, share, shareMeasured, shareDrift, atMinimum } = metrics;
  const gauges = [serverWeight, shareExact, share, shareMeasured, shareDrift, atMinimum];
  for (const gauge of gauges) gauge.reset();
  let left = bounds.servers ? bounds.most : 0;
  let omitted = 0;
  for (const app of controller.apps()) {
    const { servers = [], policy } = controller.published()?.app(app)?.upstream ?? {};
    if (servers.length > left) {
      omitted += servers.length;
      continue;
    }
    left -= servers.length;
    const { weighed } = controller.facts(app) ?? {};
    showApp(metrics, { app, servers, policy, weighed, requests: measured(app) });
  }
  metrics.seriesOmitted.set({ of: 'server' }, omitted);
}

interface ShownApp {
  readonly app: AppName;
  readonly servers: readonly Server[];
  readonly policy: Upstream['policy'] | undefined;
  readonly weighed: Weighed | undefined;
  readonly requests: ReadonlyMap<Address, number>;
}

/** Fewer in a minute, and chance alone moves a share by several points. */
const ENOUGH_REQUESTS = 300;

function showApp(metrics: Metrics, shown: ShownApp): void {
  const { app, servers, weighed, requests } = shown;
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const counted = [...requests.values()].reduce((sum, count) => sum + count, 0);
  let drift = 0;
  for (const { address, from, weight } of servers) {
    const labels = { app, from, server: address };
    const share = total === 0 ? 0 : weight / total;
    metrics.serverWeight.set(labels, weight);
    metrics.share.set(labels, share);
    const sum = weighed?.sums.get(address);
    if (sum) metrics.shareExact.set(labels, sum.exactShare);
    if (counted === 0) continue;
    const measured = (requests.get(address) ?? 0) / counted;
    metrics.shareMeasured.set(labels, measured);
    drift = Math.max(drift, Math.abs(measured - share));
  }
  if (isByWeight(shown) && counted >= ENOUGH_REQUESTS) metrics.shareDrift.set({ app }, drift);
  if (isAtMinimum(shown)) metrics.atMinimum.set({ app }, 1);
}

/** Keys and open requests draw shares away from the weights, and are meant to. */
function isByWeight({ policy }: ShownApp): boolean {
  return policy === undefined || policy.balance === 'smooth';
}

/** The minimum of the rule has taken the place of its sum: pods no longer decide. */
function isAtMinimum({ servers, weighed }: ShownApp): boolean {
  const served = servers.filter(({ weight }) => weight > 0);
  if (served.length < 2 || served.some(({ weight }) => weight > 1)) return false;
  const exact = served.map(({ address }) => weighed?.sums.get(address)?.exactShare ?? 0);
  return exact.some((share) => Math.abs(share - (exact[0] ?? 0)) > 1e-6);
}
