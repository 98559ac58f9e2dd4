// What makes two writings one object of a cluster: group, kind, namespace and name, in any version.

import { groupOf, namespaceOf } from './kinds.ts';
import type { Manifest } from './model.ts';

export interface Identity {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function identityOf(object: Manifest, namespace = namespaceOf(object)): Identity {
  const group = groupOf(object.apiVersion);
  const home = group === 'extensions' ? (MOVED[object.kind] ?? group) : group;
  return { group: home, kind: object.kind, namespace, name: object.metadata.name };
}

/** Where the kinds of extensions/v1beta1 went. */
const MOVED: Readonly<Record<string, string>> = {
  DaemonSet: 'apps',
  Deployment: 'apps',
  Ingress: 'networking.k8s.io',
  NetworkPolicy: 'networking.k8s.io',
  ReplicaSet: 'apps',
};

export function keyOf({ kind, group, namespace, name }: Identity): string {
  return [kind, group, namespace, name].join('|');
}
