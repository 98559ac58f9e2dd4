// What is known of kinds: which have replicas to divide, and where their pods are described.

import type { Manifest } from './model.ts';
import { isMap } from './document.ts';

interface Kind {
  /** API group, without version; extensions/v1beta1 is the former home of some. */
  readonly group: string;
  readonly version: string;
  /** Where the count stands that may be divided. */
  readonly replicas?: 'replicas' | 'parallelism';
  /** Path of the pod's spec. */
  readonly pod?: readonly string[];
}

const TEMPLATE = ['spec', 'template', 'spec'] as const;

const KINDS: Readonly<Record<string, Kind>> = {
  Deployment: { group: 'apps', version: 'v1', replicas: 'replicas', pod: TEMPLATE },
  StatefulSet: { group: 'apps', version: 'v1', replicas: 'replicas', pod: TEMPLATE },
  ReplicaSet: { group: 'apps', version: 'v1', replicas: 'replicas', pod: TEMPLATE },
  Rollout: { group: 'argoproj.io', version: 'v1alpha1', replicas: 'replicas', pod: TEMPLATE },
  Job: { group: 'batch', version: 'v1', replicas: 'parallelism', pod: TEMPLATE },
  DaemonSet: { group: 'apps', version: 'v1', pod: TEMPLATE },
  CronJob: { group: 'batch', version: 'v1', pod: ['spec', 'jobTemplate', ...TEMPLATE] },
  Pod: { group: '', version: 'v1', pod: ['spec'] },
  Service: { group: '', version: 'v1' },
  Ingress: { group: 'networking.k8s.io', version: 'v1' },
  ConfigMap: { group: '', version: 'v1' },
  Secret: { group: '', version: 'v1' },
  ServiceAccount: { group: '', version: 'v1' },
  Namespace: { group: '', version: 'v1' },
  ClusterRole: { group: 'rbac.authorization.k8s.io', version: 'v1' },
};

const PARTS = ['Pod', 'Namespace', 'ClusterRole'];

/** What fan-outs are made of, for whoever looks for what one left behind. */
export const FANOUT_KINDS: readonly { readonly apiVersion: string; readonly kind: string }[] =
  Object.keys(KINDS)
    .filter((kind) => !PARTS.includes(kind))
    .map((kind) => ({ apiVersion: usualApiVersion(kind) ?? '', kind }));

/** Without a namespace; others are taken to have one. */
const CLUSTER_SCOPED = new Set([
  'APIService',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingWebhookConfiguration',
]);

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function kindOf({ apiVersion, kind }: Manifest): Kind | undefined {
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  const group = groupOf(apiVersion);
  return known && (group === known.group || group === 'extensions') ? known : undefined;
}

export function usualApiVersion(kind: string): string | undefined {
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!known) return undefined;
  return known.group === '' ? known.version : `${known.group}/${known.version}`;
}

export function namespaceOf({ kind, metadata }: Manifest): string {
  return CLUSTER_SCOPED.has(kind) ? '' : (metadata.namespace ?? 'default');
}

/** `replicas`, or a Job's `parallelism`; undefined where there is nothing to divide. */
export function replicasKey(object: Manifest): 'replicas' | 'parallelism' | undefined {
  return kindOf(object)?.replicas;
}

/** As written; Kubernetes' own default, and the controllers', is 1. */
export function replicasOf(object: Manifest): number {
  const key = replicasKey(object);
  const spec = object['spec'];
  const written = key !== undefined && isMap(spec) ? spec[key] : undefined;
  return typeof written === 'number' ? written : 1;
}

export function podPath(object: Manifest): readonly string[] | undefined {
  return kindOf(object)?.pod;
}

/** What makes an object of a kind with pods no such object. */
export function workloadFault(object: Manifest): { path: string[]; text: string } | undefined {
  const path = podPath(object);
  if (path === undefined) return undefined;
  const { spec } = object;
  if (!isMap(spec)) return { path: ['spec'], text: 'is missing' };
  // Argo's other way: the template is in a Deployment.
  if (object.kind === 'Rollout' && isMap(spec['workloadRef'])) return countFault(object);
  let at: unknown = object;
  for (const [index, key] of path.entries()) {
    at = isMap(at) ? at[key] : undefined;
    if (!isMap(at)) return { path: path.slice(0, index + 1), text: 'is missing' };
  }
  return countFault(object);
}

function countFault(object: Manifest): { path: string[]; text: string } | undefined {
  const key = replicasKey(object);
  const { spec } = object;
  const count = key !== undefined && isMap(spec) ? (spec[key] ?? 1) : 1;
  if (Number.isSafeInteger(count) && (count as number) >= 0) return undefined;
  return { path: ['spec', key ?? ''], text: 'must be an integer, 0 at least' };
}
