// The OpenAPI document as a page for people: HTML without scripts, links within itself only. Pure.

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: Schema;
    readonly description?: string;
  }[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content & { readonly description?: string }>>;
}

export interface Document {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, summary { font-family: ui-monospace, monospace; }
summary { cursor: pointer; padding: .3rem 0; }
details { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
details > :not(summary) { margin-left: 1.5rem; }
b { display: inline-block; min-width: 5.5rem; }
ul { padding-left: 1.2rem; }
`;

export function describeDocument({ info, paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationOf(method, path, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details id="${escape(name)}"><summary>${escape(name)}</summary>${shapeOf(schema)}</details>`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escape(info.title)} API</title><style>${STYLE}</style></head><body>`,
    `<h1>${escape(info.title)} API ${escape(info.version)}</h1>`,
    '<p><a href="openapi.json">openapi.json</a></p>',
    `<h2>Routes</h2>${operations.join('')}`,
    `<h2>Schemas</h2>${schemas.join('')}</body></html>`,
  ].join('\n');
}

function operationOf(method: string, path: string, operation: Operation): string {
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation;
  const taken = parameters.map(
    (one) =>
      `<li><code>${escape(one.name)}</code> (${escape(one.in)}${one.required ? ', required' : ''}): ${typeOf(one.schema ?? {})}${note(one.description)}</li>`,
  );
  const answered = Object.entries(responses ?? {}).map(
    ([status, answer]) => `<li>${escape(status)}: ${contentOf(answer)}</li>`,
  );
  return [
    `<details><summary><b>${method.toUpperCase()}</b> ${escape(path)}</summary>`,
    `<p>${escape(summary)}. ${escape(description)}</p>`,
    taken.length > 0 ? `<p>Parameters</p><ul>${taken.join('')}</ul>` : '',
    requestBody ? `<p>Body: ${contentOf(requestBody)}</p>` : '',
    `<p>Answers</p><ul>${answered.join('')}</ul></details>`,
  ].join('');
}

function contentOf(content: Content & { readonly description?: string }): string {
  const kinds = Object.entries(content.content ?? {}).map(
    ([type, { schema = {} }]) => `${escape(type)} ${typeOf(schema)}${shapeOf(schema)}`,
  );
  return kinds.length > 0 ? kinds.join('; ') : `nothing${note(content.description)}`;
}

function shapeOf({ properties, items, required = [] }: Schema): string {
  if (!properties) return items?.properties ? shapeOf(items) : '';
  const lines = Object.entries(properties).map(
    ([name, schema]) =>
      `<li><code>${escape(name)}</code>${required.includes(name) ? '' : '?'}: ${typeOf(schema)}${note(schema.description)}${shapeOf(schema)}</li>`,
  );
  return `<ul>${lines.join('')}</ul>`;
}

function typeOf(schema: Schema): string {
  const { $ref, anyOf, items, type = 'anything', pattern } = schema;
  if ($ref !== undefined) {
    const name = escape($ref.split('/').at(-1) ?? '');
    return `<a href="#${name}">${name}</a>`;
  }
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (items) return `list of ${typeOf(items)}`;
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  if (values.length > 0) return values.map((value) => escape(String(value))).join(', ');
  const types = [type].flat().map(escape).join(' or ');
  return `${types}${pattern === undefined ? '' : ` <code>${escape(pattern)}</code>`}`;
}

function note(description: string | undefined): string {
  return description === undefined ? '' : `, ${escape(description)}`;
}

function escape(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return text.replace(/[&<>]/g, (one) => named[one] ?? one).replaceAll('"', '&quot;');
}
