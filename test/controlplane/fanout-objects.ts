// What fan-outs bring to real control planes: one object of each kind, and the FanOut beside them; and how
// their plans read.

import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { Plan } from '../../src/fanout/plan/plan.ts';

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

const specOf = (image: string) => ({
  template: {
    metadata: { labels },
    spec: { containers: [{ ...containers[0], image }], restartPolicy: 'Never' },
  },
});
/** A field that an API server does not change, an object that has it, and what would change it. */
export const FIXED: readonly (readonly [string, KubernetesObject, object])[] = [
  [
    'spec.template',
    { apiVersion: 'batch/v1', kind: 'Job', metadata: meta('fixed'), spec: specOf('shop:1') },
    { spec: specOf('shop:2') },
  ],
  [
    'spec but for replicas, ordinals, template, updateStrategy',
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta('fixed'),
      spec: { ...OBJECTS.deployment.spec, serviceName: 'shop' },
    },
    { spec: { ...OBJECTS.deployment.spec, serviceName: 'other' } },
  ],
  [
    'spec.clusterIPs[0]',
    { ...OBJECTS.service, metadata: meta('fixed') },
    { spec: { ...OBJECTS.service.spec, clusterIP: 'None' } },
  ],
  ['data', { ...OBJECTS.settings, metadata: meta('fixed'), immutable: true }, { data: { a: '2' } }],
];

/** Of a plan what is done where, in a line for each object. */
export const said = ({ entries }: Plan): string[] =>
  entries.map(({ cluster, action, key }) => {
    const [kind, , , name] = key.split('|');
    return `${cluster} ${action} ${kind}/${name}`;
  });

export const actions = (plan: Plan): string[] => [
  ...new Set(plan.entries.map(({ action }) => action)),
];
