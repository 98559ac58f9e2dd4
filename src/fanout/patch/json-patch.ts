// Steps of a JSON patch, on a copy that the caller owns.
//
// Comes in: an object and a step. Goes out: nothing; the object is changed. On failure: a sentence, and
// the object is as it was before this step.
//
// The two systems differ in one thing: evanphx/json-patch 4 (KubeFed) replaces what is missing in a
// mapping, 5 (Karmada) does not. The usual package would have to be walked before each step for that,
// and for keys such as `__proto__`, which it skips, writing a level higher; after the walk the rest is
// one assignment.

import type { JsonStep } from '../model.ts';
import { isMap } from '../document.ts';
import { pathFault, pointerOf, tokensOf } from './json-pointer.ts';

export type MissingLeaf = 'add' | 'fail';

/** Keys that would change what an object is, not what it holds. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

export function applyStep(root: unknown, step: JsonStep, missing: MissingLeaf): string | undefined {
  const fault = pathFault(step.path);
  if (fault !== undefined) return fault;
  const tokens = tokensOf(step.path);
  const refused = tokens.find((token) => REFUSED.has(token));
  if (refused !== undefined) return `${step.path}: ${refused} is no key that can be patched`;
  const parent = parentOf(root, tokens);
  if (Array.isArray(parent)) return inList(parent, tokens, step);
  if (isMap(parent)) return inMap(parent, tokens.at(-1) ?? '', step, missing);
  return `${step.path}: there is no ${pointerOf(tokens.slice(0, -1)) || 'object'}`;
}

export function valueAt(root: unknown, path: string): unknown {
  const tokens = tokensOf(path);
  return childOf(parentOf(root, tokens), tokens.at(-1) ?? '');
}

function parentOf(root: unknown, tokens: readonly string[]): unknown {
  let at = root;
  for (const token of tokens.slice(0, -1)) at = childOf(at, token);
  return at;
}

function childOf(parent: unknown, token: string): unknown {
  if (Array.isArray(parent)) return INDEX.test(token) ? parent[Number(token)] : undefined;
  return isMap(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

const INDEX = /^(0|[1-9]\d*)$/;

function inList(list: unknown[], tokens: readonly string[], step: JsonStep): string | undefined {
  const token = tokens.at(-1) ?? '';
  const adds = step.operator === 'add';
  if (token === '-' && adds) {
    list.push(copyOf(step.value));
    return undefined;
  }
  const index = INDEX.test(token) ? Number(token) : -1;
  if (index < 0 || index > list.length - (adds ? 0 : 1)) {
    return `${step.path}: the list has ${list.length} items`;
  }
  if (adds) list.splice(index, 0, copyOf(step.value));
  else if (step.operator === 'remove') list.splice(index, 1);
  else list[index] = copyOf(step.value);
  return undefined;
}

function inMap(
  map: Record<string, unknown>,
  key: string,
  { operator, path, value }: JsonStep,
  missing: MissingLeaf,
): string | undefined {
  const absent = !Object.hasOwn(map, key);
  if (absent && (operator === 'remove' || (operator === 'replace' && missing === 'fail'))) {
    return `${path}: there is nothing to ${operator}`;
  }
  if (operator === 'remove') delete map[key];
  else map[key] = copyOf(value);
  return undefined;
}

/** Two clusters must not come to share a list that a later step changes. A value left out is null. */
function copyOf(value: unknown): unknown {
  return structuredClone(value ?? null);
}
