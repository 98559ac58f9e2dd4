// Listens on a port that was ours before: after a while away another program's outgoing connection may
// sit on it for a moment, so a port in use is tried again for a second.
import type { AddressInfo, Server } from 'node:net';

const TRIES = 20;
const PAUSE_MS = 50;

/** The port, which the kernel chose when 0 was asked for. */
export async function listenAgain(server: Server, port: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const failure = await listen(server, port);
    if (!failure) return (server.address() as AddressInfo).port;
    if (failure.code !== 'EADDRINUSE' || tries === TRIES) throw failure;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function listen(server: Server, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', resolve);
      resolve(undefined);
    });
  });
}
