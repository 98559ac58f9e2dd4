import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { IngressNode } from '../../src/model.ts';
import { clusterConformance } from './cluster.ts';

clusterConformance(
  'memory',
  async () => {
    const reader = new MemoryCluster('east');
    const nodes = new Map<string, IngressNode>();
    const show = () => reader.setNodes([...nodes.values()]);
    return {
      reader,
      setPods: async (app, pods) => reader.set(app, { pods }),
      removeApp: async (app) => reader.set(app, undefined),
      addNode: async (name, ip) => {
        nodes.set(name, { name, address: `${ip}:80` });
        show();
      },
      removeNode: async (name) => {
        nodes.delete(name);
        show();
      },
      cut: async () => reader.setStatus({ state: 'stale', reason: 'cut by a test' }),
      mend: async () => reader.setStatus({ state: 'fresh' }),
      close: () => reader.close(),
    };
  },
  { patienceMs: 30_000 },
);
