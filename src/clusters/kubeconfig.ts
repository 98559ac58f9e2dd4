// From a kubeconfig file, or the pod's own service account, to one KubeConfig object of its own for
// each cluster: the library caches by user name, and mixes contexts on a shared object.
//
// A file that cannot be read or understood is a BallastError that names file and context.

import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { BallastError } from '../errors.ts';

export interface KubeconfigPlace {
  readonly path: string;
  readonly context?: string;
}

export interface LoadedConfig {
  readonly config: KubeConfig;
  /** Re-read at each call; the library reads none from a kubeconfig. */
  readonly tokenFile?: string;
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

function readKubeconfig(
  text: string,
  context: string | undefined,
  place: { readonly name: string; readonly folder: string },
): LoadedConfig {
  const all = new KubeConfig();
  all.loadFromString(text);
  all.makePathsAbsolute(place.folder);
  const { cluster, user } = findContext(all, context ?? all.getCurrentContext());
  const tokenFile = user && tokenFileOf(text, user.name);
  const own = { ...user, name: `ballast:${place.name}` } as User;
  // In client-go too the file goes before the token.
  if (tokenFile) delete (own as { token?: string }).token;
  return {
    config: single(cluster, withExec(own, cluster, place.folder)),
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
  readonly apiVersion?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** A relative plugin path is relative to the file, and a plugin may ask which cluster it is for. */
function withExec(user: User, cluster: Cluster, folder: string): User {
  const exec = user.exec as Exec | undefined;
  if (!exec?.command) return user;
  const command = exec.command.includes('/') ? absolute(folder, exec.command) : exec.command;
  const info = {
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: {
        server: cluster.server,
        ...(cluster.caData && { 'certificate-authority-data': cluster.caData }),
      },
    },
  };
  const told = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
  return { ...user, exec: { ...exec, command, env: [...(exec.env ?? []), told] } };
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the pod that we run in. */
export function loadInCluster(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): LoadedConfig {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port) {
    const detail = `cluster ${name}: inCluster, but KUBERNETES_SERVICE_HOST and _PORT are not set`;
    throw new BallastError('config-invalid', detail);
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const cluster = { name, server, caFile: `${ACCOUNT}/ca.crt`, skipTLSVerify: false };
  const config = single(cluster, { name: `ballast:${name}` });
  return { config, tokenFile: `${ACCOUNT}/token` };
}

function single(cluster: Cluster, user: User): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, user);
  return config;
}
