// NAME-resource-list.json.gz: what a backup says that it has, `{"apps/v1/Deployment": ["ns/name"]}`. Pure.

import { MOVED_KINDS } from '../kinds.ts';
import { groupOf, isFields, type Manifest } from '../manifests/manifest.ts';

const MOVED = new Set(MOVED_KINDS.map(({ group, kind }) => `${group}/${kind}`));

/** Names that it says a namespace has, and the tarball has not; undefined: that is no such list. */
export function missingOf(
  namespace: string,
  list: unknown,
  objects: readonly Manifest[],
): string[] | undefined {
  if (!isFields(list)) return undefined;
  const there = new Set(objects.map((one) => `${groupOf(one)}/${one.kind}/${one.metadata.name}`));
  const missing: string[] = [];
  for (const [key, names] of Object.entries(list)) {
    const { kind, group } = kindOf(key);
    if (!Array.isArray(names) || !MOVED.has(`${group}/${kind}`)) continue;
    for (const name of names.map(String)) {
      const [own, ...rest] = name.split('/');
      if (own !== namespace || there.has(`${group}/${kind}/${rest.join('/')}`)) continue;
      missing.push(`${kind} ${name}`);
    }
  }
  return missing;
}

/** `v1/Service`, `apps/v1/Deployment`. */
function kindOf(key: string): { readonly group: string; readonly kind: string } {
  const parts = key.split('/');
  const kind = parts.at(-1) ?? '';
  const apiVersion = parts.slice(0, -1).join('/');
  return { kind, group: groupOf({ apiVersion, kind }) };
}
