// Two simulated API servers with the objects, in a process of their own. Says their kubeconfigs by IPC, and
// ends with its parent.
import { SimulatedApiServer } from '../../simulated/api-server.ts';
import { livingOf, objectsOf } from './stream.ts';

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  Service: 'services',
};

const servers = [];
for (const name of ['one', 'two']) {
  const server = await new SimulatedApiServer({ name }).start();
  server.put('namespaces', { metadata: { name: 'prod' } } as never);
  for (const [at, object] of objectsOf().entries()) {
    server.put(PLURALS[object.kind] ?? '', livingOf(object, at) as never);
  }
  servers.push(server);
}

process.send?.(servers.map((server) => server.kubeconfig()));
process.on('disconnect', () => process.exit());
