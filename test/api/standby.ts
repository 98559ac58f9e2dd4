// A second controller beside one that leads: it stands by, and knows where the first one answers.

import type { FastifyInstance } from 'fastify';
import type { MemoryCluster } from '../../src/clusters/memory.ts';
import type { MemoryStore } from '../../src/edges/memory.ts';
import type { Own } from './memory-controller.ts';

interface First {
  readonly api: FastifyInstance;
  readonly store: MemoryStore;
  readonly east: MemoryCluster;
  readonly west: MemoryCluster;
}

/** The lease names an address that nobody listens at: the right one is put there. */
export async function standbyOf(first: First): Promise<{ own: Own; url: string }> {
  const url = await first.api.listen({ host: '127.0.0.1', port: 0 });
  const { store, east, west } = first;
  const take: MemoryStore['take'] = async (...args) => ({
    ...(await store.take(...args)),
    address: url,
  });
  return { own: { clusters: [east, west], holder: 'two', store: { ...store, take } }, url };
}
