// Which items of a list are shown, and in which order: `--sort-by`, `--limit`.
//
// Comes in: items as the API answers them. Goes out: the same, in order, at most so many. On failure: a
// CommandFailure that names the fields there are.

import { CommandFailure, EXIT } from './exit-codes.ts';

export interface Listing {
  readonly sortBy?: string;
  readonly limit?: number;
}

const collator = new Intl.Collator('en', { numeric: true });

export function listed<T>(items: readonly T[], { sortBy, limit }: Listing): readonly T[] {
  const inOrder = sortBy === undefined ? items : sorted(items, sortBy);
  return limit === undefined ? inOrder : inOrder.slice(0, limit);
}

/** What is equal stays as it was; what has no such field comes first, as of kubectl. */
function sorted<T>(items: readonly T[], sortBy: string): readonly T[] {
  const keys = pathOf(sortBy);
  const found = items.map((item) => ({ item, value: valueAt(item, keys) }));
  if (items.length > 0 && found.every(({ value }) => value === undefined)) {
    throw noField(sortBy, fieldsOf(items));
  }
  const object = found.find(({ value }) => typeof value === 'object')?.value;
  if (object) {
    const within = Object.keys(object).map((key) => [...keys, key].join('.'));
    throw noField(sortBy, within);
  }
  return found.toSorted((one, other) => compare(one.value, other.value)).map(({ item }) => item);
}

/** kubectl's habits: `.name` and `{.name}` are `name`. */
function pathOf(sortBy: string): readonly string[] {
  return sortBy
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/^\./, '')
    .split('.');
}

/** Of a list how long it is. */
function valueAt(item: unknown, keys: readonly string[]): unknown {
  const value = keys.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    item,
  );
  return Array.isArray(value) ? value.length : (value ?? undefined);
}

function compare(one: unknown, other: unknown): number {
  if (one === undefined || other === undefined) {
    return Number(one !== undefined) - Number(other !== undefined);
  }
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return collator.compare(String(one), String(other));
}

function fieldsOf(items: readonly unknown[]): readonly string[] {
  return [...new Set(items.flatMap((item) => Object.keys(item as object)))].toSorted();
}

function noField(sortBy: string, fields: readonly string[]): CommandFailure {
  const text = `--sort-by: ${sortBy} is no field to sort by; there are: ${fields.join(', ')}`;
  return new CommandFailure(EXIT.failed, text);
}
