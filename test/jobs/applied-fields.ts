// Server-side apply as an API server does it, on plain values: who owns which field, what conflicts, what
// goes when its last owner lets go of it. Lists whose items have names are kept by name, others whole.

type Token = string | { readonly name: string };
type Fields = Map<string, unknown>;

const EMPTY_MAP = '{}';

/** Each leaf by its path. */
export function flatten(
  value: unknown,
  at: readonly Token[] = [],
  into: Fields = new Map(),
): Fields {
  if (Array.isArray(value) && value.length > 0 && value.every(isNamed)) {
    for (const item of value) flatten(item, [...at, { name: item.name }], into);
  } else if (isMap(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) flatten(inner, [...at, key], into);
    }
  } else if (at.length > 0) into.set(JSON.stringify(at), isMap(value) ? EMPTY_MAP : value);
  return into;
}

export function unflatten(fields: Fields): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of fields) {
    const tokens = JSON.parse(path) as Token[];
    let at: unknown = root;
    for (const [index, token] of tokens.entries()) {
      const next = tokens[index + 1];
      const leaf = value === EMPTY_MAP ? {} : structuredClone(value);
      const fresh = next === undefined ? leaf : typeof next === 'object' ? [] : {};
      at = enter(at, token, fresh);
    }
  }
  return root;
}

function enter(at: unknown, token: Token, fresh: unknown): unknown {
  if (typeof token === 'object') {
    const list = at as { name: string }[];
    const found = list.find((item) => item.name === token.name);
    if (found) return found;
    const item = { name: token.name };
    list.push(item);
    return item;
  }
  const map = at as Record<string, unknown>;
  map[token] ??= fresh;
  return map[token];
}

export class OwnedFields {
  #fields: Fields = new Map();
  readonly #owners = new Map<string, Set<string>>();

  value(): Record<string, unknown> {
    return unflatten(this.#fields);
  }

  /** Paths that others own and want otherwise, by manager; where `force` is not said nothing is done then. */
  apply(manager: string, wanted: object, force: boolean): Map<string, string[]> {
    const fields = flatten(wanted);
    const conflicts = new Map<string, string[]>();
    for (const [path, value] of fields) {
      if (same(this.#fields.get(path), value)) continue;
      for (const other of this.#owners.get(path) ?? []) {
        if (other === manager) continue;
        conflicts.set(other, [...(conflicts.get(other) ?? []), shownPath(path)]);
      }
    }
    if (conflicts.size > 0 && !force) return conflicts;
    for (const [path, owners] of this.#owners) {
      if (fields.has(path) || !owners.delete(manager) || owners.size > 0) continue;
      this.#owners.delete(path);
      this.#fields.delete(path);
    }
    this.set(manager, fields);
    return new Map();
  }

  /** As an update does: the others lose what is another now. */
  set(manager: string, fields: Fields): void {
    for (const [path, value] of fields) {
      const isSame = same(this.#fields.get(path), value);
      this.#fields.set(path, value);
      const owners = isSame ? (this.#owners.get(path) ?? new Set()) : new Set<string>();
      this.#owners.set(path, owners.add(manager));
    }
  }

  copy(): OwnedFields {
    const other = new OwnedFields();
    other.#fields = new Map(this.#fields);
    for (const [path, owners] of this.#owners) other.#owners.set(path, new Set(owners));
    return other;
  }

  managedFields(): object[] {
    const managers = new Set([...this.#owners.values()].flatMap((owners) => [...owners]));
    return [...managers].toSorted().map((manager) => {
      const fieldsV1: Record<string, unknown> = {};
      for (const [path, owners] of this.#owners) {
        if (!owners.has(manager)) continue;
        let at = fieldsV1;
        for (const token of JSON.parse(path) as Token[]) {
          const key = typeof token === 'object' ? `k:${JSON.stringify(token)}` : `f:${token}`;
          at = (at[key] ??= {}) as Record<string, unknown>;
        }
      }
      return { manager, operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 };
    });
  }
}

function shownPath(path: string): string {
  const tokens = JSON.parse(path) as Token[];
  return tokens
    .map((token) => (typeof token === 'object' ? `[name="${token.name}"]` : `.${token}`))
    .join('');
}

const same = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(item: unknown): item is { name: string } {
  return isMap(item) && typeof item['name'] === 'string';
}
