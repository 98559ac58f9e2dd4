// A journal in memory, with the store that its leases are taken from.

import { openMemoryStore } from '../../src/edges/memory.ts';
import { openMemoryJournal } from '../../src/jobs/memory-journal.ts';
import type { JournalStage } from '../conformance/journal.ts';
import { nextTerm } from './next-term.ts';

export async function memoryStage() {
  const store = openMemoryStore(() => 0);
  const journal = openMemoryJournal(store);
  let term = 0;
  return {
    store,
    journal,
    term: async () => {
      term += 1;
      return nextTerm(store, term);
    },
    async restart(empty: boolean) {
      store.restart(empty);
      if (empty) journal.load(undefined);
    },
    close: async () => undefined,
  } satisfies JournalStage & Record<string, unknown>;
}
