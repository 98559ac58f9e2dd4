// Traffic through real edges of which no request may fail.
//
// Comes in: edges, a host or several, what is to happen meanwhile. Goes out: nothing. On failure: the test fails with
// the texts of the failures; connections that end count as failures too.

import { expect } from 'vitest';
import { until } from '../controlplane/until.ts';
import type { TestEdge } from '../lua/edge.ts';
import { Load } from '../simulated/load.ts';

export async function underLoad(
  edges: readonly Pick<TestEdge, 'url'>[],
  host: string | readonly string[],
  change: () => Promise<void>,
): Promise<void> {
  const entries = [host].flat().flatMap((one) => edges.map(({ url }) => ({ url, host: one })));
  const load = new Load({ entries, connections: 4, perSecond: 400 });
  load.start();
  await until('traffic flows', () => load.snapshot().answered > 50);
  await change();
  const before = load.snapshot().answered;
  await until('traffic flows on', () => load.snapshot().answered > before + 50);
  const totals = await load.stop();
  await load.close();
  expect(totals.failureTexts).toEqual([]);
  expect([totals.failures, totals.closedConnections]).toEqual([0, 0]);
}

/** An edge that was started alone: all of `count` requests are answered. */
export async function expectServed(edge: TestEdge, host: string, count: number): Promise<void> {
  const load = new Load({ entries: [{ url: edge.url, host }], connections: 2 });
  const totals = await load.count(undefined, count);
  await load.close();
  expect([totals.failures, totals.answered]).toEqual([0, count]);
}

/** What is applied is on disk, so that a restart alone has it. */
export async function untilSaved(edge: TestEdge): Promise<void> {
  await until('the state is saved', async () => {
    const { mark, saved } = await edge.state();
    return mark !== null && saved !== null && saved.version >= mark.version;
  });
}
