// What one call to a cluster needs: where to, which headers, what the connection is made of.
//
// Comes in: a loaded kubeconfig, its plugin, the environment. Goes out: all of it as it is now; files
// are read at each call, so that rotated ones are used. On failure: a CallFailure or a file's error.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Shown } from './credential-life.ts';
import type { Credential, ExecPlugin } from './exec-plugin.ts';
import type { LoadedConfig } from './kubeconfig.ts';
import { proxyOf } from './proxy.ts';

export interface ClusterAccess {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of what a connection is made of: the same, and connections can stay. */
  readonly digest: string;
  readonly wanted: ReturnType<KubeConfig['createDispatcherOptions']>;
}

export async function readAccess(
  { config, tokenFile }: LoadedConfig,
  plugin: ExecPlugin | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ClusterAccess> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const credential = await plugin?.credential();
  const token = tokenFile ? (await readFile(tokenFile, 'utf8')).trim() : credential?.token;
  const cluster = config.getCurrentCluster();
  const server = (cluster?.server ?? '').replace(/\/$/, '');
  const proxyUrl = cluster?.proxyUrl ?? proxyOf(server, environment);
  const reached = { ...cluster, ...(proxyUrl !== undefined && { proxyUrl }) };
  const tls = tlsOf(options, credential);
  const parts = [server, proxyUrl, ...Object.values(tls)].map(String);
  return {
    server,
    headers: headersOf(options, token),
    digest: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
    wanted: config.createDispatcherOptions(reached as typeof cluster, tls as object),
  };
}

/** What is shown where no plugin gives it. */
export async function readShown({ config, tokenFile }: LoadedConfig): Promise<Shown> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const token = tokenFile && (await readFile(tokenFile, 'utf8')).trim();
  const { Authorization: said = '' } = headersOf(options, token || undefined);
  const { cert } = options;
  return {
    ...(cert !== undefined && { cert: String(cert) }),
    ...(said.startsWith('Bearer ') && { token: said.slice('Bearer '.length) }),
  };
}

function headersOf(options: RequestOptions, token: string | undefined): Record<string, string> {
  const headers = { ...(options.headers as Record<string, string> | undefined) };
  if (options.auth) headers['Authorization'] = `Basic ${btoa(options.auth)}`;
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  return headers;
}

function tlsOf(options: RequestOptions, credential: Credential | undefined): object {
  const { ca, servername, rejectUnauthorized } = options;
  const { cert, key } = credential?.cert === undefined ? options : credential;
  return { ca, cert, key, servername, rejectUnauthorized };
}
