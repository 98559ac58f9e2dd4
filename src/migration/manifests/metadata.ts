// What of an object's metadata goes along: its names, labels and annotations, without what a system
// wrote there for itself.

import {
  at,
  listOf,
  nameOf,
  textAt,
  warn,
  type Finding,
  type Manifest,
  type Metadata,
} from './manifest.ts';

const LABELS = [
  // Of an earlier migration: what moves back is to be the same as what stayed there.
  'ballast.io/migration',
  'ballast.io/source-uid',
  'velero.io/backup-name',
  'velero.io/restore-name',
];

const ANNOTATIONS = [
  'argo-rollouts.argoproj.io/managed-by-rollouts',
  'autoscaling.alpha.kubernetes.io/conditions',
  'autoscaling.alpha.kubernetes.io/current-metrics',
  'ballast.io/fence',
  'control-plane.alpha.kubernetes.io/leader',
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/revision-history',
  'field.cattle.io/publicEndpoints',
  'kubectl.kubernetes.io/last-applied-configuration',
  'notified.notifications.argoproj.io',
  'rollout.argoproj.io/revision',
  'rollout.argoproj.io/workload-generation',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
];

const ANNOTATION_PREFIXES = ['pv.kubernetes.io/'];

export function cleanMetadata({ name, namespace, labels, annotations }: Metadata): Metadata {
  const kept = without(annotations, (key) => ANNOTATIONS.includes(key) || hasPrefix(key));
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(labels && { labels: without(labels, (key) => LABELS.includes(key)) }),
    ...(annotations && { annotations: kept }),
  };
}

const hasPrefix = (key: string): boolean =>
  ANNOTATION_PREFIXES.some((prefix) => key.startsWith(prefix));

export function without(
  texts: Readonly<Record<string, string>> | undefined,
  goes: (key: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts ?? {}).filter(([key]) => !goes(key)));
}

/** Why the object stays behind, whatever its kind. */
export function staysBehind({ metadata }: Manifest): string | undefined {
  if (textAt(metadata, 'deletionTimestamp') !== undefined) return 'it is being deleted';
  const owner = listOf(metadata['ownerReferences']).find(({ controller }) => controller === true);
  return owner && `${textAt(owner, 'kind')} ${textAt(owner, 'name')} makes it`;
}

/** Owners that do not control it, and finalizers, are dropped: nobody stands for them over there. */
export function ownershipFindings(object: Manifest): Finding[] {
  const owners = listOf(object.metadata['ownerReferences']);
  const names = owners.map((owner) => `${textAt(owner, 'kind')} ${textAt(owner, 'name')}`);
  const finalizers = at(object.metadata, 'finalizers');
  const ends = Array.isArray(finalizers) ? finalizers : [];
  return [
    ...(names.length > 0
      ? [warn(object, 'owners', `owned by ${names.join(', ')}, the copy is not`)]
      : []),
    ...(ends.length > 0
      ? [warn(object, 'finalizers', `has ${ends.join(', ')}, the copy has not`)]
      : []),
  ];
}

/** By whom it is kept as it is: what writes it again would fight the migration. */
const MARKS: readonly { readonly system: string; readonly keys: readonly RegExp[] }[] = [
  { system: 'Argo CD', keys: [/^argocd\.argoproj\.io\/(tracking-id|instance)$/] },
  { system: 'Flux', keys: [/^(kustomize|helm)\.toolkit\.fluxcd\.io\/name$/] },
  { system: 'Helm', keys: [/^meta\.helm\.sh\/release-name$/] },
  { system: 'KubeFed', keys: [/^kubefed\.io\/managed$/] },
  { system: 'Karmada', keys: [/^karmada\.io\/managed$/, /^(work|resourcebinding)\.karmada\.io\//] },
];

export function foreignMarks(object: Manifest): Finding[] {
  const { labels = {}, annotations = {} } = object.metadata;
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  const systems = MARKS.filter((mark) =>
    keys.some((key) => mark.keys.some((one) => one.test(key))),
  );
  const names = new Set(systems.map(({ system }) => system));
  if (labels['app.kubernetes.io/managed-by'] === 'Helm') names.add('Helm');
  return [...names].map((system) => ({
    severity: 'refuse',
    code: 'foreign-mark',
    object: nameOf(object),
    text: `${system} keeps it, and would bring it back or take it away`,
  }));
}
