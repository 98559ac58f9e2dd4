// Files of YAML documents, as Kubernetes reads them.
//
// Comes in: texts with their names. Goes out: a document for each object, which knows where its keys
// stand. On failure: the fault is in the report, the document is left out, and the others are read on.

import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { keyText, lineOfPath, type Path } from '../config/place.ts';
import { isMap, type StreamDocument } from './document.ts';
import { KUBERNETES_YAML } from './kubernetes-yaml.ts';
import type { Manifest } from './model.ts';
import type { Report } from './report.ts';

export interface StreamFile {
  readonly name: string;
  readonly text: string;
}

/** An alias may stand for much; this many may be resolved, so that a small text cannot fill the memory. */
const MAX_ALIASES = 100;

export function readDocuments(files: readonly StreamFile[], report: Report): StreamDocument[] {
  return files.flatMap((file) => documentsOf(file, report));
}

function documentsOf(file: StreamFile, report: Report): StreamDocument[] {
  const counter = new LineCounter();
  const parsed = parseAllDocuments(file.text, {
    lineCounter: counter,
    uniqueKeys: true,
    ...KUBERNETES_YAML,
  });
  // An empty stream is no list, but says `empty`.
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document, index) => {
    const place = (line: number | undefined): string =>
      `${file.name}${line === undefined ? '' : `:${line}`}: document ${index + 1}`;
    const broken = document.errors.map((error) => {
      const text = error.message.split('\n')[0] ?? 'not YAML';
      return `${place(counter.linePos(error.pos[0]).line)}: ${text}`;
    });
    report.faults.push(...broken);
    if (broken.length > 0 || isEmpty(document)) return [];
    const where = (path: Path): string => {
      const line = lineOfPath({ document, counter, file: file.name }, path);
      const start = counter.linePos(document.contents?.range?.[0] ?? 0).line;
      return path.length === 0 ? place(start) : `${place(line ?? start)}: ${keyText(path)}`;
    };
    return toObject(document, where, report);
  });
}

function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (contents as { value?: unknown }).value === null;
}

function toObject(
  document: Document.Parsed,
  where: (path: Path) => string,
  report: Report,
): StreamDocument[] {
  const value = toPlain(document, where, report);
  if (value === undefined) return [];
  const fault = objectFault(value);
  if (fault === undefined) return [{ object: value as Manifest, where }];
  report.faults.push(`${where(fault.path)}: ${fault.text}`);
  return [];
}

function toPlain(
  document: Document.Parsed,
  where: (path: Path) => string,
  report: Report,
): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    report.faults.push(`${where([])}: aliases: ${(error as Error).message}`);
    return undefined;
  }
}

/** What each object of Kubernetes has. */
function objectFault(value: unknown): { path: Path; text: string } | undefined {
  if (!isMap(value)) return { path: [], text: 'is no object: a mapping of keys is expected' };
  for (const key of ['apiVersion', 'kind']) {
    if (!isWord(value[key])) return { path: [key], text: 'is missing' };
  }
  if (value['kind'] === 'List') {
    return { path: ['kind'], text: 'write each object of the List as a document of its own' };
  }
  const { metadata } = value;
  if (!isMap(metadata)) return { path: ['metadata'], text: 'is missing' };
  if (!isWord(metadata['name'])) {
    const text = 'is missing: an object without a name of its own cannot be found again';
    return { path: ['metadata', 'name'], text };
  }
  return namesFault(metadata);
}

/** Labels and annotations are texts: `true` and `1` need quotes there. */
function namesFault(metadata: Record<string, unknown>): { path: Path; text: string } | undefined {
  const { namespace } = metadata;
  if (namespace !== undefined && typeof namespace !== 'string') {
    return { path: ['metadata', 'namespace'], text: 'must be a text' };
  }
  for (const part of ['labels', 'annotations']) {
    const pairs = metadata[part] ?? {};
    if (!isMap(pairs)) return { path: ['metadata', part], text: 'must be a mapping of keys' };
    const wrong = Object.keys(pairs).find((key) => typeof pairs[key] !== 'string');
    if (wrong !== undefined) {
      return { path: ['metadata', part, wrong], text: 'must be a text; put it in quotes' };
    }
  }
  return undefined;
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
