import { openMemoryStore } from '../../src/edges/memory.ts';
import { storeConformance } from '../conformance/store.ts';

storeConformance('memory', async () => {
  let now = 0;
  const store = openMemoryStore(() => now);
  return {
    store,
    pass: async (ms) => {
      now += ms;
    },
    restart: async () => store.restart(true),
    close: () => store.close(),
  };
});
