// A SOCKS5 proxy (RFC 1928, with user and password by RFC 1929) that leads to one place whatever name is
// asked for. It counts.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SocksProxy {
  readonly address: string;
  /** `HOST:PORT` of each way, in order. */
  readonly ways: readonly string[];
  close(): Promise<void>;
}

/** `login`: `USER:PASSWORD` that it asks for. */
export async function startSocksProxy(port: number, login?: string): Promise<SocksProxy> {
  const ways: string[] = [];
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  };
  const serve = async (outer: Socket): Promise<void> => {
    const read = reader(outer);
    const [, methods = 0] = await read(2);
    await read(methods);
    outer.write(Buffer.from([5, login === undefined ? 0 : 2]));
    if (login !== undefined) {
      const [, userLength = 0] = await read(2);
      const user = await read(userLength);
      const [length = 0] = await read(1);
      const given = `${user.toString()}:${(await read(length)).toString()}`;
      outer.write(Buffer.from([1, given === login ? 0 : 1]));
      if (given !== login) return void outer.end();
    }
    // A name, not an address.
    const [, , , kind] = await read(4);
    if (kind !== 3) return void outer.destroy();
    const [length = 0] = await read(1);
    const host = (await read(length)).toString();
    ways.push(`${host}:${(await read(2)).readUInt16BE()}`);
    const inner = connect(port, '127.0.0.1', () => {
      outer.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      outer.pipe(inner).pipe(outer);
    });
    keep(inner);
    outer.on('close', () => inner.destroy());
    inner.on('close', () => outer.destroy());
  };
  const server = createServer((outer) => {
    keep(outer);
    serve(outer).catch(() => outer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ways,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reader(socket: Socket): (bytes: number) => Promise<Buffer> {
  return async (bytes) => {
    for (;;) {
      const got = bytes === 0 ? Buffer.alloc(0) : (socket.read(bytes) as Buffer | null);
      if (got) return got;
      if (socket.destroyed) throw new Error('gone');
      await once(socket, 'readable');
    }
  };
}
