// A way to a cluster through a SOCKS proxy (`socks5:`, `socks5h:`, `socks4:`, `socks4a:`). Names are
// looked up by the proxy, which may see more than we do.
//
// Comes in: where to. Goes out: a socket. On failure: a CallFailure that names the proxy, never its
// password.

import { SocksClient } from 'socks';
import { failureOf } from './call-failure.ts';
import { type Destination, type Opened, proxyFailure } from './tunnel.ts';

export function openSocks(
  proxy: URL,
  destination: Destination,
  { ms, opened }: { readonly ms: number; readonly opened: Opened },
): void {
  const { hostname, port, username, password } = proxy;
  const order = {
    proxy: {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || 1080,
      type: proxy.protocol.startsWith('socks4') ? (4 as const) : (5 as const),
      ...(username && {
        userId: decodeURIComponent(username),
        password: decodeURIComponent(password),
      }),
    },
    command: 'connect' as const,
    destination,
    timeout: ms,
  };
  SocksClient.createConnection(order).then(
    ({ socket }) => opened(null, socket),
    (error: Error) => opened(proxyFailure(proxy, wordsOf(error), error), null),
  );
}

/** Of the socket's error only the message is left, which begins with what failed and has its code. */
function wordsOf({ message }: Error): string {
  const code = /^connect (E[A-Z]+)/.exec(message)?.[1];
  return failureOf({ message, ...(code && { code }) }).text;
}
