// Ports below the kernel's own range for outgoing connections (32768 on Linux, 49152 elsewhere).
// A port from that range may be taken, while its API server is stopped, by the very clients that
// knock at it: on loopback such a connection can even meet itself, and the server never comes back.
import { createServer, type Server } from 'node:net';

const lowest = 15_000;
const highest = 32_000;

/** Distinct ports that were free a moment ago. They can still be lost to another process: the caller
 *  asks `isFree` after a failed start, and tries again with new ones. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let attempts = 0; held.size < count; attempts++) {
      if (attempts > 1000)
        throw new Error(`no ${count} free ports between ${lowest} and ${highest}`);
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      const server = await listen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map(release));
  }
}

export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server !== undefined) await release(server);
  return server !== undefined;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
