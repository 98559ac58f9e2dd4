// What a pod needs by name, read from its spec.

import { at, fieldsOf, isFields, listOf, textAt, type Fields } from './manifest.ts';
import { containersOf } from './pod-template.ts';

export interface Reference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Which field names it. */
  readonly by: string;
  readonly optional?: boolean;
}

export function podReferences(spec: unknown): Reference[] {
  return [
    ...listOf(at(spec, 'volumes')).flatMap(volumeReferences),
    ...containersOf(spec).flatMap(environmentReferences),
    ...listOf(at(spec, 'imagePullSecrets')).flatMap((one) =>
      named(one, 'Secret', 'imagePullSecrets'),
    ),
    serviceAccount(spec),
    ...classes(spec),
    ...listOf(at(spec, 'resourceClaims')).flatMap(claimReferences),
  ];
}

function named(one: unknown, kind: string, by: string, key = 'name'): Reference[] {
  const name = textAt(one, key);
  if (name === undefined) return [];
  return [{ group: '', kind, name, by, ...(at(one, 'optional') === true && { optional: true }) }];
}

function volumeReferences(volume: Fields): Reference[] {
  const projected = listOf(at(volume, 'projected', 'sources'));
  return [
    ...[volume, ...projected].flatMap(({ configMap, secret }) => [
      ...named(configMap, 'ConfigMap', 'volumes'),
      ...named(secret, 'Secret', 'volumes'),
    ]),
    ...named(volume['secret'], 'Secret', 'volumes', 'secretName'),
    ...named(volume['persistentVolumeClaim'], 'PersistentVolumeClaim', 'volumes', 'claimName'),
    ...driverSecrets(volume),
  ];
}

/** Of drivers, each of which names its Secret in its own way. */
function driverSecrets(volume: Fields): Reference[] {
  const drivers = Object.entries(volume).filter(
    ([kind, one]) => kind !== 'secret' && isFields(one),
  );
  return drivers.flatMap(([, driver]) => [
    ...named(at(driver, 'secretRef'), 'Secret', 'volumes'),
    ...named(at(driver, 'nodePublishSecretRef'), 'Secret', 'volumes'),
    ...named(driver, 'Secret', 'volumes', 'secretName'),
  ]);
}

function environmentReferences(container: Fields): Reference[] {
  const single = listOf(container['env']).map((one) => fieldsOf(one['valueFrom']));
  return [
    ...single.flatMap(({ configMapKeyRef, secretKeyRef }) => [
      ...named(configMapKeyRef, 'ConfigMap', 'env'),
      ...named(secretKeyRef, 'Secret', 'env'),
    ]),
    ...listOf(container['envFrom']).flatMap(({ configMapRef, secretRef }) => [
      ...named(configMapRef, 'ConfigMap', 'envFrom'),
      ...named(secretRef, 'Secret', 'envFrom'),
    ]),
  ];
}

/** `serviceAccount` is its old name; every namespace has `default`. */
function serviceAccount(spec: unknown): Reference {
  const name = textAt(spec, 'serviceAccountName') ?? textAt(spec, 'serviceAccount') ?? 'default';
  return {
    group: '',
    kind: 'ServiceAccount',
    name,
    by: 'serviceAccountName',
    optional: name === 'default',
  };
}

function classes(spec: unknown): Reference[] {
  const priority = textAt(spec, 'priorityClassName');
  const runtime = textAt(spec, 'runtimeClassName');
  return [
    ...(priority === undefined
      ? []
      : [
          {
            group: 'scheduling.k8s.io',
            kind: 'PriorityClass',
            name: priority,
            by: 'priorityClassName',
          },
        ]),
    ...(runtime === undefined
      ? []
      : [{ group: 'node.k8s.io', kind: 'RuntimeClass', name: runtime, by: 'runtimeClassName' }]),
  ];
}

function claimReferences(claim: Fields): Reference[] {
  const group = 'resource.k8s.io';
  const single = textAt(claim, 'resourceClaimName');
  const template = textAt(claim, 'resourceClaimTemplateName');
  return [
    ...(single === undefined
      ? []
      : [{ group, kind: 'ResourceClaim', name: single, by: 'resourceClaims' }]),
    ...(template === undefined
      ? []
      : [{ group, kind: 'ResourceClaimTemplate', name: template, by: 'resourceClaims' }]),
  ];
}
