// What the simulated API server serves. Optional kinds answer 404 until a test enables them, as on a
// cluster without those CRDs.

export interface ResourceKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** A CRD: served only when enabled, and its list items keep kind and apiVersion. */
  readonly custom?: boolean;
  readonly subresources?: readonly string[];
}

const GATEWAY = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  namespaced: true,
  custom: true,
};
const CORE = { group: '', version: 'v1', namespaced: true };

export const resourceKinds: readonly ResourceKind[] = [
  { ...CORE, plural: 'pods', kind: 'Pod', subresources: ['status'] },
  { ...CORE, plural: 'services', kind: 'Service', subresources: ['status'] },
  { ...CORE, plural: 'secrets', kind: 'Secret' },
  { ...CORE, plural: 'configmaps', kind: 'ConfigMap' },
  { ...CORE, plural: 'events', kind: 'Event' },
  { ...CORE, plural: 'nodes', kind: 'Node', namespaced: false, subresources: ['status'] },
  { ...CORE, plural: 'namespaces', kind: 'Namespace', namespaced: false },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    kind: 'EndpointSlice',
    namespaced: true,
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'ingresses',
    kind: 'Ingress',
    namespaced: true,
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'ingressclasses',
    kind: 'IngressClass',
    namespaced: false,
  },
  {
    group: 'apps',
    version: 'v1',
    plural: 'deployments',
    kind: 'Deployment',
    namespaced: true,
    subresources: ['status', 'scale'],
  },
  { ...GATEWAY, plural: 'httproutes', kind: 'HTTPRoute' },
  { ...GATEWAY, plural: 'gateways', kind: 'Gateway' },
  {
    group: 'argoproj.io',
    version: 'v1alpha1',
    plural: 'rollouts',
    kind: 'Rollout',
    namespaced: true,
    custom: true,
  },
];

export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
