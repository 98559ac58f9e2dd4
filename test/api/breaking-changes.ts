// What of one OpenAPI document would break who was written for another: pure.
//
// Comes in: the document that others were written for, and the one of now. Goes out: a line for each thing
// that is gone, that is asked for newly, or that may no longer be there. What is added breaks nobody.

interface Schema {
  readonly $ref?: string;
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** In an answer fields may come, in a request they may go. */
type Way = 'answer' | 'request';

export function breakingChanges(old: ApiDocument, now: ApiDocument): string[] {
  const lines: string[] = [];
  for (const [path, methods] of Object.entries(old.paths)) {
    for (const [method, before] of Object.entries(methods)) {
      const after = now.paths[path]?.[method];
      const place = `${method.toUpperCase()} ${path}`;
      if (after) lines.push(...ofOperation(before, after, place));
      else lines.push(`${place} is gone`);
    }
  }
  const schemas = now.components?.schemas ?? {};
  for (const [name, before] of Object.entries(old.components?.schemas ?? {})) {
    lines.push(...ofSchema(before, schemas[name], 'answer', name));
  }
  return lines;
}

function ofOperation(before: Operation, after: Operation, place: string): string[] {
  const lines: string[] = [];
  const key = (one: Parameter): string => `${one.in} ${one.name}`;
  const had = new Map((before.parameters ?? []).map((one) => [key(one), one]));
  const has = new Map((after.parameters ?? []).map((one) => [key(one), one]));
  for (const name of had.keys()) if (!has.has(name)) lines.push(`${place}: ${name} is gone`);
  for (const [name, { required }] of has) {
    if (required && !had.get(name)?.required) lines.push(`${place}: ${name} is now required`);
  }
  const body = after.requestBody?.content ?? {};
  for (const [type, { schema }] of Object.entries(before.requestBody?.content ?? {})) {
    lines.push(...ofSchema(schema, body[type]?.schema, 'request', `${place}: body`));
  }
  for (const [status, { content = {} }] of Object.entries(before.responses ?? {})) {
    const answered = after.responses?.[status];
    if (!answered) lines.push(`${place}: answer ${status} is gone`);
    for (const [type, { schema }] of Object.entries(content)) {
      lines.push(
        ...ofSchema(schema, answered?.content?.[type]?.schema, 'answer', `${place}: ${status}`),
      );
    }
  }
  return lines;
}

function ofSchema(
  before: Schema | undefined,
  after: Schema | undefined,
  way: Way,
  place: string,
): string[] {
  if (!before) return [];
  if (!after) return [`${place} is gone`];
  const lines: string[] = [];
  if (before.$ref !== after.$ref)
    lines.push(`${place} is ${after.$ref ?? 'inline'}, not ${before.$ref ?? 'inline'}`);
  if (JSON.stringify(before.type) !== JSON.stringify(after.type)) {
    lines.push(`${place} is ${String(after.type)}, not ${String(before.type)}`);
  }
  for (const [name, property] of Object.entries(before.properties ?? {})) {
    lines.push(...ofSchema(property, after.properties?.[name], way, `${place}/${name}`));
  }
  if (before.items) lines.push(...ofSchema(before.items, after.items, way, `${place}[]`));
  return [
    ...lines,
    ...ofRequired(before, after, way, place),
    ...ofValues(before, after, way, place),
  ];
}

function ofRequired(before: Schema, after: Schema, way: Way, place: string): string[] {
  const [had, has] = [before.required ?? [], after.required ?? []];
  if (way === 'request') {
    return has
      .filter((name) => !had.includes(name))
      .map((name) => `${place}/${name} is now required`);
  }
  const lost = had.filter((name) => !has.includes(name) && after.properties?.[name]);
  return lost.map((name) => `${place}/${name} is no longer always there`);
}

function ofValues(before: Schema, after: Schema, way: Way, place: string): string[] {
  if (way === 'answer' || !before.enum) return [];
  const lost = before.enum.filter((value) => !after.enum?.includes(value));
  return lost.map((value) => `${place} no longer takes ${String(value)}`);
}
