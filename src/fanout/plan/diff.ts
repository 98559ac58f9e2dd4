// What an apply of `wanted` would change in `live`, as a server-side apply by our field manager would:
//
//     in wanted, other in live           changed
//     in wanted, not in live             added
//     ours in live, not in wanted        removed
//     in live, neither ours nor wanted   stays, and is no difference: defaults, status, bookkeeping
//
// Secrets are compared, and told of, by marks of what they hold.
//
// So no list of defaults is needed. Lists are matched by what names their items where they have it.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';
import { pointerOf } from '../patch/json-pointer.ts';
import { isSameAmount, keyOf, nameOf, type Tokens } from './likeness.ts';
import { ownedBy, type Owned } from './owned.ts';
import { sealed } from './seal.ts';
import { FIELD_MANAGER } from './world.ts';

export interface Difference {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function diffObjects(live: Manifest, wanted: Manifest): Difference[] {
  const differences: Difference[] = [];
  const owned = ownedBy(live, FIELD_MANAGER);
  diffValue(view(sealed(live)), view(sealed(wanted)), { at: [], owned, differences });
  return differences;
}

/** Not what the server writes, nor what names the object, which is the same by now. */
function view(object: Manifest): Record<string, unknown> {
  const { apiVersion: _, kind: __, status: ___, metadata, ...rest } = object;
  const { labels = {}, annotations = {}, finalizers } = metadata;
  const ours = { labels: ofOthers(labels), annotations: ofOthers(annotations) };
  return { ...rest, metadata: { ...ours, ...(finalizers !== undefined && { finalizers }) } };
}

/** Karmada's own notes in what was exported from it. */
function ofOthers(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs).filter(([key]) => !/(^|\.)karmada\.io\//.test(key)),
  );
}

interface Walk {
  readonly at: Tokens;
  readonly owned: Owned | undefined;
  readonly differences: Difference[];
}

function diffValue(live: unknown, wanted: unknown, walk: Walk): void {
  if (isMap(wanted) && (isMap(live) || live === undefined)) diffMap(live ?? {}, wanted, walk);
  else if (Array.isArray(wanted) && Array.isArray(live)) diffList(live, wanted, walk);
  else if (!isSame(live, wanted, walk.at)) tell(walk, live, wanted);
}

function tell({ at, differences }: Walk, before: unknown, after: unknown): void {
  differences.push({
    path: pointerOf(at),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  });
}

function diffMap(live: Record<string, unknown>, wanted: Record<string, unknown>, walk: Walk): void {
  const keys = new Set([...Object.keys(live), ...Object.keys(wanted)]);
  for (const key of [...keys].toSorted()) {
    const owned = walk.owned?.fields.get(key);
    const inner: Walk = { ...walk, at: [...walk.at, key], owned };
    if (isEmpty(wanted[key])) removeOwned(live[key], inner);
    else diffValue(live[key], wanted[key], inner);
  }
}

/** A null, an empty mapping and nothing are one thing to a server. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (isMap(value) && Object.keys(value).length === 0);
}

/** What we wrote before and do not write now goes, down to where others own a part of it. */
function removeOwned(live: unknown, walk: Walk): void {
  const { owned } = walk;
  if (!owned || live === undefined) return;
  if (owned.fields.size === 0 && owned.items.length === 0) {
    // An entry of a mapping alone is owned where others' keys are in it too.
    if (!isMap(live)) tell(walk, live, undefined);
    return;
  }
  for (const [key, inner] of owned.fields) {
    const value = isMap(live) ? live[key] : undefined;
    removeOwned(value, { ...walk, at: [...walk.at, key], owned: inner });
  }
  removeItems(live, walk);
}

function removeItems(live: unknown, walk: Walk): void {
  if (!Array.isArray(live)) return;
  for (const [index, item] of live.entries()) {
    const found = itemOf(walk.owned, item);
    if (found) tell({ ...walk, at: [...walk.at, index] }, item, undefined);
  }
}

function itemOf(owned: Owned | undefined, item: unknown): Owned | undefined {
  return owned?.items.find(({ key }) =>
    Object.entries(key).every(([name, value]) => isMap(item) && item[name] === value),
  )?.owned;
}

function diffList(live: readonly unknown[], wanted: readonly unknown[], walk: Walk): void {
  const key = keyOf(live, wanted);
  if (!key) return diffByIndex(live, wanted, walk);
  const found = new Map(live.map((item, index) => [nameOf(key, item), { item, index }]));
  const added: number[] = [];
  for (const [index, item] of wanted.entries()) {
    const before = found.get(nameOf(key, item));
    found.delete(nameOf(key, item));
    const at = [...walk.at, before?.index ?? index];
    if (!before) added.push(index);
    else diffValue(before.item, item, { ...walk, at, owned: itemOf(walk.owned, before.item) });
  }
  for (const index of added) tell({ ...walk, at: [...walk.at, index] }, undefined, wanted[index]);
  for (const { item, index } of found.values()) {
    const owned = itemOf(walk.owned, item);
    if (owned) tell({ ...walk, at: [...walk.at, index] }, item, undefined);
  }
}

function diffByIndex(live: readonly unknown[], wanted: readonly unknown[], walk: Walk): void {
  if (live.length !== wanted.length) return tell(walk, live, wanted);
  for (const [index, item] of wanted.entries()) {
    diffValue(live[index], item, { ...walk, at: [...walk.at, index], owned: undefined });
  }
}

function isSame(live: unknown, wanted: unknown, at: Tokens): boolean {
  if (live === wanted || (isNothing(live) && isNothing(wanted))) return true;
  return isSameAmount(live, wanted, at);
}

const isNothing = (value: unknown): boolean =>
  isEmpty(value) || (Array.isArray(value) && value.length === 0);
