// The memory store, whose commits of one document cost what they cost Redis. It keeps old states whole
// for the simulation and copies all documents at each commit; a script in Redis changes one field.

import { digestOf } from '../../../src/edges/digest.ts';
import { type MemoryStore, openMemoryStore } from '../../../src/edges/memory.ts';

export function openLeanStore(now: () => number): MemoryStore {
  const store = openMemoryStore(now);
  let last: { readonly term: number; readonly version: number } | undefined;
  return {
    ...store,
    async commit(lease, round) {
      if (last === undefined) {
        const reply = await store.commit(lease, round);
        if ('version' in reply) last = { term: lease.term, version: reply.version };
        return reply;
      }
      const { version: previous } = last;
      last = { term: lease.term, version: previous + 1 };
      return {
        version: previous + 1,
        previous,
        digests: round.puts.map(({ body }) => digestOf(body)),
      };
    },
    version: async () => last ?? (await store.version()),
  };
}
