// Where a key stands: `file:line: key`.

import type { Document, LineCounter } from 'yaml';

/** A place in the configuration: keys and indexes from the root. */
export type Path = readonly (string | number)[];

export interface Source {
  readonly document: Document;
  readonly counter: LineCounter;
  readonly file: string;
}

/** The line of the deepest key on the way that the file holds. */
export function placeOf(source: Source, path: Path): string {
  const line = lineOfPath(source, path);
  return `${source.file}${line === undefined ? '' : `:${line}`}: ${keyText(path)}`;
}

export function lineOfPath({ document, counter }: Source, path: Path): number | undefined {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const start = keyStart(document, path.slice(0, depth));
    if (start !== undefined) return counter.linePos(start).line;
  }
  return undefined;
}

function keyStart(document: Document, path: Path): number | undefined {
  const parent: unknown =
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const items = (parent as { items?: unknown } | null)?.items;
  if (!Array.isArray(items)) return undefined;
  if (typeof last === 'number') return rangeStart(items[last]);
  const pair = items.find((item) => (item as { key?: { value?: unknown } }).key?.value === last);
  return rangeStart((pair as { key?: unknown } | undefined)?.key);
}

function rangeStart(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] } | undefined)?.range;
  return range?.[0];
}

/** `clusters[0].ingress.port`. */
export function keyText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
