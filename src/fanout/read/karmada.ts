// Karmada: policies beside plain objects. One policy places an object; any number of them change it.
//
// Bookkeeping that Karmada would write (labels and annotations of *.karmada.io) is not written here.

import type { Static } from 'typebox';
import { namespaceOf } from '../kinds.ts';
import type { Manifest, Order } from '../model.ts';
import type { Report } from '../report.ts';
import {
  type PatchPolicy,
  PatchPolicyShape,
  type Propagation,
  PropagationShape,
} from '../schemas/karmada.ts';
import type { StreamDocument } from '../document.ts';
import { checked, type Read } from './checked.ts';
import { patchesFor, patchFaults } from './karmada-patches.ts';
import { policyFaults } from './karmada-faults.ts';
import { divisionOf, placementOf } from './karmada-placement.ts';
import { chooseFor, matchOf, type Selecting, selectorFaults } from './karmada-selectors.ts';

const API_VERSION = 'policy.karmada.io/v1alpha1';
const SCOPED: Readonly<Record<string, boolean>> = {
  PropagationPolicy: true,
  ClusterPropagationPolicy: false,
  OverridePolicy: true,
  ClusterOverridePolicy: false,
};

export function isKarmada({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith('policy.karmada.io/');
}

export interface KarmadaPolicies {
  readonly placing: readonly Read<Propagation>[];
  readonly patching: readonly Read<PatchPolicy>[];
}

export function readPolicies(
  documents: readonly StreamDocument[],
  report: Report,
): KarmadaPolicies {
  const known = knownOf(documents, report);
  const placing = read(PropagationShape, known('PropagationPolicy'), report);
  const patching = read(PatchPolicyShape, known('OverridePolicy'), report);
  for (const one of [...placing, ...patching]) selectorFaults(one, report);
  for (const one of placing) policyFaults(one, report);
  for (const one of patching) patchFaults(one, report);
  return { placing, patching };
}

/** Documents of a kind, or of its Cluster form, each once. */
function knownOf(
  documents: readonly StreamDocument[],
  report: Report,
): (kind: string) => StreamDocument[] {
  const seen = new Map<string, StreamDocument>();
  const known = documents.filter((document) => {
    const { kind, metadata } = document.object;
    const fault = kindFault(document.object);
    if (fault) report.fault(document, [fault.key], fault.text);
    const key = `${kind} ${scopeOf(document.object)} ${metadata.name}`;
    return !fault && !isTwice(document, key, seen, report);
  });
  return (kind) => known.filter(({ object }) => object.kind.endsWith(kind));
}

const scopeOf = ({ kind, metadata }: Manifest): string =>
  SCOPED[kind] ? (metadata.namespace ?? 'default') : '';

function read<Shape extends typeof PropagationShape | typeof PatchPolicyShape>(
  shape: Shape,
  documents: readonly StreamDocument[],
  report: Report,
): Read<Static<Shape>>[] {
  return documents.flatMap((document) => {
    const value = checked(shape, document.object, { document, path: [], report });
    return value === undefined
      ? []
      : [{ document, read: value, namespace: scopeOf(document.object) }];
  });
}

function kindFault({ apiVersion, kind }: Manifest): { key: string; text: string } | undefined {
  if (apiVersion !== API_VERSION) return { key: 'apiVersion', text: `must be ${API_VERSION}` };
  if (Object.hasOwn(SCOPED, kind)) return undefined;
  return { key: 'kind', text: `is not fanned out; known: ${Object.keys(SCOPED).join(', ')}` };
}

function isTwice(
  document: StreamDocument,
  key: string,
  seen: Map<string, StreamDocument>,
  report: Report,
): boolean {
  const first = seen.get(key);
  if (!first) seen.set(key, document);
  else report.fault(document, [], `stands twice; the first is ${first.where([])}`);
  return first !== undefined;
}

/** Undefined where no policy places the object. */
export function readKarmada(
  document: StreamDocument,
  { placing, patching }: KarmadaPolicies,
  report: Report,
): Order | undefined {
  const { object } = document;
  const namespace = namespaceOf(object);
  const policy = chooseFor({ object, namespace }, placing);
  if (!policy) return undefined;
  const { read } = policy;
  return {
    dialect: 'karmada',
    object,
    namespace,
    placement: placementOf(policy, object),
    division: divisionOf(policy, object, report),
    patches: patchesFor({ object, namespace }, patching),
    keep: {
      replicas: false,
      annotations: false,
      adopt: read.spec.conflictResolution === 'Overwrite',
    },
    place: document.where([]),
    chosenBy: `${read.kind} ${read.metadata.name}`,
  };
}

/** What a person should know of policies as such, once for each. */
export function policyWarnings(
  { placing, patching }: KarmadaPolicies,
  objects: readonly Selecting[],
  report: Report,
): void {
  for (const policy of placing) {
    const { document, read } = policy;
    for (const [key, text] of Object.entries(IGNORED)) {
      const value = (read.spec as Record<string, unknown>)[key];
      if (value === undefined || value === false) continue;
      report.warn('has-no-effect', document.where(['spec', key]), text);
    }
    selectionWarnings(policy, objects, report);
  }
  for (const one of patching) selectionWarnings(one, objects, report);
}

const IGNORED: Readonly<Record<string, string>> = {
  activationPreference: 'has no effect: a plan is applied when it is applied',
  failover: 'has no effect: nothing moves by itself after a fan-out',
  propagateDeps: 'has no effect: write what the object needs into the stream',
  preemption: 'has no effect: the policy is chosen by priority, match and name',
  schedulePriority: 'has no effect',
  schedulerName: 'has no effect',
};

function selectionWarnings(
  policy: Read<Propagation | PatchPolicy>,
  objects: readonly Selecting[],
  report: Report,
): void {
  const { document, read } = policy;
  const place = document.where(['spec', 'resourceSelectors']);
  const selected = objects.filter((object) => matchOf(object, policy) > 0);
  if (selected.length === 0) {
    const text = `${read.kind} ${read.metadata.name} selects nothing of this stream`;
    report.warn('selects-nothing', place, text);
  }
  const kinds = [...new Set(selected.map(({ object }) => object.kind))].toSorted();
  if (!read.kind.endsWith('OverridePolicy') || kinds.length < 2) return;
  const text = `each rule hits every object that is selected, of several kinds: ${kinds.join(', ')}`;
  report.warn('several-kinds', place, text);
}
