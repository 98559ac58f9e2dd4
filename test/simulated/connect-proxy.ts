// An HTTP proxy that only tunnels (CONNECT), to one place whatever name is asked for. It counts.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectProxy {
  readonly url: string;
  /** `HOST:PORT` of each tunnel, in order. */
  readonly tunnels: readonly string[];
  /** The last `Proxy-Authorization`. */
  authorization(): string | undefined;
  close(): Promise<void>;
}

/** `refuse`: answers every CONNECT with this status. */
export async function startConnectProxy(port: number, refuse?: number): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const open = new Set<Duplex>();
  let authorization: string | undefined;
  const server = createServer((_req, res) => void res.writeHead(405).end());
  const keep = (socket: Duplex): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  };
  server.on('connect', (req, outer: Duplex) => {
    keep(outer);
    authorization = req.headers['proxy-authorization'];
    if (refuse !== undefined) return void outer.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    tunnels.push(req.url ?? '');
    const inner: Socket = connect(port, '127.0.0.1', () => {
      outer.write('HTTP/1.1 200 OK\r\n\r\n');
      outer.pipe(inner).pipe(outer);
    });
    keep(inner);
    outer.on('close', () => inner.destroy());
    inner.on('close', () => outer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    authorization: () => authorization,
    async close() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
