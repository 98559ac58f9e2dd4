// Label selectors as objects carry them, and the rules by which a node takes a pod. Pure.

import type { V1LabelSelector, V1Taint, V1Toleration } from '@kubernetes/client-node';

type Labels = Readonly<Record<string, string>>;

/** Which nodes take a pod. */
export interface NodeRules {
  readonly nodeSelector: Labels;
  /** Any of them; absent: every node. */
  readonly nodeTerms?: readonly NodeTerm[];
  readonly tolerations: readonly V1Toleration[];
}

export interface NodeTerm {
  readonly labels: readonly LabelRule[];
  readonly names: readonly LabelRule[];
}

export interface LabelRule {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** An absent selector selects nothing, an empty one all. */
export function meetsSelector(labels: Labels, selector: V1LabelSelector | undefined): boolean {
  if (selector === undefined) return false;
  const equal = Object.entries(selector.matchLabels ?? {});
  if (!equal.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value))
    return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) =>
    meets(labels, { key, operator, values }),
  );
}

/** A label that is absent is in no set, so NotIn holds for it. An operator that is not known never holds. */
function meets(labels: Labels, { key, operator, values }: LabelRule): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
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
  return (
    labels.every((rule) => meets(node.labels, rule)) &&
    names.every((rule) => meets({ 'metadata.name': node.name }, rule))
  );
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
