import { watchCluster } from '../clusters/watched-cluster.ts';
import { clusterConformance } from './cluster.ts';

for (const http2 of [true, false]) {
  clusterConformance(
    `simulated API server over ${http2 ? 'HTTP/2' : 'HTTP/1.1'}`,
    async () => {
      const { simulated, reader, close } = await watchCluster({ http2 });
      simulated.removeNode('edge-1');
      simulated.removeNode('edge-2');
      simulated.removeApp('shop');
      return {
        reader,
        setPods: async (name, pods) =>
          simulated.setApp({ name, pods, hosts: [`${name}.example.com`] }),
        removeApp: async (app) => simulated.removeApp(app),
        addNode: async (name, address) => simulated.setIngressNode({ name, address }),
        removeNode: async (name) => simulated.removeNode(name),
        cut: () => simulated.api.stop(),
        mend: async () => void (await simulated.api.start()),
        close,
      };
    },
    { patienceMs: 30_000 },
  );
}
