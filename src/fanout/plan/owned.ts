// Which fields of a live object a field manager owns by apply, from `metadata.managedFields`.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';

export interface Owned {
  readonly fields: ReadonlyMap<string, Owned>;
  /** Of a list that is kept by key: which items, and what of them. */
  readonly items: readonly {
    readonly key: Readonly<Record<string, unknown>>;
    readonly owned: Owned;
  }[];
}

/** Undefined where the manager has applied nothing. */
export function ownedBy({ metadata }: Manifest, manager: string): Owned | undefined {
  const { managedFields } = metadata;
  if (!Array.isArray(managedFields)) return undefined;
  const mine = managedFields.find((entry: unknown) => {
    return isMap(entry) && entry['manager'] === manager && entry['operation'] === 'Apply';
  }) as Record<string, unknown> | undefined;
  const fields = mine?.['fieldsV1'];
  return isMap(fields) ? treeOf(fields) : undefined;
}

/** `f:NAME` is a key of a mapping, `k:{…}` an item of a list; `.` is the thing itself. */
function treeOf(fields: Record<string, unknown>): Owned {
  const found = new Map<string, Owned>();
  const items: { key: Record<string, unknown>; owned: Owned }[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const owned = treeOf(isMap(value) ? value : {});
    if (name.startsWith('f:')) found.set(name.slice(2), owned);
    const key = name.startsWith('k:') ? keyOf(name.slice(2)) : undefined;
    if (key) items.push({ key, owned });
  }
  return { fields: found, items };
}

/** Undefined where it is none: what cannot be read must not name every item. */
function keyOf(text: string): Record<string, unknown> | undefined {
  try {
    const key: unknown = JSON.parse(text);
    return isMap(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
