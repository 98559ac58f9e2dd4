// KubeFed: a Federated object holds a template, where it goes and what differs; a
// ReplicaSchedulingPreference of the same namespace and name divides its replicas.

import type { Manifest, Order } from '../model.ts';
import type { Report } from '../report.ts';
import {
  type Federated,
  FederatedShape,
  type Scheduling,
  SchedulingShape,
} from '../schemas/kubefed.ts';
import type { StreamDocument } from '../document.ts';
import { checked, type FederatedNamespaces, type Read } from './checked.ts';
import { objectOf, patchesOf } from './kubefed-object.ts';
import { divisionOf, placementOf } from './kubefed-placement.ts';

const VERSIONS = ['v1alpha1', 'v1beta1'];
const NAMESPACE_KIND = 'FederatedNamespace';

export function isKubefed({ apiVersion }: Manifest): boolean {
  return /^(types|scheduling)\.kubefed\.io\//.test(apiVersion);
}

export function readKubefed(
  documents: readonly StreamDocument[],
  known: FederatedNamespaces,
  report: Report,
): Order[] {
  const federated: Read<Federated>[] = [];
  const scheduling = new Map<string, Read<Scheduling>>();
  for (const document of documents) {
    const { kind, metadata } = document.object;
    const namespace = metadata.namespace ?? 'default';
    const fault = kindFault(document.object);
    if (fault) report.fault(document, [fault.key], fault.text);
    else if (kind === 'ReplicaSchedulingPreference') {
      const read = checked(SchedulingShape, document.object, { document, path: [], report });
      if (read) addScheduling({ document, read, namespace }, scheduling, report);
    } else {
      const read = checked(FederatedShape, document.object, { document, path: [], report });
      if (read) federated.push({ document, read, namespace });
    }
  }
  const namespaces = federated.filter(({ read }) => read.kind === NAMESPACE_KIND);
  const orders = federated.flatMap((one) => {
    const preference = scheduling.get(keyOf(one.read.kind, one.namespace, one.read.metadata.name));
    return orderOf(one, { preference, namespaces, known }, report);
  });
  const named = new Set(
    federated.map(({ read, namespace }) => keyOf(read.kind, namespace, read.metadata.name)),
  );
  for (const [key, { document, read }] of scheduling) {
    if (named.has(key)) continue;
    const text = `no ${read.spec.targetKind} has this namespace and name: nothing would be divided`;
    report.fault(document, ['spec', 'targetKind'], text);
  }
  return orders;
}

function kindFault({ apiVersion, kind }: Manifest): { key: string; text: string } | undefined {
  if (!VERSIONS.some((version) => apiVersion.endsWith(`/${version}`))) {
    return { key: 'apiVersion', text: `must end with ${VERSIONS.join(' or ')}` };
  }
  const types = apiVersion.startsWith('types.');
  const known = types ? /^Federated[A-Z]/.test(kind) : kind === 'ReplicaSchedulingPreference';
  return known ? undefined : { key: 'kind', text: `is no kind of ${apiVersion}` };
}

const keyOf = (...parts: readonly string[]): string => parts.join(' ');

function addScheduling(
  one: Read<Scheduling>,
  scheduling: Map<string, Read<Scheduling>>,
  report: Report,
): void {
  const { document, read, namespace } = one;
  const key = keyOf(read.spec.targetKind, namespace, read.metadata.name);
  const first = scheduling.get(key);
  if (first) report.fault(document, [], `stands twice; the first is ${first.document.where([])}`);
  else scheduling.set(key, one);
}

interface Around {
  readonly preference: Read<Scheduling> | undefined;
  readonly namespaces: readonly Read<Federated>[];
  readonly known: FederatedNamespaces;
}

function orderOf(one: Read<Federated>, around: Around, report: Report): Order[] {
  const { document, read, namespace } = one;
  const { preference } = around;
  const patches = patchesOf(one, preference !== undefined, report);
  const object = objectOf(one, report);
  const placement = placementOf(one, around, report);
  if (!object || !placement) return [];
  const retained = read.spec.retainReplicas ?? false;
  if (retained && preference) {
    const text = 'has no effect: the ReplicaSchedulingPreference writes the replicas';
    report.warn('has-no-effect', document.where(['spec', 'retainReplicas']), text);
  }
  return [
    {
      dialect: 'kubefed',
      object,
      namespace: read.kind === NAMESPACE_KIND ? '' : namespace,
      placement,
      division: preference ? divisionOf(preference, report) : { kind: 'as-written' },
      patches,
      keep: { replicas: retained && !preference, annotations: true, adopt: false },
      place: document.where([]),
      chosenBy: `${preference ? 'ReplicaSchedulingPreference' : read.kind} ${read.metadata.name}`,
    },
  ];
}
