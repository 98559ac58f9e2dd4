// An object of a dialect, held against its schema. Comes in: a value and where it stands. Goes out: the
// value, without nulls. On failure: undefined, and each fault with its place in the report.

import type { Static, TSchema } from 'typebox';
import { schemaFaults } from '../../config/faults.ts';
import type { Path } from '../../config/place.ts';
import type { Report } from '../report.ts';
import { isMap, type StreamDocument } from '../document.ts';

/** Within a document: what is read there is told with that place. */
export interface Spot {
  readonly document: StreamDocument;
  readonly path: Path;
  readonly report: Report;
}

/** A document that passed its schema. */
export interface Read<Shape> {
  readonly document: StreamDocument;
  readonly read: Shape;
  readonly namespace: string;
}

/** Namespaces of which it is known that all clusters have them, though no document says so. */
export type FederatedNamespaces = readonly string[];

export function checked<Shape extends TSchema>(
  shape: Shape,
  value: unknown,
  { document, path, report }: Spot,
): Static<Shape> | undefined {
  const cleaned = withoutNulls(value, (at) =>
    report.warn(
      'null-weight',
      document.where([...path, ...at]),
      'a weight that is left empty is 0, and gets nothing by weight',
    ),
  );
  const faults = schemaFaults(shape, cleaned);
  for (const fault of faults) report.fault(document, [...path, ...fault.path], fault.text);
  return faults.length === 0 ? (cleaned as Static<Shape>) : undefined;
}

/** Others' own values, in which null means something. */
const KEPT = new Set(['template', 'value', 'status']);

/** As Go reads them: a null is a key that is not there. A weight is 0 then. */
function withoutNulls(value: unknown, tell: (at: Path) => void, at: Path = []): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => withoutNulls(item, tell, [...at, index]));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    if (KEPT.has(key)) return [[key, child]];
    if (child !== null) return [[key, withoutNulls(child, tell, [...at, key])]];
    if (key !== 'weight') return [];
    tell([...at, key]);
    return [[key, 0]];
  });
  return Object.fromEntries(entries);
}
