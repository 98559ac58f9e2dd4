// Which controller a command asks, and with which token: a file of contexts, as kubectl has one.
//
// Comes in: options, environment, the file (`$BALLAST_CONTEXTS`, else `ballast/contexts.yaml` in the
// user's configuration folder): `{current, contexts: [{name, server, token: {file}, ca: {file}}]}`; paths
// are relative to it. Goes out: a place to call. On failure: a CommandFailure that names the file and
// the key. An option beats a variable, a variable the file.

import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandFailure, EXIT } from './exit-codes.ts';

export interface Place {
  readonly server: string;
  readonly token?: string;
  readonly ca?: string;
}

export interface PlaceOptions {
  readonly context?: string;
  readonly server?: string;
  readonly tokenFile?: string;
}

export interface Context {
  readonly name: string;
  readonly server: string;
  readonly token?: { readonly file: string };
  readonly ca?: { readonly file: string };
}

export interface Contexts {
  readonly current?: string;
  readonly contexts: readonly Context[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_SERVER = 'http://127.0.0.1:8080';
const KEYS = new Set(['name', 'server', 'token', 'ca']);

export function contextsFile(env: Environment): string {
  const named = env['BALLAST_CONTEXTS'];
  if (named !== undefined && named !== '') return named;
  const home = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? homedir(), '.config');
  return join(home, 'ballast', 'contexts.yaml');
}

/** Nothing, where the file is not there. */
export async function readContexts(file: string): Promise<Contexts> {
  const text = readIfThere(file);
  if (text === undefined) return { contexts: [] };
  const { parse } = await import('yaml');
  const wrong = (what: string): CommandFailure =>
    new CommandFailure(EXIT.failed, `${file}: ${what}`);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw wrong((error as Error).message.split('\n')[0] ?? 'not YAML');
  }
  const { current, contexts = [] } = (value ?? {}) as { current?: unknown; contexts?: unknown };
  if (current !== undefined && typeof current !== 'string') throw wrong('current: must be a name');
  if (!Array.isArray(contexts)) throw wrong('contexts: must be a list');
  contexts.forEach((one: unknown, index) =>
    checkContext(one, (what) => wrong(`contexts[${index}]${what}`)),
  );
  return { ...(current !== undefined && { current }), contexts: contexts as Context[] };
}

export async function writeContexts(file: string, contexts: Contexts): Promise<void> {
  const { stringify } = await import('yaml');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, stringify(contexts), { mode: 0o600 });
  await rename(aside, file);
}

export async function placeOf(options: PlaceOptions, env: Environment): Promise<Place> {
  const context = await contextOf(options, env);
  const server = options.server ?? env['BALLAST_SERVER'] ?? context.server;
  // A context's token is for its own server.
  const own: Partial<Context> = server === context.server ? context : {};
  const token = tokenOf(options, env) ?? readSecret(own.token?.file);
  const ca = readSecret(own.ca?.file);
  return {
    server: checkServer(server),
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca }),
  };
}

async function contextOf(options: PlaceOptions, env: Environment): Promise<Omit<Context, 'name'>> {
  const file = contextsFile(env);
  const { current, contexts } = await readContexts(file);
  const name = options.context ?? ((options.server ?? env['BALLAST_SERVER']) ? undefined : current);
  if (name === undefined) return { server: DEFAULT_SERVER };
  const found = contexts.find((one) => one.name === name);
  if (!found) throw new CommandFailure(EXIT.failed, `${file}: no context ${name}`);
  const from = (path: string): string => resolve(dirname(file), path);
  return {
    server: found.server,
    ...(found.token && { token: { file: from(found.token.file) } }),
    ...(found.ca && { ca: { file: from(found.ca.file) } }),
  };
}

function tokenOf(options: PlaceOptions, env: Environment): string | undefined {
  if (options.tokenFile !== undefined) return readSecret(options.tokenFile);
  return env['BALLAST_TOKEN'] || undefined;
}

function readSecret(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandFailure(EXIT.failed, `${file}: cannot be read: ${(error as Error).message}`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new CommandFailure(EXIT.failed, `${file}: cannot be read: ${(error as Error).message}`);
  }
}

function checkServer(server: string): string {
  if (URL.canParse(server) && /^https?:$/.test(new URL(server).protocol)) {
    return server.replace(/\/+$/, '');
  }
  throw new CommandFailure(EXIT.failed, `${server}: must be a URL as https://ballast.example.com`);
}

function checkContext(one: unknown, wrong: (what: string) => CommandFailure): void {
  if (typeof one !== 'object' || one === null) throw wrong(': must be a mapping');
  const unknown = Object.keys(one).find((key) => !KEYS.has(key));
  if (unknown !== undefined)
    throw wrong(`.${unknown}: unknown key; known: ${[...KEYS].join(', ')}`);
  const { name, server, token, ca } = one as Record<string, unknown>;
  if (typeof name !== 'string') throw wrong('.name: must be a name');
  if (typeof server !== 'string') throw wrong('.server: must be a URL');
  for (const [key, secret] of [
    ['token', token],
    ['ca', ca],
  ] as const) {
    const file = (secret as { file?: unknown } | undefined)?.file;
    if (secret !== undefined && typeof file !== 'string')
      throw wrong(`.${key}.file: must be a path`);
  }
}
