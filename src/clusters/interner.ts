// One copy of a string that stands in thousands of records: names of namespaces, Services, nodes.

export type Interner = (text: string) => string;

/** Names that are gone must not pile up: past this many it starts anew. */
const MOST = 50_000;

export function createInterner(): Interner {
  const known = new Map<string, string>();
  return (text) => {
    const same = known.get(text);
    if (same !== undefined) return same;
    if (known.size >= MOST) known.clear();
    known.set(text, text);
    return text;
  };
}
