// The kinds that belong to a workload, as clusters serve them and as backups name them, and those that may
// need what belongs to one. Pure.

export interface MovedKind {
  readonly group: string;
  readonly version: string;
  /** In paths. */
  readonly resource: string;
  readonly kind: string;
}

const kind = (group: string, version: string, resource: string, name: string): MovedKind => ({
  group,
  version,
  resource,
  kind: name,
});

export const MOVED_KINDS: readonly MovedKind[] = [
  kind('', 'v1', 'services', 'Service'),
  kind('', 'v1', 'configmaps', 'ConfigMap'),
  kind('', 'v1', 'secrets', 'Secret'),
  kind('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  kind('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  kind('apps', 'v1', 'deployments', 'Deployment'),
  kind('apps', 'v1', 'replicasets', 'ReplicaSet'),
  kind('apps', 'v1', 'statefulsets', 'StatefulSet'),
  kind('argoproj.io', 'v1alpha1', 'rollouts', 'Rollout'),
  kind('argoproj.io', 'v1alpha1', 'analysistemplates', 'AnalysisTemplate'),
  kind('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  kind('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  kind('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  kind('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute'),
  kind('resource.k8s.io', 'v1', 'resourceclaimtemplates', 'ResourceClaimTemplate'),
];

/** They stay where they are, and may need what moves. */
export const STAYING_KINDS: readonly MovedKind[] = [
  kind('', 'v1', 'pods', 'Pod'),
  kind('apps', 'v1', 'daemonsets', 'DaemonSet'),
  kind('batch', 'v1', 'jobs', 'Job'),
  kind('batch', 'v1', 'cronjobs', 'CronJob'),
];

/** Goes at the source, in this order; what pods read may be another's too, and stays. */
export const LEAVING: readonly string[] = [
  'HorizontalPodAutoscaler',
  'Ingress',
  'HTTPRoute',
  'Rollout',
  'Deployment',
  'StatefulSet',
  'Service',
];

export function apiVersionOf({ group, version }: Pick<MovedKind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `rollouts.argoproj.io`, `services`: as Velero names folders, and kubectl resources. */
export function fullResource({ group, resource }: MovedKind): string {
  return group === '' ? resource : `${resource}.${group}`;
}
