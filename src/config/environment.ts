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
  visitScalars((path, type) => {
    const variable = variableOf(path);
    const value = environment[variable];
    if (value === undefined) return;
    putIn(raw as Record<string, unknown>, path, scalar(value, type));
    given.set(keyText(path), variable);
  });
  return given;
}

function visitScalars(take: (path: readonly string[], type: string | undefined) => void): void {
  const visit = (schema: ObjectSchema, path: readonly string[]): void => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      const here = [...path, key];
      if (child.type === 'object') visit(child, here);
      else if (child.type !== 'array') take(here, child.type);
    }
  };
  visit(ConfigSchema as ObjectSchema, []);
}

/** Not of the configuration: the commands', the tests' cache, and what Kubernetes sets for each Service. */
const FOREIGN =
  /^BALLAST_(SERVER|TOKEN|CONTEXTS|CACHE|(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?))$/;

/** A line for each variable that looks like ours and is no scalar of the configuration. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = new Set<string>();
  visitScalars((path) => known.add(variableOf(path)));
  return Object.keys(environment)
    .filter((name) => name.startsWith('BALLAST_') && !known.has(name) && !FOREIGN.test(name))
    .toSorted()
    .map((name) => `${name}: unknown variable; known: ${[...known].join(', ')}`);
}

export function variableOf(path: readonly string[]): string {
  const words = path.map((part) =>
    part.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase(),
  );
  return `BALLAST_${words.join('_')}`;
}

const BOOLEANS = [
  ['true', true],
  ['false', false],
] as const;

function scalar(value: string, type: string | undefined): unknown {
  if (type === 'boolean') return new Map<string, unknown>(BOOLEANS).get(value) ?? value;
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
