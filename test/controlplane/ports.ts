// Ports below the kernel's own range for outgoing connections (32768 on Linux, 49152 elsewhere).
// A port from that range may be taken, while its API server is stopped, by the very clients that
// knock at it: on loopback such a connection can even meet itself, and the server never comes back.
import { createServer, type Server } from 'node:net';

const lowest = 15_000;
const highest = 32_000;
/** Here, by the same number, ports of other addresses are held: the kernel tells all processes. */
const HOLDER = '127.255.0.1';

/** Distinct ports that were free a moment ago. They can still be lost to another process: the caller
 *  asks `isFree` after a failed start, and tries again with new ones. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let attempts = 0; held.size < count; attempts++) {
      if (attempts > 1000)
        throw new Error(`no ${count} free ports between ${lowest} and ${highest}`);
      const port = anyPort();
      const server = (await isHeld(port)) ? undefined : await listen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map(release));
  }
}

/** One port that is free on all of these addresses: the ingress nodes of a cluster share one. */
export async function findFreePort(addresses: readonly string[] = ['127.0.0.1']): Promise<number> {
  for (let attempts = 0; attempts < 1000; attempts++) {
    const port = anyPort();
    if (await isHeld(port)) continue;
    const servers = await Promise.all(addresses.map((address) => listen(port, address)));
    const held = servers.filter((server) => server !== undefined);
    await Promise.all(held.map(release));
    if (held.length === addresses.length) return port;
  }
  throw new Error(`no port between ${lowest} and ${highest} is free on ${addresses.join(', ')}`);
}

export async function isFree(port: number): Promise<boolean> {
  if (await isHeld(port)) return false;
  const server = await listen(port);
  if (server !== undefined) await release(server);
  return server !== undefined;
}

/** Listens on a port nobody has, and answers it. Not on 0: that is one of the kernel's own range. */
export async function listenOnFreePort(server: Server, host = '127.0.0.1'): Promise<number> {
  for (let attempts = 0; attempts < 1000; attempts++) {
    const port = anyPort();
    if (await isHeld(port)) continue;
    const failure = await listenAt(server, port, host);
    if (!failure) return port;
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
  throw new Error(`no port between ${lowest} and ${highest} is free on ${host}`);
}

/** Nobody else is given the port meanwhile, though nothing listens there; the answer ends that. */
export async function holdPort(port: number): Promise<() => Promise<void>> {
  const server = await listen(port, HOLDER);
  return async () => {
    if (server) await release(server);
  };
}

async function isHeld(port: number): Promise<boolean> {
  const server = createServer();
  const failure = await listenAt(server, port, HOLDER);
  if (!failure) await release(server);
  return failure?.code === 'EADDRINUSE';
}

/** What went wrong, if anything did. */
export function listenAt(
  server: Server,
  port: number,
  host = '127.0.0.1',
): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', resolve);
      resolve(undefined);
    });
  });
}

const anyPort = (): number => lowest + Math.floor(Math.random() * (highest - lowest));

async function listen(port: number, host?: string): Promise<Server | undefined> {
  const server = createServer();
  return (await listenAt(server, port, host)) ? undefined : server;
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
