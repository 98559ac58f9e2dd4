// A tunnel to a cluster through an HTTP proxy: CONNECT, then TLS inside of it. undici's own proxy agent
// would hide whether HTTP/2 was agreed on, which the reflectors have to know.
//
// Comes in: where to. Goes out: a socket. On failure: a CallFailure that names the proxy, never its
// password; nothing stays open.

import { isIPv6, type Socket } from 'node:net';
import { Client } from 'undici';
import { CallFailure, failureOf } from './call-failure.ts';

export type Opened = (
  ...args: [error: Error, socket: null] | [error: null, socket: Socket]
) => void;

export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** Opens one tunnel; the socket belongs to the caller. undici connects by callbacks. */
export function openTunnel(
  proxy: URL,
  { host, port }: Destination,
  place: { readonly ms: number; readonly opened: Opened },
): void {
  const { ms, opened } = place;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const client = new Client(proxy.origin, {
    connect: { timeout: ms, allowH2: false },
    headersTimeout: ms,
  });
  const headers = { host: target, ...authorization(proxy) };
  client.connect({ path: target, headers }, (error, answer) => {
    // The tunnel is no longer the client's; what it still has is of no use.
    client.destroy(() => undefined);
    if (error) return opened(proxyFailure(proxy, failureOf(error).text, error), null);
    const { statusCode, socket } = answer;
    if (statusCode === 200) return opened(null, socket as Socket);
    socket.on('error', () => undefined).destroy();
    opened(proxyFailure(proxy, `HTTP ${statusCode}`), null);
  });
}

export function proxyFailure(proxy: URL, why: string, cause?: unknown): CallFailure {
  return new CallFailure({ text: `proxy ${proxy.host}: ${why}`, scope: 'cluster' }, { cause });
}

function authorization({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '') return {};
  const word = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(word).toString('base64')}` };
}
