// What of a live object is the same as what is wanted, though it is not written alike. Pure.
//
// Comes in: values at one place of both. Goes out: which items of two lists are the same one, and whether two
// amounts are. Never fails.

import { isMap } from '../document.ts';
import { sameQuantity } from '../../quantity.ts';

export type Tokens = readonly (string | number)[];

/** What names an item among others, in the lists of Kubernetes that are kept by name. */
const KEYS = [
  ['name'],
  ['mountPath'],
  ['containerPort', 'protocol'],
  ['port', 'protocol'],
  ['devicePath'],
  ['topologyKey', 'whenUnsatisfiable'],
  ['ip'],
] as const;

/** Undefined: the items of both have no name. */
export function keyOf(
  live: readonly unknown[],
  wanted: readonly unknown[],
): readonly string[] | undefined {
  return KEYS.find((one) => names(one, wanted) && names(one, live));
}

/** The protocol is TCP where none is written. */
export function nameOf(key: readonly string[], item: unknown): string {
  const map = isMap(item) ? item : {};
  return key.map((part) => map[part] ?? (part === 'protocol' ? 'TCP' : '')).join(' ');
}

function names(key: readonly string[], list: readonly unknown[]): boolean {
  const [first = ''] = key;
  if (!list.every((item) => isMap(item) && item[first] !== undefined)) return false;
  return new Set(list.map((item) => nameOf(key, item))).size === list.length;
}

/** Where a server gives an amount back in its own spelling. Elsewhere `1.0` is not `1`. */
const AMOUNTS = new Set(['requests', 'limits', 'sizeLimit', 'storage', 'averageValue']);

export function isSameAmount(live: unknown, wanted: unknown, at: Tokens): boolean {
  return at.some((token) => AMOUNTS.has(`${token}`)) && sameQuantity(live, wanted);
}

/**
 * `wanted` with the amounts written as they are in `live`, where they are the same. A controller may have written
 * them anew in its own spelling, and owns them by that: another spelling would be a conflict about nothing.
 */
export function spelledAs<T>(live: unknown, wanted: T, at: Tokens = []): T {
  if (isMap(wanted) && isMap(live)) {
    const entries = Object.entries(wanted).map(([key, value]) => [
      key,
      spelledAs(live[key], value, [...at, key]),
    ]);
    return Object.fromEntries(entries) as T;
  }
  if (Array.isArray(wanted) && Array.isArray(live)) {
    const key = keyOf(live, wanted);
    const others = new Map(live.map((item, index) => [key ? nameOf(key, item) : index, item]));
    return wanted.map((item, index) =>
      spelledAs(others.get(key ? nameOf(key, item) : index), item, [...at, index]),
    ) as T;
  }
  return isSameAmount(live, wanted, at) ? (live as T) : wanted;
}
