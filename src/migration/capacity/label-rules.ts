// Label selectors as objects carry them, and the rules by which a node takes a pod. Pure.

import type { V1LabelSelector, V1Taint, V1Toleration } from '@kubernetes/client-node';
import { type AnyRequirement, meetsAll, requirementsOf } from '../../label-requirements.ts';

type Labels = Readonly<Record<string, string>>;

/** Which nodes take a pod. */
export interface NodeRules {
  readonly nodeSelector: Labels;
  /** Any of them; absent: every node. */
  readonly nodeTerms?: readonly NodeTerm[];
  readonly tolerations: readonly V1Toleration[];
}

export interface NodeTerm {
  readonly labels: readonly AnyRequirement[];
  readonly names: readonly AnyRequirement[];
}

/** An absent selector selects nothing, an empty one all. */
export function meetsSelector(labels: Labels, selector: V1LabelSelector | undefined): boolean {
  return selector !== undefined && meetsAll(labels, requirementsOf(selector));
}

export interface NodeFace {
  readonly name: string;
  readonly labels: Labels;
  readonly taints: readonly V1Taint[];
}

/** Why the node takes none of these pods; undefined where it does. */
export function refusal(node: NodeFace, need: NodeRules): string | undefined {
  const pairs = Object.entries(need.nodeSelector);
  if (!pairs.every(([key, value]) => Object.hasOwn(node.labels, key) && node.labels[key] === value))
    return 'node selector';
  if (need.nodeTerms && !need.nodeTerms.some((term) => meetsTerm(node, term)))
    return 'node affinity';
  const taint = node.taints.find(
    (one) =>
      one.effect !== 'PreferNoSchedule' && !need.tolerations.some((by) => tolerates(by, one)),
  );
  return taint && `taint ${taint.key}${taint.value ? `=${taint.value}` : ''}:${taint.effect}`;
}

/** All of a term must hold; one without rules holds for no node. */
function meetsTerm(node: NodeFace, { labels, names }: NodeTerm): boolean {
  if (labels.length + names.length === 0) return false;
  return meetsAll(node.labels, labels) && meetsAll({ 'metadata.name': node.name }, names);
}

function tolerates(by: V1Toleration, taint: V1Taint): boolean {
  if (by.effect && by.effect !== taint.effect) return false;
  if (by.key && by.key !== taint.key) return false;
  // Without a key only Exists is valid: it tolerates every taint.
  if (by.operator === 'Exists') return true;
  return Boolean(by.key) && isEqual(by) && (by.value ?? '') === (taint.value ?? '');
}

function isEqual({ operator }: V1Toleration): boolean {
  return operator === undefined || operator === '' || operator === 'Equal';
}
