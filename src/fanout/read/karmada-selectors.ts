// Which objects a policy of Karmada is for, and which policy an object follows.

import type { Manifest } from '../model.ts';
import type { Report } from '../report.ts';
import {
  type LabelSelector,
  meetsAll,
  requirementFault,
  requirementsOf,
} from '../../label-requirements.ts';
import type { PatchPolicy, Propagation } from '../schemas/karmada.ts';
import type { Read } from './checked.ts';

/** An object, with the namespace in which it is applied. */
export interface Selecting {
  readonly object: Manifest;
  readonly namespace: string;
}

type Policy = Propagation | PatchPolicy;
type Selector = NonNullable<Policy['spec']['resourceSelectors']>[number];

/** How closely a policy means an object: not at all, by kind, by labels, by name. */
export type Match = 0 | 1 | 2 | 3;

/** The best of its selectors; a policy of a namespace means only what is in it. */
export function matchOf(
  { object, namespace }: Selecting,
  { read, namespace: own }: Read<Policy>,
): Match {
  if (own !== '' && own !== namespace) return 0;
  const selectors = read.spec.resourceSelectors ?? [];
  // Of patches: all objects. A placing policy always has selectors.
  if (selectors.length === 0) return read.kind.endsWith('OverridePolicy') ? 1 : 0;
  const matches = selectors.map((selector) => matchSelector(object, namespace, selector));
  return matches.reduce((best, match) => (match > best ? match : best), 0);
}

function matchSelector(object: Manifest, namespace: string, selector: Selector): Match {
  if (!isOfKind(object, namespace, selector)) return 0;
  const { name = '', labelSelector } = selector;
  // A name is looked at alone: the labels beside it are not.
  if (name !== '') return name === object.metadata.name ? 3 : 0;
  if (!labelSelector) return 1;
  const labels = object.metadata.labels ?? {};
  return meetsAll(labels, requirementsOf(labelSelector as LabelSelector)) ? 2 : 0;
}

function isOfKind({ apiVersion, kind }: Manifest, namespace: string, selector: Selector): boolean {
  if (apiVersion !== selector.apiVersion || kind !== selector.kind) return false;
  return [undefined, '', namespace].includes(selector.namespace);
}

/** What an object that Karmada had before says of the policy that claimed it. */
const CLAIMS: Readonly<Record<string, readonly [name: string, namespace: string | undefined]>> = {
  PropagationPolicy: [
    'propagationpolicy.karmada.io/name',
    'propagationpolicy.karmada.io/namespace',
  ],
  ClusterPropagationPolicy: ['clusterpropagationpolicy.karmada.io/name', undefined],
};

/** One of the namespace before one of the cluster; then by priority, match and name. */
export function chooseFor(
  selecting: Selecting,
  policies: readonly Read<Propagation>[],
): Read<Propagation> | undefined {
  const fitting = policies
    .map((policy) => ({ policy, match: matchOf(selecting, policy) }))
    .filter(({ match }) => match > 0);
  const claimed = fitting.find(({ policy }) => isClaimed(selecting.object, policy));
  if (claimed) return claimed.policy;
  const scoped = fitting.filter(({ policy }) => policy.namespace !== '');
  return (scoped.length > 0 ? scoped : fitting).toSorted(byPrecedence)[0]?.policy;
}

interface Fitting {
  readonly policy: Read<Propagation>;
  readonly match: Match;
}

function byPrecedence(left: Fitting, right: Fitting): number {
  const [first, second] = [left.policy.read, right.policy.read];
  const priority = (second.spec.priority ?? 0) - (first.spec.priority ?? 0);
  if (priority !== 0) return priority;
  if (left.match !== right.match) return right.match - left.match;
  return first.metadata.name < second.metadata.name ? -1 : 1;
}

function isClaimed({ metadata }: Manifest, { read, namespace }: Read<Propagation>): boolean {
  const [name, place] = CLAIMS[read.kind] ?? ['', undefined];
  const annotations = metadata.annotations ?? {};
  if (annotations[name] !== read.metadata.name) return false;
  return place === undefined || annotations[place] === namespace;
}

export function selectorFaults({ document, read, namespace }: Read<Policy>, report: Report): void {
  for (const [index, selector] of (read.spec.resourceSelectors ?? []).entries()) {
    const path = ['spec', 'resourceSelectors', index];
    const wanted = selector.namespace ?? '';
    if (namespace !== '' && wanted !== '' && wanted !== namespace) {
      const text = `a ${read.kind} selects in its own namespace only, ${namespace}`;
      report.fault(document, [...path, 'namespace'], text);
    }
    const labels = requirementsOf(selector.labelSelector as LabelSelector | undefined);
    for (const fault of labels.map(requirementFault).filter((text) => text !== undefined)) {
      report.fault(document, [...path, 'labelSelector'], fault);
    }
  }
}
