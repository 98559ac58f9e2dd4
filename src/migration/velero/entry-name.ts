// What the name of an entry in a backup's tarball says. Pure.

export type EntryName =
  | { readonly is: 'object'; readonly object: ObjectName }
  | { readonly is: 'version' }
  | { readonly is: 'other' }
  /** No honest backup has it. */
  | { readonly is: 'refused'; readonly why: string };

export interface ObjectName {
  /** `rollouts.argoproj.io`. */
  readonly resource: string;
  /** Empty: it belongs to the cluster. */
  readonly namespace: string;
  readonly name: string;
  /** Of several entries for one object the highest counts; 0: a version that is not the preferred one. */
  readonly rank: 0 | 1 | 2;
}

const OTHER = { is: 'other' } as const;
const PREFERRED = '-preferredversion';

export function readEntryName(written: string): EntryName {
  if (written.startsWith('/')) return { is: 'refused', why: 'an absolute path' };
  const parts = written.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || written.includes('\0'))
    return { is: 'refused', why: 'a path that leads out' };
  if (parts.join('/') === 'metadata/version') return { is: 'version' };
  const [root, resource, ...rest] = parts;
  if (root !== 'resources' || resource === undefined) return OTHER;
  return readPlace(resource, rest);
}

/** `[VER/]cluster/NAME.json` or `[VER/]namespaces/NS/NAME.json`. */
function readPlace(resource: string, rest: readonly string[]): EntryName {
  const bare = isScope(rest[0]);
  const [scope = '', ...names] = bare ? rest : rest.slice(1);
  const file = names.at(-1);
  if (names.length !== DEPTHS[scope] || !file?.endsWith('.json')) return OTHER;
  const namespace = names.length === 1 ? '' : (names[0] ?? '');
  const name = file.slice(0, -'.json'.length);
  return { is: 'object', object: { resource, namespace, name, rank: rankOf(bare, rest[0]) } };
}

const DEPTHS: Readonly<Record<string, number>> = { cluster: 1, namespaces: 2 };

const isScope = (part: string | undefined): boolean => part === 'cluster' || part === 'namespaces';

function rankOf(bare: boolean, version: string | undefined): ObjectName['rank'] {
  if (bare) return 1;
  return version?.endsWith(PREFERRED) ? 2 : 0;
}
