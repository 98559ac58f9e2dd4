// undici's dispatcher for one cluster: TLS, HTTP/2 where the server has it, through a proxy or not.
//
// Comes in: what the credentials ask for. Goes out: a dispatcher, and whether HTTP/2 was agreed on at
// each connection. On failure: there is none here; the calls fail.

import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { endLateStreams } from './late-streams.ts';
import { openSocks } from './socks.ts';
import { type Opened, openTunnel } from './tunnel.ts';

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
  const tunnel = tunnelOf(wanted);
  const tls = { ...tlsOf(wanted), timeout: connectMs, allowH2: true };
  const connect = buildConnector(tls as buildConnector.BuildOptions);
  const join: buildConnector.connector = (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      onHttp2((socket as { alpnProtocol?: unknown }).alpnProtocol === 'h2');
      callback(null, socket);
    });
  if (!tunnel) return new Agent({ ...common, connect: join });
  return new Agent({
    ...common,
    connect: (options, callback) => {
      const opened: Opened = (...[error, httpSocket]) => {
        if (error) callback(error, null);
        else join({ ...options, httpSocket }, callback);
      };
      tunnel(options, { ms: connectMs, opened });
    },
  });
}

function tunnelOf(wanted: Wanted): Tunnel | undefined {
  if (wanted.type !== 'proxy' && wanted.type !== 'socks') return undefined;
  const proxy = new URL(wanted.uri);
  const open = wanted.type === 'socks' ? openSocks : openTunnel;
  return ({ hostname, port }, place) =>
    open(proxy, { host: hostname, port: Number(port) || 443 }, place);
}

type Tunnel = (
  to: Pick<buildConnector.Options, 'hostname' | 'port'>,
  place: Parameters<typeof openTunnel>[2],
) => void;

function tlsOf(wanted: Wanted): object {
  if (wanted.type === 'agent') return wanted.connect;
  return wanted.type === 'none' ? {} : wanted.requestTls;
}
