// `BALLAST_…` variables over the scalars of the configuration: `BALLAST_REDIS_URL` is `redis.url`.

import { keyText } from './place.ts';
import { ConfigSchema } from './schema.ts';

interface ObjectSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
}

/** Writes `BALLAST_REDIS_URL` to `redis.url` and so on; answers which keys came that way. */
export function overrideScalars(
  raw: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const given = new Map<string, string>();
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return given;
  const visit = (schema: ObjectSchema, path: readonly string[]): void => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      const here = [...path, key];
      if (child.type === 'object') visit(child, here);
      const variable = variableOf(here);
      const value = environment[variable];
      if (value === undefined || child.type === 'object' || child.type === 'array') continue;
      putIn(raw as Record<string, unknown>, here, scalar(value, child.type));
      given.set(keyText(here), variable);
    }
  };
  visit(ConfigSchema as ObjectSchema, []);
  return given;
}

export function variableOf(path: readonly string[]): string {
  const words = path.map((part) =>
    part.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase(),
  );
  return `BALLAST_${words.join('_')}`;
}

function scalar(value: string, type: string | undefined): unknown {
  if (type !== 'integer' && type !== 'number') return value;
  return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
}

function putIn(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = target;
  for (const key of path.slice(0, -1)) {
    if (typeof at[key] !== 'object' || at[key] === null) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1) as string] = value;
}
