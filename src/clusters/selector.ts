// Kubernetes' label selectors, for nodes: all nodes are watched, since the silent ones are counted
// over all, so the ingress nodes are told apart here. Pure.
//
// `a=b`, `a==b`, `a!=b`, `a in (x, y)`, `a notin (x, y)`, `a`, `!a`, joined by commas.

type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels) => boolean;

const KEY = '([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?';
const VALUE = '([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?';
const EQUALITY = new RegExp(`^(?<key>${KEY})\\s*(?<sign>!=|==?)\\s*(?<value>${VALUE})$`);
const SET = new RegExp(`^(?<key>${KEY})\\s+(?<sign>in|notin)\\s*\\((?<values>[^()]*)\\)$`);
const EXISTENCE = new RegExp(`^(?<sign>!?)\\s*(?<key>${KEY})$`);
const ONE_VALUE = new RegExp(`^${VALUE}$`);

/** Undefined where the text is no selector. */
export function parseSelector(text: string): LabelMatcher | undefined {
  const parts = text.split(/,(?![^(]*\))/).map((part) => parsePart(part.trim()));
  if (parts.some((part) => part === undefined)) return undefined;
  const matchers = parts as LabelMatcher[];
  return (labels) => matchers.every((matches) => matches(labels));
}

function parsePart(part: string): LabelMatcher | undefined {
  const equality = EQUALITY.exec(part)?.groups;
  if (equality) return oneOf(equality['key'], [equality['value']], equality['sign'] === '!=');
  const set = SET.exec(part)?.groups;
  if (set) return parseSet(set);
  const existence = EXISTENCE.exec(part)?.groups;
  if (!existence) return undefined;
  const { key = '', sign } = existence;
  return (labels) => Object.hasOwn(labels, key) === (sign === '');
}

function parseSet(set: Record<string, string | undefined>): LabelMatcher | undefined {
  const values = (set['values'] ?? '').split(',').map((value) => value.trim());
  if (!values.every((value) => ONE_VALUE.test(value))) return undefined;
  return oneOf(set['key'], values, set['sign'] === 'notin');
}

/** A label that is absent is in no set; so `!=` and `notin` match it. */
function oneOf(key = '', values: readonly (string | undefined)[], negated: boolean): LabelMatcher {
  return (labels) => (Object.hasOwn(labels, key) && values.includes(labels[key])) !== negated;
}
