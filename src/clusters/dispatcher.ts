// undici's dispatcher for one cluster: TLS, HTTP/2 where the server has it, through a proxy or not.
//
// Comes in: what the credentials ask for. Goes out: a dispatcher, and whether HTTP/2 was agreed on at
// each connection. On failure: there is none here; the calls fail.

import { isIPv6 } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { endLateStreams } from './late-streams.ts';
import { openTunnel } from './tunnel.ts';

export interface DispatcherLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly pingMs: number;
}

type Wanted = ReturnType<KubeConfig['createDispatcherOptions']>;

export function createDispatcher(
  wanted: Wanted,
  { connectMs, headersMs, pingMs }: DispatcherLimits,
  onHttp2: (spoken: boolean) => void,
): Dispatcher {
  endLateStreams();
  // A watch may be silent: the reflectors have deadlines of their own for bodies.
  const common = {
    connectTimeout: connectMs,
    headersTimeout: headersMs,
    bodyTimeout: 0,
    h2Options: { pingInterval: pingMs },
  };
  if (wanted.type === 'socks') {
    const requestTls = wanted.requestTls as buildConnector.BuildOptions;
    return new ProxyAgent({ ...common, uri: wanted.uri, requestTls });
  }
  const proxy = wanted.type === 'proxy' ? new URL(wanted.uri) : undefined;
  const tls = { ...tlsOf(wanted), timeout: connectMs, allowH2: true };
  const connect = buildConnector(tls as buildConnector.BuildOptions);
  const join: buildConnector.connector = (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      onHttp2((socket as { alpnProtocol?: unknown }).alpnProtocol === 'h2');
      callback(null, socket);
    });
  if (!proxy) return new Agent({ ...common, connect: join });
  return new Agent({
    ...common,
    connect: (options, callback) => {
      const target = targetOf(options);
      const opened: Parameters<typeof openTunnel>[2]['opened'] = (...[error, httpSocket]) => {
        if (error) callback(error, null);
        else join({ ...options, httpSocket }, callback);
      };
      openTunnel(proxy, target, { ms: connectMs, opened });
    },
  });
}

function targetOf({ hostname, port }: buildConnector.Options): string {
  return `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port || 443}`;
}

function tlsOf(wanted: Wanted): object {
  if (wanted.type === 'agent') return wanted.connect;
  return wanted.type === 'proxy' ? wanted.requestTls : {};
}
