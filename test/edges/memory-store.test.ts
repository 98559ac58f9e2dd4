import { openMemoryStore } from '../../src/edges/memory.ts';
import { historyConformance } from '../conformance/history.ts';
import { storeConformance } from '../conformance/store.ts';

async function open() {
  let now = 0;
  const store = openMemoryStore(() => now);
  return {
    store,
    pass: async (ms: number) => {
      now += ms;
    },
    restart: async () => store.restart(true),
    close: () => store.close(),
  };
}

storeConformance('memory', open);
historyConformance('memory', open);
