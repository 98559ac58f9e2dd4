// A call that is broken off as soon as it was begun: its answer comes all the same, to a stream that
// nobody knows (src/clusters/late-streams.ts). Whether it does is chance, so it is tried often.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { openLink } from './open-link.ts';
import { eventually } from './watched-cluster.ts';

const WATCH = '/api/v1/nodes?watch=true&resourceVersion=0';

/** Counts streams that begin with an answer. */
function countLate(): () => number {
  let late = 0;
  const see = (message: unknown): void => {
    const { headers } = message as { readonly headers?: Readonly<Record<string, unknown>> };
    if (headers?.[':status'] !== undefined) late++;
  };
  subscribe('http2.client.stream.created', see);
  onTestFinished(() => void unsubscribe('http2.client.stream.created', see));
  return () => late;
}

test('an answer that comes after its call was broken off ends no process, and its stream is closed', async () => {
  const cluster = await new SimulatedCluster({ name: 'east' }).start();
  onTestFinished(() => cluster.stop());
  const link = await openLink(cluster.api.kubeconfig(), () => undefined);
  const late = countLate();
  for (let round = 0; round < 300 && late() < 5; round++) {
    const first = await link.get(WATCH, new AbortController().signal);
    first.discard();
    const calls = Array.from({ length: 3 }, () => {
      const stop = new AbortController();
      return { stop, ended: link.get(WATCH, stop.signal).catch(() => undefined) };
    });
    // Somewhere between its beginning and its first byte on the way.
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    else for (let step = 0; step < round % 40; step++) await Promise.resolve();
    for (const { stop } of calls) stop.abort();
    await Promise.all(calls.map(({ ended }) => ended));
    await wait(20);
    await eventually(() => expect(cluster.api.openWatches()).toBe(0));
    // Vitest fails where an error of what is destroyed here is nobody's.
    link.renew();
  }
  expect(late()).toBeGreaterThan(0);
});
