import { openMemoryPages } from '../../src/jobs/memory-pages.ts';
import { sharedPagesConformance } from '../conformance/shared-pages.ts';
import { memoryStage } from './memory-stage.ts';

sharedPagesConformance('memory', async () => {
  const { store, journal: _, ...stage } = await memoryStage();
  const pages = openMemoryPages(store);
  return {
    ...stage,
    pages,
    async restart(empty) {
      await stage.restart(empty);
      if (empty) pages.load(undefined);
    },
  };
});
