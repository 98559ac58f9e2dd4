// What an answer has that the OpenAPI document does not say, or lacks.
//
// Comes in: the document's components; then an operation's answers as described, and one that came. Goes
// out: what is wrong with it, in words, or nothing.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Schema } from './request-arbitraries.ts';

export interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface Reply {
  readonly statusCode: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
type Answers = { readonly responses: Readonly<Record<string, Content>> };

export function faultsBy(
  components: object,
): (answers: Answers, reply: Reply) => string | undefined {
  const validator = new Ajv2020({ strict: false, validateFormats: false });
  validator.addSchema(closed({ $id: 'doc', components }));
  const validators = new Map<Schema, ValidateFunction>();

  /** One for a schema: to make it costs more than all that a request does. */
  function validatorOf(schema: Schema): ValidateFunction {
    const known = validators.get(schema);
    if (known) return known;
    const made = validator.compile(closed(schema) as object);
    validators.set(schema, made);
    return made;
  }

  return ({ responses }, { statusCode, body, headers }) => {
    if (statusCode >= 500 && statusCode !== 503) return `status ${statusCode}: ${body}`;
    const described = responses[statusCode] ?? responses['default'];
    if (!described) return `status ${statusCode} is not described`;
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? '';
    if (!described.content)
      return body === '' ? undefined : `a body where none is described: ${body}`;
    const schema = described.content[type]?.schema;
    if (!schema)
      return `status ${statusCode} as ${type}, described as ${Object.keys(described.content)}`;
    if (!type.endsWith('json')) return undefined;
    const validate = validatorOf(schema);
    if (validate(JSON.parse(body))) return undefined;
    return `status ${statusCode}: ${validator.errorsText(validate.errors)}: ${body}`;
  };
}

/** Objects that say which keys they have take no others: what the document forgets is a fault. */
function closed<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed) as T;
  const entries = Object.entries(value).map(([key, child]) => [
    key,
    key === '$ref' ? String(child).replace(/^#/, 'doc#') : closed(child),
  ]);
  const all = Object.fromEntries(entries) as Record<string, unknown>;
  const isObject = all['type'] === 'object' && typeof all['properties'] === 'object';
  return (isObject ? { additionalProperties: false, ...all } : all) as T;
}
