// JSON schemas for kubeconform, made from what an API server itself says of its kinds: strict, so that a
// misspelt field is a fault.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from './client.ts';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly Readonly<
    Record<'group' | 'version' | 'kind', string>
  >[];
}

/** Answers kubeconform's `-schema-location`. */
export async function writeSchemas(admin: Client, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const text = JSON.stringify(await admin.call<object>('GET', '/openapi/v2'));
  const { definitions } = JSON.parse(text, (_, value: unknown) =>
    typeof value === 'object' && value !== null ? closed(value) : value,
  ) as { definitions: Readonly<Record<string, Schema>> };
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      // To kubeconform the group of the core kinds is their version.
      const file = [kind, group || version, version].join('-').toLowerCase();
      const schema = { $ref: `#/definitions/${name}`, definitions };
      await writeFile(join(folder, `${file}.json`), JSON.stringify(schema));
    }
  }
  return join(folder, '{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json');
}

function closed(schema: Schema): object {
  if (schema.format === 'int-or-string') return { type: ['string', 'integer'] };
  const isOpen = schema.properties === undefined || 'additionalProperties' in schema;
  const preserves = 'x-kubernetes-preserve-unknown-fields' in schema;
  return isOpen || preserves ? schema : { ...schema, additionalProperties: false };
}
