import { refOf } from '../../src/clusters/cluster-writer.ts';
import { withinScope } from '../../src/clusters/writer-scope.ts';
import { writerConformance } from '../conformance/cluster-writer.ts';
import { MemoryObjects } from './memory-objects.ts';

writerConformance('memory', async () => {
  const objects = new MemoryObjects('east');
  return {
    writer: withinScope(objects, { namespaces: ['prod'], secrets: false }),
    async applyAs(manager, object) {
      objects.applyAs(manager, object);
    },
    look: async (object) => objects.look(refOf(object)),
    close: async () => undefined,
  };
});
