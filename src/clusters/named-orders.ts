// The clusters that a configuration leads to, asked for once: for commands that come and go.
//
// Comes in: `clusters` and `clusterSources`. Goes out: an order for each cluster, and what is wrong with
// the sources. On failure: a source that says nothing in time is told; the others' clusters are there.

import type { ClusterOrder, SourceWord } from './registry.ts';
import { ordersThatCount } from './registry.ts';
import { runSources, type SourcesWanted } from './sources.ts';
import type { ClusterWorld } from './world.ts';

export interface NamedOrders {
  readonly orders: readonly ClusterOrder[];
  readonly trouble: readonly string[];
}

export async function readOrders(
  wanted: SourcesWanted,
  world: ClusterWorld,
  timeoutMs: number,
): Promise<NamedOrders> {
  const words = new Map<string, SourceWord>();
  let sources: readonly string[] = [];
  const told = Promise.withResolvers<void>();
  const running = runSources(
    {
      arrange: async (now) => {
        sources = now;
      },
      tell: async (source, word) => {
        words.set(source, word);
        if (sources.every((one) => words.has(one))) told.resolve();
      },
      word: (source) => words.get(source),
    },
    world,
  );
  try {
    await running.configure(wanted);
    const over = new AbortController();
    await Promise.race([told.promise, world.clock.sleep(timeoutMs, over.signal)]);
    over.abort();
  } finally {
    await running.close();
  }
  const trouble: string[] = [];
  const fail = (source: string, text: string): void => void trouble.push(`${source}: ${text}`);
  const orders = ordersThatCount(sources, words, fail).map(([, order]) => order);
  for (const source of sources) {
    const word = words.get(source);
    if (!word) fail(source, 'has not answered in time');
    for (const text of word?.trouble ?? []) fail(source, text);
  }
  return { orders, trouble };
}
