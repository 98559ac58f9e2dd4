// Who of those that live in a namespace needs an object there. Pure.
//
// Comes in: what lives there, of the kinds that name others, and which object. Goes out: a workload or a
// route that names it, by itself or by its account. What is going, what is left of a workload that is gone,
// and a ReplicaSet without pods need nothing.

import type { ObjectRef, ObjectsRef } from '../../clusters/cluster-writer.ts';
import { ofAccount } from './collect.ts';
import { at, groupOf, listOf, textAt, type Manifest } from './manifest.ts';
import { podReferences, type Reference } from './reference.ts';
import { analysisReferences, rolloutReferences } from './rollout.ts';
import { endsOf, routeReferences } from './routes.ts';

const kind = (apiVersion: string, name: string): ObjectsRef => ({ apiVersion, kind: name });

/** They need nothing for themselves: somebody names them. */
export const BETWEEN: readonly string[] = ['ServiceAccount', 'AnalysisTemplate'];

export const NAMING: readonly ObjectsRef[] = [
  kind('apps/v1', 'Deployment'),
  kind('apps/v1', 'StatefulSet'),
  kind('apps/v1', 'DaemonSet'),
  kind('apps/v1', 'ReplicaSet'),
  kind('argoproj.io/v1alpha1', 'Rollout'),
  kind('argoproj.io/v1alpha1', 'AnalysisTemplate'),
  kind('batch/v1', 'Job'),
  kind('batch/v1', 'CronJob'),
  kind('networking.k8s.io/v1', 'Ingress'),
  kind('gateway.networking.k8s.io/v1', 'HTTPRoute'),
  kind('v1', 'ServiceAccount'),
];

/** What others name; of other kinds nobody has to be asked. */
export const NAMED: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'ResourceClaimTemplate',
  'Service',
  'AnalysisTemplate',
  'Deployment',
  'Ingress',
]);

export function neederOf(living: readonly Manifest[], object: ObjectRef): Manifest | undefined {
  const uids = new Set(living.map(({ metadata }) => metadata.uid));
  const staying = living.filter((one) => isStaying(one, uids));
  const between = new Map(
    staying.flatMap((one) => (BETWEEN.includes(one.kind) ? [[keyOf(one), one]] : [])),
  );
  const target = keyOf({ ...object, metadata: { name: object.name } });
  return staying.find((one) => !BETWEEN.includes(one.kind) && names(one, target, between));
}

function isStaying(one: Manifest, uids: ReadonlySet<string | undefined>): boolean {
  if (one.metadata['deletionTimestamp'] !== undefined) return false;
  if (one.kind === 'ReplicaSet' && at(one, 'spec', 'replicas') === 0) return false;
  const owners = listOf(one.metadata['ownerReferences']);
  const owner = owners.find(({ controller }) => controller === true);
  const isListed = NAMING.some((each) => each.kind === owner?.['kind']);
  return !isListed || uids.has(textAt(owner, 'uid'));
}

function names(root: Manifest, target: string, between: ReadonlyMap<string, Manifest>): boolean {
  const all = new Set([root]);
  // A set that grows while it is walked: each is looked at once.
  for (const one of all) {
    for (const { group, kind: of, name } of referencesIn(one)) {
      const key = `${group}/${of}/${name}`;
      if (key === target) return true;
      const next = between.get(key);
      if (next) all.add(next);
    }
  }
  return false;
}

function keyOf(one: Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'>): string {
  return `${groupOf(one)}/${one.kind}/${one.metadata.name}`;
}

function referencesIn(object: Manifest): Reference[] {
  switch (object.kind) {
    case 'ServiceAccount':
      return ofAccount(object);
    case 'AnalysisTemplate':
      return analysisReferences(object);
    case 'Ingress':
    case 'HTTPRoute':
      return [...routeReferences(object), ...servicesOf(object)];
    default:
      return workloadReferences(object);
  }
}

const servicesOf = (route: Manifest): Reference[] =>
  endsOf(route).flatMap((end) => (end.kind === 'Service' && end.isHere ? toService(end.name) : []));

const toService = (name: string): Reference => ({ group: '', kind: 'Service', name, by: 'rules' });

function workloadReferences(object: Manifest): Reference[] {
  const { kind: of, spec } = object;
  const template = at(spec, 'template') ?? at(spec, 'jobTemplate', 'spec', 'template');
  const pods = at(template, 'spec');
  const service = of === 'StatefulSet' ? textAt(spec, 'serviceName') : undefined;
  return [
    ...(of === 'Rollout' ? rolloutReferences(object) : []),
    ...(service === undefined ? [] : [toService(service)]),
    ...(pods === undefined ? [] : podReferences(pods)),
  ];
}
