// Kubernetes' label requirements, read from a selector object and held against labels. Pure.
// Selectors as text are clusters/selector.ts.

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** As a cluster gives it back: of a later version it may have an operator that is not known here. */
export type AnyRequirement = Omit<Requirement, 'operator'> & { readonly operator: string };

type Labels = Readonly<Record<string, string>>;

export interface LabelSelector<Operator extends string = Requirement['operator']> {
  readonly matchLabels?: Labels | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: Operator;
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

export function requirementsOf<Operator extends string>(
  selector: LabelSelector<Operator> | undefined,
): (Omit<Requirement, 'operator'> & { readonly operator: Operator | 'In' })[] {
  const equal = Object.entries(selector?.matchLabels ?? {});
  return [
    ...equal.map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
      key,
      operator,
      values,
    })),
  ];
}

export function meetsAll(labels: Labels, requirements: readonly AnyRequirement[]): boolean {
  return requirements.every((requirement) => meets(labels, requirement));
}

/** A label that is absent is in no set, so NotIn holds for it. An operator that is not known never holds. */
function meets(labels: Labels, { key, operator, values }: AnyRequirement): boolean {
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
    default:
      return false;
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
