// Kubernetes' label requirements, read from a selector and held against labels.

import type { Requirement } from './model.ts';

type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: Requirement['operator'];
    readonly values?: readonly string[];
  }[];
}

export function requirementsOf(selector: LabelSelector | undefined): Requirement[] {
  const equal = Object.entries(selector?.matchLabels ?? {});
  return [
    ...equal.map(([key, value]): Requirement => ({ key, operator: 'In', values: [value] })),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
      key,
      operator,
      values,
    })),
  ];
}

export function meetsAll(labels: Labels, requirements: readonly Requirement[]): boolean {
  return requirements.every((requirement) => meets(labels, requirement));
}

/** A label that is absent is in no set; so NotIn holds for it. */
function meets(labels: Labels, { key, operator, values }: Requirement): boolean {
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
    case 'Lt':
      return compares(value, operator, values[0]);
  }
}

const INTEGER = /^[+-]?\d+$/;

function compares(value = '', operator: 'Gt' | 'Lt', bound = ''): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return false;
  const [left, right] = [BigInt(value.replace('+', '')), BigInt(bound.replace('+', ''))];
  return operator === 'Gt' ? left > right : left < right;
}

/** What is wrong with one, as Kubernetes would refuse it. */
export function requirementFault({ operator, values }: Requirement): string | undefined {
  const [fits, needs] = VALUES[operator];
  return fits(values) ? undefined : `${operator} ${needs}`;
}

type Fits = readonly [(values: readonly string[]) => boolean, string];

const SOME: Fits = [(values) => values.length > 0, 'needs values'];
const NONE: Fits = [(values) => values.length === 0, 'takes no values'];
const NUMBER: Fits = [
  (values) => values.length === 1 && INTEGER.test(values[0] ?? ''),
  'needs one value, an integer',
];
const VALUES: Readonly<Record<Requirement['operator'], Fits>> = {
  In: SOME,
  NotIn: SOME,
  Exists: NONE,
  DoesNotExist: NONE,
  Gt: NUMBER,
  Lt: NUMBER,
};
