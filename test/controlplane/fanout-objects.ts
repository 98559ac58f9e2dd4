// What fan-outs bring to real control planes: one object of each kind, and the FanOut beside them.

export const labels = { app: 'shop' };
export const containers = [
  {
    name: 'shop',
    image: 'shop:1',
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: '0.5', memory: '64Mi' }, limits: { memory: '0.25Gi' } },
    env: [{ name: 'TIER', value: 'front' }],
  },
];
const workload = (apiVersion: string, kind: string) => ({
  apiVersion,
  kind,
  metadata: { name: 'shop', namespace: 'prod' },
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  },
});
export const meta = (name: string) => ({ name, namespace: 'prod' });
export const OBJECTS = {
  deployment: workload('apps/v1', 'Deployment'),
  rollout: workload('argoproj.io/v1alpha1', 'Rollout'),
  service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('shop'),
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  },
  ingress: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: meta('shop'),
    spec: { defaultBackend: { service: { name: 'shop', port: { number: 80 } } } },
  },
  settings: { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('settings'), data: { a: '1' } },
  secret: { apiVersion: 'v1', kind: 'Secret', metadata: meta('key'), stringData: { p: 'planted' } },
};
export const FANOUT = {
  apiVersion: 'ballast.io/v1',
  kind: 'FanOut',
  metadata: { name: 'release' },
  spec: {
    objects: 'all',
    clusters: ['east', 'west'],
    replicas: { weights: { east: 3, west: 1 } },
  },
};
