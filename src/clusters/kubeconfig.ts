// From a kubeconfig file, or the pod's own service account, to one KubeConfig object of its own for
// each cluster: the library caches by user name, and mixes contexts on a shared object.
//
// A file that cannot be read or understood is a BallastError that names file and context.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { BallastError } from '../errors.ts';
import type { ExecSpec } from './exec-plugin.ts';

export interface KubeconfigPlace {
  readonly path: string;
  readonly context?: string;
}

export interface LoadedConfig {
  readonly config: KubeConfig;
  /** Re-read at each call; the library reads none from a kubeconfig. */
  readonly tokenFile?: string;
  /** Ours to run: the library's runs have no deadline, and keep what was refused. */
  readonly plugin?: ExecSpec;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadWorld {
  readonly baseFolder: string;
  readonly environment: Environment;
  /** Absent: where a kubelet puts it. */
  readonly accountFolder?: string;
}

/** What a cluster's entry in the configuration names. */
export async function loadCluster(
  place: {
    readonly name: string;
    readonly kubeconfig?: KubeconfigPlace;
    readonly inCluster?: boolean;
  },
  world: LoadWorld,
): Promise<LoadedConfig> {
  const { name, kubeconfig, inCluster } = place;
  if (inCluster) return loadInCluster(world, name);
  if (!kubeconfig) {
    throw new BallastError('config-invalid', `cluster ${name}: neither kubeconfig nor inCluster`);
  }
  return await loadKubeconfig(kubeconfig, { name, baseFolder: world.baseFolder });
}

export async function loadKubeconfig(
  place: KubeconfigPlace,
  { name, baseFolder }: { readonly name: string; readonly baseFolder: string },
): Promise<LoadedConfig> {
  const file = resolve(baseFolder, place.path);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const detail = `cluster ${name}: kubeconfig ${file} cannot be read (${cause.code})`;
    throw new BallastError('config-unreadable', detail, { cause });
  });
  try {
    return readKubeconfig(text, place.context, { name, folder: dirname(file) });
  } catch (cause) {
    const context = place.context === undefined ? '' : `, context ${place.context}`;
    const detail = `cluster ${name}: kubeconfig ${file}${context}: ${(cause as Error).message}`;
    throw new BallastError('config-invalid', detail, { cause });
  }
}

/** Paths in it are relative to `folder`. Throws an Error in words. */
export function readKubeconfig(
  text: string,
  context: string | undefined,
  place: { readonly name: string; readonly folder: string },
): LoadedConfig {
  const all = new KubeConfig();
  all.loadFromString(text);
  all.makePathsAbsolute(place.folder);
  const { cluster, user } = findContext(all, context ?? all.getCurrentContext());
  const tokenFile = user && tokenFileOf(text, user.name);
  const plugin = user && pluginOf(user, cluster, place.folder);
  const own = { ...user, name: `ballast:${place.name}` } as User;
  delete (own as { exec?: unknown }).exec;
  // In client-go too the file goes before the token.
  if (tokenFile) delete (own as { token?: string }).token;
  return {
    config: single(cluster, own),
    ...(plugin && { plugin }),
    ...(tokenFile && { tokenFile: absolute(place.folder, tokenFile) }),
  };
}

function findContext(
  all: KubeConfig,
  name: string | undefined,
): { readonly cluster: Cluster; readonly user?: User } {
  if (!name) throw new Error('no context is named, neither here nor as current-context');
  const found = all.getContextObject(name);
  if (!found) throw new Error(`no context ${name} in it`);
  const cluster = all.getCluster(found.cluster);
  if (!cluster) throw new Error(`no cluster ${found.cluster}, which context ${name} names`);
  if (!URL.canParse(cluster.server)) throw new Error(`${cluster.server} is no URL`);
  if (!found.user) return { cluster };
  const user = all.getUser(found.user);
  if (!user) throw new Error(`no user ${found.user}, which context ${name} names`);
  return { cluster, user };
}

function tokenFileOf(text: string, user: string): string | undefined {
  // Parsing it a second time is most of what a kubeconfig costs, and few have one.
  if (!text.includes('tokenFile')) return undefined;
  const raw = parse(text) as {
    readonly users?: readonly {
      readonly name: string;
      readonly user?: { readonly tokenFile?: string };
    }[];
  };
  return raw.users?.find(({ name }) => name === user)?.user?.tokenFile;
}

interface Exec {
  readonly command?: string;
  readonly args?: readonly string[] | null;
  readonly apiVersion?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly interactiveMode?: string;
  readonly provideClusterInfo?: boolean;
}

/** A relative plugin path is relative to the file; a plugin that asks for it is told of its cluster. */
function pluginOf(user: User, cluster: Cluster, folder: string): ExecSpec | undefined {
  const exec = user.exec as Exec | undefined;
  if (!exec) return undefined;
  const { command, apiVersion = '', installHint } = exec;
  if (!command) throw new Error(`user ${user.name} has an exec without command`);
  if (exec.interactiveMode === 'Always') {
    throw new Error(`the plugin of user ${user.name} wants a terminal (interactiveMode: Always)`);
  }
  const about = exec.provideClusterInfo ? cluster : undefined;
  const told = { KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(apiVersion, about)) };
  const env = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  return {
    command: command.includes('/') ? absolute(folder, command) : command,
    args: exec.args ?? [],
    apiVersion,
    env: { ...env, ...told },
    ...(installHint && { installHint }),
  };
}

/** What KUBERNETES_EXEC_INFO says; of the cluster only to who asks for it, since its CA may be big. */
export function execInfo(apiVersion: string, cluster?: Cluster): object {
  const about = cluster && { cluster: clusterInfo(cluster) };
  return { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...about } };
}

function clusterInfo({ server, caFile, caData, ...more }: Cluster): object {
  const { tlsServerName, skipTLSVerify, proxyUrl } = more;
  const ca = caData ?? (caFile && readFileSync(caFile).toString('base64'));
  return {
    server,
    ...(ca && { 'certificate-authority-data': ca }),
    ...(tlsServerName && { 'tls-server-name': tlsServerName }),
    ...(skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(proxyUrl && { 'proxy-url': proxyUrl }),
  };
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the pod that we run in. */
function loadInCluster(
  { environment, accountFolder = ACCOUNT }: LoadWorld,
  name: string,
): LoadedConfig {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port) {
    const detail = `cluster ${name}: inCluster, but KUBERNETES_SERVICE_HOST and _PORT are not set`;
    throw new BallastError('config-invalid', detail);
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const cluster = { name, server, caFile: join(accountFolder, 'ca.crt'), skipTLSVerify: false };
  const config = single(cluster, { name: `ballast:${name}` });
  return { config, tokenFile: join(accountFolder, 'token') };
}

export function single(cluster: Cluster, user: User): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, user);
  return config;
}
