// A small world for plans: one app in east, room in west.

import type { Manifest } from '../../../src/migration/manifests/manifest.ts';
import type {
  AppWorld,
  DestinationWorld,
  PlanRequest,
  PlanWorld,
  SourceView,
} from '../../../src/migration/plan/model.ts';

export const object = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'prod', uid: `uid-${kind}-${name}` },
  ...rest,
});

const CONTAINER = {
  name: 'shop',
  image: 'registry.example/shop:1',
  resources: { requests: { cpu: '500m', memory: '256Mi' } },
  envFrom: [{ configMapRef: { name: 'shop' } }, { secretRef: { name: 'shop' } }],
};

export const deployment = (name: string, replicas: number): Manifest =>
  object('apps/v1', 'Deployment', name, {
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [CONTAINER] } },
    },
    status: { readyReplicas: replicas },
  });

export const service = (name: string, app = name): Manifest => ({
  ...object('v1', 'Service', name, { spec: { selector: { app: name }, ports: [{ port: 80 }] } }),
  metadata: { name, namespace: 'prod', uid: `uid-service-${name}`, labels: { app: app } },
});

export const ingress = (name: string): Manifest =>
  object('networking.k8s.io/v1', 'Ingress', name, {
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: `${name}.example.com`,
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name, port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  });

export const PASSWORD = Buffer.from('the-password').toString('base64');

/** Its pods read the settings of `shop`, whichever it is. */
export const objectsOf = (name: string, replicas = 4): readonly Manifest[] => [
  deployment(name, replicas),
  service(name),
  ingress(name),
  object('v1', 'ConfigMap', 'shop', { data: { a: '1' } }),
  object('v1', 'Secret', 'shop', { data: { password: PASSWORD } }),
];

export const OBJECTS = objectsOf('shop');

/** Where its objects come from when it is dead. */
export const BACKUP = {
  kind: 'backup',
  backup: 'nightly',
  startedAt: 0,
  warnings: [],
  passedOver: [],
} as const;

export const source = (
  objects: readonly Manifest[] = OBJECTS,
  more: Partial<SourceView> = {},
): SourceView => ({
  objects,
  unread: new Set(),
  origin: { kind: 'live' },
  ...more,
});

export const app = (name = 'shop', more: Partial<AppWorld> = {}): AppWorld => ({
  asked: name,
  app: name,
  namespace: 'prod',
  core: false,
  importance: 0,
  floor: 1,
  source: source(),
  traffic: {
    clusters: [{ cluster: 'east', pods: 4, ingressNodes: 2, weight: 40, kept: false }],
    vms: 1,
  },
  ...more,
});

const node = (name: string, cpu: string, pods = '110') => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu, memory: '8Gi', pods } },
});

export const destination = (more: Partial<DestinationWorld> = {}): DestinationWorld => ({
  view: {
    nodes: [node('node-1', '2'), node('node-2', '2')] as never,
    pods: [],
    quotas: [],
    limitRanges: [],
    headroomPercent: 0,
  },
  overheads: {},
  ingressNodes: 2,
  namespaces: new Map([['prod', { objects: [], unread: new Set() }]]),
  classes: new Set(['IngressClass nginx']),
  classKinds: new Set(['IngressClass', 'StorageClass', 'PriorityClass', 'RuntimeClass']),
  unserved: new Set(),
  hosts: new Map(),
  jobs: { namespaces: ['prod'], secrets: true },
  ...more,
});

export const world = (more: Partial<PlanWorld> = {}): PlanWorld => ({
  clusters: ['east', 'west'],
  apps: [app()],
  appOf: ({ metadata }) => metadata.labels?.['app'],
  destination: destination(),
  edges: [{ name: 'edge-1' }],
  mapping: { images: {}, ingressClasses: {}, storageClasses: {} },
  bookings: [],
  base: 10,
  ...more,
});

export const REQUEST: PlanRequest = {
  apps: ['shop'],
  from: 'east',
  to: 'west',
  mode: 'online',
  stateful: false,
  degrade: false,
  adopt: false,
};
