// Turns the schema validator's findings into faults that a person can read: one per place.

import type { TSchema } from 'typebox';
import { Errors } from 'typebox/value';
import { Set as registerFormat } from 'typebox/format';
import { isAddress } from '../address.ts';
import type { Path } from './place.ts';

registerFormat('ballast-address', isAddress);

export interface Fault {
  readonly path: Path;
  readonly text: string;
}

interface Finding {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

interface SchemaNode {
  readonly [key: string]: unknown;
  readonly description?: string;
}

/** All faults of a value against a schema, in the order of the schema, each place once. */
export function schemaFaults(schema: TSchema, value: unknown): Fault[] {
  const faults = new Map<string, Fault>();
  for (const finding of Errors(schema, value) as Finding[]) {
    for (const fault of toFaults(finding, schema, value)) {
      const key = JSON.stringify(fault.path);
      if (!faults.has(key)) faults.set(key, fault);
    }
  }
  return [...faults.values()];
}

function toFaults(finding: Finding, schema: TSchema, value: unknown): Fault[] {
  const path = toPath(finding.instancePath, value);
  const named = (key: string): string[] => (finding.params[key] as string[] | undefined) ?? [];
  switch (finding.keyword) {
    case 'additionalProperties':
      return named('additionalProperties').map((key) => unknownKey(path, key, finding, schema));
    case 'required':
      return named('requiredProperties').map((key) => ({
        path: [...path, key],
        text: 'is missing',
      }));
    case 'boolean': // the twin of additionalProperties
    case 'const': // the parts of anyOf
      return [];
    default:
      return [{ path, text: sentence(finding, nodeAt(schema, finding.schemaPath)) }];
  }
}

function unknownKey(path: Path, key: string, finding: Finding, schema: TSchema): Fault {
  const node = nodeAt(schema, finding.schemaPath);
  const known = Object.keys((node?.['properties'] as object | undefined) ?? {});
  return { path: [...path, key], text: `unknown key; known here: ${known.join(', ')}` };
}

function sentence(finding: Finding, node: SchemaNode | undefined): string {
  const hint = node?.description === undefined ? '' : ` (${node.description})`;
  switch (finding.keyword) {
    case 'pattern':
    case 'format':
      return `has a wrong form${hint}`;
    case 'enum':
      return `must be one of ${(node?.['enum'] as string[] | undefined)?.join(', ') ?? ''}`;
    case 'anyOf':
      return `must be one of ${alternatives(node).join(', ')}`;
    default:
      return `${finding.message}${hint}`;
  }
}

function alternatives(node: SchemaNode | undefined): string[] {
  const any = (node?.['anyOf'] as readonly { const?: unknown }[] | undefined) ?? [];
  return any.map((branch) => String(branch.const));
}

/** The schema a finding points at: `#/properties/a/items` names it by JSON pointer. */
function nodeAt(schema: TSchema, pointer: string): SchemaNode | undefined {
  let node: unknown = schema;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as SchemaNode)[unescapePointer(part)];
  }
  return node as SchemaNode | undefined;
}

function toPath(pointer: string, value: unknown): Path {
  const path: (string | number)[] = [];
  let at = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = unescapePointer(part);
    path.push(Array.isArray(at) ? Number(key) : key);
    at = (at as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
