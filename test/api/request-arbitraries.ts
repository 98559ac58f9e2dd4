// Requests by an OpenAPI document: mostly as it says, sometimes not.
//
// Comes in: an operation with its schemas, and names that mean something in the running controller. Goes
// out: arbitraries of whole requests.

import fc, { type Arbitrary } from 'fast-check';

export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body?: Schema;
  /** Bodies that are taken: what is made at random seldom is. */
  readonly good?: readonly object[];
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly body?: unknown;
}

/** By the name of a field: values that stand for something. */
export type Meaningful = Readonly<Record<string, readonly unknown[]>>;

const wild = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.constant(null),
);

/** Long waits would only make the test slow. */
function stringOf(schema: Schema): Arbitrary<string> {
  const { pattern, minLength = 0, maxLength = 80 } = schema;
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.min(maxLength, 80) });
}

function valid(schema: Schema, name: string, meaningful: Meaningful): Arbitrary<unknown> {
  const known = meaningful[name];
  const plain = byType(schema, meaningful, name);
  return known ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, plain) : plain;
}

function byType(schema: Schema, meaningful: Meaningful, name: string): Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valid(one, '', meaningful)));
  const { type, minItems = 0, maxItems = 3, minimum = -5, maximum = 1e6 } = schema;
  if (type === 'string') return stringOf(schema);
  if (type === 'integer') return fc.integer({ min: minimum, max: Math.min(maximum, 1e6) });
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'object') return objectOf(schema, meaningful);
  if (type !== 'array') return fc.jsonValue();
  const size = { minLength: minItems, maxLength: Math.min(maxItems, 3) };
  return fc.array(anyOf(schema.items ?? {}, name, meaningful), size);
}

function objectOf({ properties = {}, required = [] }: Schema, meaningful: Meaningful) {
  const fields = Object.entries(properties).map(([key, schema]) => {
    return [key, anyOf(schema, key, meaningful)] as const;
  });
  const shape = Object.fromEntries(fields);
  const requiredKeys = required.filter((key) => key in shape);
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(shape, { requiredKeys }) },
    fc.record({ ...shape, surprise: wild }, { requiredKeys: [] }),
  );
}

/** One in twenty is something else altogether. */
function anyOf(schema: Schema, name: string, meaningful: Meaningful): Arbitrary<unknown> {
  return fc.oneof({ weight: 19, arbitrary: valid(schema, name, meaningful) }, wild);
}

export function requestsOf(operation: Operation, meaningful: Meaningful): Arbitrary<Request> {
  const { method, path, parameters, body, good = [] } = operation;
  const of = (place: string) => parameters.filter((one) => one.in === place);
  const inPath = fc.tuple(
    ...of('path').map((one) => anyOf(one.schema ?? {}, one.name, meaningful)),
  );
  const query = fc.record(
    Object.fromEntries(
      of('query').map((one) => [one.name, anyOf(one.schema ?? {}, one.name, meaningful)]),
    ),
    { requiredKeys: [] },
  );
  const made = body ? anyOf(body, '', meaningful) : fc.constant(undefined);
  const payload = good.length > 0 ? fc.oneof(made, fc.constantFrom(...good)) : made;
  return fc.tuple(inPath, query, payload).map(([names, asked, sent]) => {
    let at = 0;
    const where = path.replace(/\{\w+\}/g, () => encodeURIComponent(textOf(names[at++])));
    const pairs = Object.entries(asked).map(
      ([key, value]) => `${key}=${encodeURIComponent(textOf(value))}`,
    );
    const url = pairs.length > 0 ? `${where}?${pairs.join('&')}` : where;
    return { method, url, ...(sent !== undefined && { body: sent }) };
  });
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.toWellFormed();
}
