// Series of each server: weight, exact share, share, and the share that the edges measured.
//
// Their number is bounded, so that a scrape costs no more than was allowed: apps in the order of their
// names, whole ones, for shares mean something only beside each other. The rest are counted.

import type { Controller } from '../controller.ts';
import type { Address, AppName, Server } from '../model.ts';
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
  const { serverWeight, shareExact, share, shareMeasured } = metrics;
  for (const gauge of [serverWeight, shareExact, share, shareMeasured]) gauge.reset();
  let left = bounds.servers ? bounds.most : 0;
  let omitted = 0;
  for (const app of controller.apps()) {
    const servers = controller.published()?.app(app)?.upstream.servers ?? [];
    if (servers.length > left) {
      omitted += servers.length;
      continue;
    }
    left -= servers.length;
    const { weighed } = controller.facts(app) ?? {};
    showApp(metrics, { app, servers, weighed, requests: measured(app) });
  }
  metrics.seriesOmitted.set({ of: 'server' }, omitted);
}

interface ShownApp {
  readonly app: AppName;
  readonly servers: readonly Server[];
  readonly weighed: Weighed | undefined;
  readonly requests: ReadonlyMap<Address, number>;
}

function showApp(metrics: Metrics, { app, servers, weighed, requests }: ShownApp): void {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const counted = [...requests.values()].reduce((sum, count) => sum + count, 0);
  for (const { address, from, weight } of servers) {
    const labels = { app, from, server: address };
    metrics.serverWeight.set(labels, weight);
    metrics.share.set(labels, total === 0 ? 0 : weight / total);
    const sum = weighed?.sums.get(address);
    if (sum) metrics.shareExact.set(labels, sum.exactShare);
    if (counted > 0) metrics.shareMeasured.set(labels, (requests.get(address) ?? 0) / counted);
  }
}
