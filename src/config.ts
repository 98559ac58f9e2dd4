// The configuration: one YAML file, `BALLAST_…` variables over its scalars, checked at the door.
//
// Comes in: the path of the file and the environment. Goes out: a Config whose paths are absolute.
// On failure: a ConfigError that lists every fault as `file:line: key: what is wrong`.
// Stages own the schemas of their keys; config/schema.ts joins them.

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { Default } from 'typebox/value';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { checkAcross } from './config/across.ts';
import { overrideScalars, unknownVariables } from './config/environment.ts';
import { schemaFaults, type Fault } from './config/faults.ts';
import { keyText, placeOf, type Path } from './config/place.ts';
import { ConfigSchema, type Config } from './config/schema.ts';
import { BallastError } from './errors.ts';

export type { Config } from './config/schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  /** `file:line: key` of a place, for faults that show only later (a kubeconfig, a port in use). */
  where(path: Path): string;
}

/** Faults of the configuration, a line each. */
export class ConfigError extends BallastError {
  readonly lines: readonly string[];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    // Other people's messages go on for lines.
    const lines = faults.map((fault) => fault.split('\n')[0] ?? '');
    super('config-invalid', lines.join('\n'), options);
    this.lines = lines;
  }
}

/** Reads and checks the file. Throws ConfigError. */
export function loadConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedConfig {
  return parseConfig(readText(file), file, environment);
}

/** As loadConfig, for a text that stands in `file`. */
export function parseConfig(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedConfig {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const where = (path: Path): string => placeOf({ document, counter, file }, path);
  const broken = document.errors.map((error) => {
    const line = counter.linePos(error.pos[0]).line;
    return `${file}:${line}: ${error.message.split('\n')[0] ?? 'not YAML'}`;
  });
  if (broken.length > 0) throw new ConfigError(broken);

  const raw = toMapping(document, file);
  const unknown = unknownVariables(environment);
  if (unknown.length > 0) throw new ConfigError(unknown);
  const fromEnvironment = overrideScalars(raw, environment);
  const faults = schemaFaults(ConfigSchema, raw);
  if (faults.length > 0) {
    throw new ConfigError(faults.map((fault) => lineOf(fault, where, fromEnvironment)));
  }
  const config = resolvePaths(Default(ConfigSchema, raw) as Config, dirname(resolve(file)));
  const crossed = checkAcross(config);
  if (crossed.length > 0) {
    throw new ConfigError(crossed.map((fault) => lineOf(fault, where, fromEnvironment)));
  }
  return { config, file, where };
}

function toMapping(document: Document.Parsed, file: string): object {
  const raw = toPlain(document, file) ?? {};
  if (typeof raw === 'object' && !Array.isArray(raw)) return raw;
  throw new ConfigError([`${file}:1: environment: is missing: the file is not a mapping of keys`]);
}

function toPlain(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ConfigError([`${file}: aliases: ${(cause as Error).message}`], { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError([`${file}: cannot be read: ${(cause as Error).message}`], { cause });
  }
}

function lineOf(
  fault: Fault,
  where: (path: Path) => string,
  fromEnvironment: ReadonlyMap<string, string>,
): string {
  const variable = fromEnvironment.get(keyText(fault.path));
  if (variable !== undefined) return `${variable}: ${keyText(fault.path)}: ${fault.text}`;
  return `${where(fault.path)}: ${fault.text}`;
}

function resolvePaths(config: Config, folder: string): Config {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(folder, path));
  for (const place of clusterPlaces(config)) place.path = absolute(place.path);
  for (const edge of config.edges) if (edge.token) edge.token.file = absolute(edge.token.file);
  for (const secret of secrets(config)) secret.file = absolute(secret.file);
  const { tls } = config.redis;
  if (tls?.ca !== undefined) tls.ca = absolute(tls.ca);
  if (config.vms.file !== undefined) config.vms.file = absolute(config.vms.file);
  resolveBackups(config.migration, absolute);
  resolveHooks(config.migration, absolute);
  resolveApi(config.api, absolute);
  return config;
}

function resolveBackups(
  { backups = [] }: Config['migration'],
  absolute: (path: string) => string,
): void {
  for (const { folder, s3 } of backups) {
    if (folder) folder.path = absolute(folder.path);
    if (s3?.ca !== undefined) s3.ca = absolute(s3.ca);
    for (const one of [s3?.credentials, s3?.customerKey]) if (one) one.file = absolute(one.file);
  }
}

function resolveHooks(
  { hooks = [] }: Config['migration'],
  absolute: (path: string) => string,
): void {
  for (const hook of hooks) {
    hook.secret.file = absolute(hook.secret.file);
    if (hook.ca !== undefined) hook.ca = absolute(hook.ca);
  }
}

function resolveApi(api: Config['api'], absolute: (path: string) => string): void {
  const { tls, oidc, forward } = api;
  if (api.tokens !== undefined) api.tokens = absolute(api.tokens);
  if (tls) Object.assign(tls, { cert: absolute(tls.cert), key: absolute(tls.key) });
  for (const one of [oidc, forward]) if (one?.ca !== undefined) one.ca = absolute(one.ca);
}

function secrets({ redis, vms, api }: Config): { file: string }[] {
  const { forward } = api;
  const all = [redis.password, redis.sentinelPassword, vms.nacos?.password, forward?.key];
  return all.filter((secret) => secret !== undefined);
}

/** Everything of clusters that has a path. */
function clusterPlaces({ clusters, clusterSources, api, telemetry }: Config): { path: string }[] {
  const homes = clusterSources.flatMap(({ secrets, argocd }) => [secrets, argocd]);
  const jobs = clusters.map((cluster) => cluster.jobs);
  const kubeconfigs = [...clusters, ...jobs, ...homes, api.tokenReview, telemetry.events].map(
    (place) => place?.kubeconfig,
  );
  const folders = clusterSources.map(({ folder }) => folder);
  return [...kubeconfigs, ...folders].filter((place) => place !== undefined);
}
