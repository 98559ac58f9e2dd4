// Karmada's override policies as rules, in the order in which Karmada applies them.
//
// Policies of the cluster before those of the namespace; in each the weakest match first, so that what
// names an object has the last word; then by name. Within a rule the kinds of steps have an order too.

import type { Path } from '../../config/place.ts';
import type { JsonStep, PatchRule, PatchStep } from '../model.ts';
import { pathFault } from '../patch/json-pointer.ts';
import type { Report } from '../report.ts';
import type { Overriders, PatchPolicy } from '../schemas/karmada.ts';
import type { Read } from './checked.ts';
import { filterOf } from './karmada-placement.ts';
import { matchOf, type Selecting } from './karmada-selectors.ts';

type Policy = Read<PatchPolicy>;

export function patchesFor(selecting: Selecting, policies: readonly Policy[]): PatchRule[] {
  return policies
    .map((policy) => ({ policy, match: matchOf(selecting, policy) }))
    .filter(({ match }) => match > 0)
    .toSorted(
      (left, right) =>
        Number(left.policy.namespace !== '') - Number(right.policy.namespace !== '') ||
        left.match - right.match ||
        compare(left.policy.read.metadata.name, right.policy.read.metadata.name),
    )
    .flatMap(({ policy }) => rulesOf(policy));
}

const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

function rulesOf({ document, read }: Policy): PatchRule[] {
  const { overrideRules, targetCluster, overriders } = read.spec;
  const from = `${read.kind} ${read.metadata.name}`;
  if (!overrideRules) {
    const clusters = filterOf(targetCluster);
    return [{ from, place: document.where([]), clusters, steps: stepsOf(overriders ?? {}) }];
  }
  return overrideRules.map((rule, index) => ({
    from: `${from}, rule ${index + 1}`,
    place: document.where(['spec', 'overrideRules', index]),
    clusters: filterOf(rule.targetCluster),
    steps: stepsOf(rule.overriders),
  }));
}

function stepsOf(overriders: Overriders): PatchStep[] {
  const { imageOverrider = [], fieldOverrider = [], plaintext = [] } = overriders;
  return [
    ...imageOverrider.map(({ component, operator, value = '', predicate }): PatchStep => {
      const at = predicate && { at: predicate.path };
      return { kind: 'image', component, operator, value, ...at };
    }),
    ...wordsOf('command', overriders.commandOverrider),
    ...wordsOf('args', overriders.argsOverrider),
    ...pairsOf('labels', overriders.labelsOverrider),
    ...pairsOf('annotations', overriders.annotationsOverrider),
    ...fieldOverrider.map(({ fieldPath: path, json = [], yaml = [] }): PatchStep => {
      const format = yaml.length > 0 ? 'yaml' : 'json';
      return { kind: 'field', path, format, steps: (yaml.length > 0 ? yaml : json).map(inField) };
    }),
    ...plaintext.map((step): PatchStep => ({ kind: 'json', ...step })),
  ];
}

function inField({ subPath: path, operator, value }: FieldPatch): JsonStep {
  return { kind: 'json', operator, path, value };
}

type FieldPatch = NonNullable<NonNullable<Overriders['fieldOverrider']>[number]['json']>[number];

function wordsOf(
  kind: 'command' | 'args',
  written: Overriders['commandOverrider'] = [],
): PatchStep[] {
  return written.map(({ containerName: container, operator, value = [] }) => {
    return { kind, container, operator, value };
  });
}

function pairsOf(
  kind: 'labels' | 'annotations',
  written: Overriders['labelsOverrider'] = [],
): PatchStep[] {
  return written.map(({ operator, value = {} }) => ({ kind, operator, value }));
}

/** What Karmada's own admission refuses, and paths that no object has. */
export function patchFaults({ document, read }: Policy, report: Report): void {
  const { overrideRules, targetCluster, overriders } = read.spec;
  const fault = (path: Path, text: string): void => report.fault(document, ['spec', ...path], text);
  if (overrideRules && (targetCluster ?? overriders)) {
    fault(['overrideRules'], 'cannot stand beside targetCluster or overriders');
  }
  if (!overrideRules && !overriders) fault(['overrideRules'], 'is missing');
  const rules = overrideRules ?? [];
  const all = [
    ...rules.map((rule, index) => ({
      path: ['overrideRules', index, 'overriders'],
      it: rule.overriders,
    })),
    ...(overriders ? [{ path: ['overriders'], it: overriders }] : []),
  ];
  for (const { path, it } of all) {
    for (const { at, text } of overriderFaults(it)) fault([...path, ...at], text);
  }
}

interface Found {
  readonly at: Path;
  readonly text: string;
}

function overriderFaults({ plaintext, imageOverrider, fieldOverrider }: Overriders): Found[] {
  const paths = [
    ...(plaintext ?? []).map(({ path }, index) => ({ at: ['plaintext', index, 'path'], path })),
    ...(imageOverrider ?? []).flatMap(({ predicate }, index) =>
      predicate
        ? [{ at: ['imageOverrider', index, 'predicate', 'path'], path: predicate.path }]
        : [],
    ),
    ...(fieldOverrider ?? []).map(({ fieldPath }, index) => ({
      at: ['fieldOverrider', index, 'fieldPath'],
      path: fieldPath,
    })),
  ];
  const wrong = paths.flatMap(({ at, path }) => {
    const text = pathFault(path);
    return text === undefined ? [] : [{ at, text }];
  });
  const fields = (fieldOverrider ?? []).flatMap((field, index) => fieldFaults(field, index));
  return [...wrong, ...fields];
}

function fieldFaults(
  { json = [], yaml = [] }: NonNullable<Overriders['fieldOverrider']>[number],
  index: number,
): Found[] {
  const at = ['fieldOverrider', index];
  if ((json.length === 0) === (yaml.length === 0))
    return [{ at, text: 'needs either json or yaml' }];
  const key = json.length > 0 ? 'json' : 'yaml';
  return [...json, ...yaml].flatMap(({ subPath, operator, value }, step): Found[] => {
    const here = [...at, key, step];
    const absent = value === undefined || value === null;
    const path = pathFault(subPath);
    return [
      ...(path === undefined ? [] : [{ at: [...here, 'subPath'], text: path }]),
      ...(absent === (operator === 'remove') ? [] : [{ at: here, text: valueText(operator) }]),
    ];
  });
}

const valueText = (operator: string): string =>
  operator === 'remove' ? 'remove takes no value' : `${operator} needs a value`;
