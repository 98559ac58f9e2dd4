// What stands in a Secret that names a cluster: a kubeconfig, as Cluster API writes it, or the parts of
// one, as Argo CD does. Pure.
//
// Comes in: a Secret. Goes out: the order for its cluster. On failure: an Error in words that quotes
// nothing of the content.

import type { Cluster, User } from '@kubernetes/client-node';
import type { ExecSpec } from './exec-plugin.ts';
import { digestOf } from './files-source.ts';
import { type LoadedConfig, execInfo, readKubeconfig, single } from './kubeconfig.ts';
import type { ClusterOrder } from './registry.ts';
import type { SecretRecord } from './secrets-source.ts';
import { type ClusterSourceSettings, settingsFor } from './settings.ts';

const ENDING = /-kubeconfig$/;

/**
 * Key `value`; cluster NAME of Secret NAME-kubeconfig, else of the Secret's whole name. Cluster API gives
 * its label to all that a cluster is made of: authorities, keys, what its machines boot by (`value` too).
 */
export function kubeconfigOrder(
  { name: secret, data, ofClusterApi }: SecretRecord,
  source: ClusterSourceSettings,
): ClusterOrder | undefined {
  if (ofClusterApi && !ENDING.test(secret)) return undefined;
  const text = data['value'];
  if (text === undefined) throw new Error('has no key value');
  const name = secret.replace(ENDING, '');
  const loaded = readQuietly(() => readKubeconfig(text, undefined, { name, folder: '' }));
  if (namesFiles(loaded)) throw new Error('its kubeconfig names files, of which there are none');
  return {
    settings: settingsFor(name, source),
    digest: digestOf(text),
    // A new object each time: it keeps what was refused.
    load: async () => readKubeconfig(text, undefined, { name, folder: '' }),
  };
}

function namesFiles({ config, tokenFile }: LoadedConfig): boolean {
  const { caFile } = config.getCurrentCluster() ?? {};
  const { certFile, keyFile } = config.getCurrentUser() ?? {};
  return [tokenFile, caFile, certFile, keyFile].some((file) => file !== undefined);
}

/** What a YAML parser says may quote the text. */
function readQuietly<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { name, message } = error as Error;
    const own = name === 'Error' ? (message.split('\n')[0] ?? '') : 'no YAML';
    throw new Error(`its kubeconfig cannot be used: ${own}`);
  }
}

interface ArgoConfig {
  readonly bearerToken?: string;
  readonly username?: string;
  readonly password?: string;
  readonly execProviderConfig?: {
    readonly command?: string;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly apiVersion?: string;
    readonly installHint?: string;
  };
  readonly awsAuthConfig?: {
    readonly clusterName?: string;
    readonly roleARN?: string;
    readonly profile?: string;
  };
  readonly tlsClientConfig?: {
    readonly insecure?: boolean;
    readonly serverName?: string;
    readonly caData?: string;
    readonly certData?: string;
    readonly keyData?: string;
  };
  readonly proxyUrl?: string;
}

export const ARGO_SELECTOR = 'argocd.argoproj.io/secret-type=cluster';

export function argoOrder({ data }: SecretRecord, source: ClusterSourceSettings): ClusterOrder {
  const { name, server } = data;
  if (!name || !server) throw new Error(`has no key ${name ? 'server' : 'name'}`);
  if (!URL.canParse(server)) throw new Error('its server is no URL');
  const config = readArgoConfig(data['config']);
  const cluster = argoCluster(name, server, config);
  const user = argoUser(name, config);
  const plugin = argoPlugin(cluster, config);
  if (Object.keys(user).length === 1 && !plugin) {
    throw new Error('has no credentials; Argo CD uses its own here: name this cluster by itself');
  }
  const namespaces = (data['namespaces'] ?? '').split(',').flatMap((one) => one.trim() || []);
  const settings = settingsFor(name, source);
  return {
    settings: namespaces.length > 0 ? { ...settings, namespaces } : settings,
    digest: digestOf(`${server}\n${data['config']}`),
    load: async () => ({ config: single(cluster, user), ...(plugin && { plugin }) }),
  };
}

function readArgoConfig(text = '{}'): ArgoConfig {
  try {
    return (JSON.parse(text) ?? {}) as ArgoConfig;
  } catch {
    throw new Error('its config is no JSON');
  }
}

function argoCluster(name: string, server: string, config: ArgoConfig): Cluster {
  const { tlsClientConfig: tls = {}, proxyUrl } = config;
  return {
    name,
    server,
    skipTLSVerify: tls.insecure === true,
    ...(tls.caData && { caData: tls.caData }),
    ...(tls.serverName && { tlsServerName: tls.serverName }),
    ...(proxyUrl && { proxyUrl }),
  };
}

function argoUser(name: string, config: ArgoConfig): User {
  const { bearerToken: token, username, password, tlsClientConfig: tls = {} } = config;
  return {
    name: `ballast:${name}`,
    ...(token && { token }),
    ...(username && { username, password: password ?? '' }),
    ...(tls.certData && tls.keyData && { certData: tls.certData, keyData: tls.keyData }),
  };
}

function argoPlugin(cluster: Cluster, config: ArgoConfig): ExecSpec | undefined {
  const { execProviderConfig: exec, awsAuthConfig: aws } = config;
  if (aws) return awsPlugin(cluster, aws);
  if (!exec) return undefined;
  const { command, args = [], env = {}, installHint, apiVersion = V1BETA1 } = exec;
  if (!command) throw new Error('its execProviderConfig has no command');
  const hint = installHint ?? 'Argo CD has it in its image; Ballast needs it in its own';
  return { command, args, apiVersion, env: told(apiVersion, env), installHint: hint };
}

const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

/** Argo CD asks a program of its own image. */
function awsPlugin(
  cluster: Cluster,
  { clusterName = '', roleARN, profile }: NonNullable<ArgoConfig['awsAuthConfig']>,
): ExecSpec {
  const args = ['aws', '--cluster-name', clusterName];
  if (roleARN) args.push('--role-arn', roleARN);
  if (profile) args.push('--profile', profile);
  const installHint = 'it is part of Argo CD’s image; Ballast needs it in its own';
  const env = told(V1BETA1, {});
  return { command: 'argocd-k8s-auth', args, apiVersion: V1BETA1, env, installHint };
}

/** Argo CD tells plugins nothing of the cluster. */
function told(
  apiVersion: string,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...env, KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(apiVersion)) };
}
