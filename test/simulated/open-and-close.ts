// Run by a test: opens one of everything, closes it, and must then end without being told.
import { SimulatedCluster } from './cluster.ts';
import { findFreePort } from '../controlplane/ports.ts';
import { IngressFleet } from './ingress-node.ts';
import { Load } from './load.ts';
import { createRawClient } from './raw-client.ts';
import { SimulatedVm } from './vm.ts';

const node = { name: 'n1', address: '127.1.9.3' };
const cluster = await new SimulatedCluster({ name: 'east' }).start();
cluster.setIngressNode(node);
cluster.setApp({ name: 'shop', pods: 2, hosts: ['shop.test'] });
const { insideUrl: url, ca, token } = cluster.api;
const port = await findFreePort([node.address]);
const fleet = new IngressFleet({ cluster: 'east', api: { url, ca, token }, port });
await fleet.start();
const vm = await new SimulatedVm({ name: 'vm-1', address: '127.1.9.4' }).start();
const load = new Load({
  entries: [
    { url: `http://${node.address}:${port}/`, host: 'shop.test' },
    { url: `http://${vm.server}/`, host: 'shop.test' },
  ],
  perSecond: 1000,
});
load.start();
const client = createRawClient(cluster.api);
await client.watch('/api/v1/pods?watch=true&allowWatchBookmarks=true');
await cluster.api.fault({ kind: 'half-open', connections: 'all' });
await load.count(undefined, 100);
cluster.setIngressNode({ ...node, ingressPod: 'unready' });
await cluster.stop();
await fleet.close();
await vm.close();
await load.close();
await client.close();
process.stdout.write('closed\n');
