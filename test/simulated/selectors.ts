// Label and field selectors as the real server reads them from a query.
import type { KubeObject } from './object-store.ts';

export type Matcher = (object: KubeObject) => boolean;

/** Undefined when the text is no selector: the server answers 400 then. */
export function parseLabelSelector(text: string | undefined): Matcher | undefined {
  if (!text) return () => true;
  const matchers: Matcher[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const matcher = parseRequirement(part.trim());
    if (!matcher) return undefined;
    matchers.push(matcher);
  }
  return (object) => matchers.every((matches) => matches(object));
}

/** Equality on any dotted path; the real server allows a few per kind, which tests need not prove. */
export function parseFieldSelector(text: string | undefined): Matcher | undefined {
  if (!text) return () => true;
  const matchers: Matcher[] = [];
  for (const part of text.split(',')) {
    const found = /^([\w.]+)\s*(==|=|!=)\s*(.*)$/.exec(part.trim());
    if (!found) return undefined;
    const [, path = '', operator, value = ''] = found;
    matchers.push((object) => (readPath(object, path) === value) === (operator !== '!='));
  }
  return (object) => matchers.every((matches) => matches(object));
}

function parseRequirement(text: string): Matcher | undefined {
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    // `notin` and `!=` also match an object without the label.
    return (object) => values.has(label(object, key) ?? '\0') === (operator === 'in');
  }
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(text);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    return (object) => (label(object, key) === value) === (operator !== '!=');
  }
  const existence = /^(!?)\s*([\w./-]+)$/.exec(text);
  if (!existence) return undefined;
  const [, not, key = ''] = existence;
  return (object) => (label(object, key) !== undefined) === (not === '');
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function label(object: KubeObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}

function readPath(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of path.split('.')) {
    value =
      typeof value === 'object' && value !== null
        ? (value as Record<string, unknown>)[step]
        : undefined;
  }
  return value === undefined || value === null ? '' : String(value);
}
