// A contender: the informers of @kubernetes/client-node for pods and Services, as its documentation uses
// them.
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { NAMESPACE } from './realistic.ts';
import { takeOrders } from './orders.ts';

const config = new KubeConfig();
config.loadFromFile(process.argv[2] ?? '');
const api = config.makeApiClient(CoreV1Api);
const pods = makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
const services = makeInformer(config, '/api/v1/services', () => api.listServiceForAllNamespaces());
let left = 0;
let done = (): void => undefined;
pods.on('update', () => {
  if (--left === 0) done();
});
for (const informer of [pods, services]) {
  informer.on('error', (error) => {
    throw new Error('an informer ended', { cause: error });
  });
}

await takeOrders({
  async list() {
    await Promise.all([pods.start(), services.start()]);
  },
  counts: () => ({ pods: pods.list().length, services: services.list().length }),
  events(count) {
    left = count;
    return new Promise((resolve) => (done = resolve));
  },
  async calls(count) {
    for (let i = 0; i < count; i++) {
      await api.readNamespacedService({ name: 'app-0', namespace: NAMESPACE });
    }
  },
});
