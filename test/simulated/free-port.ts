// A port that is free on several loopback addresses at once: the ingress nodes of a cluster share one.
import type { Server } from 'node:net';
import { createServer } from 'node:net';

export async function findFreePort(addresses: readonly string[] = ['127.0.0.1']): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const servers: Server[] = [];
    try {
      let port = 0;
      for (const address of addresses) {
        const server = createServer();
        servers.push(server);
        port = await listenOn(server, address, port);
      }
      return port;
    } catch (error) {
      // Taken on one of the addresses: the kernel gives another. Any other failure will not pass.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  }
  throw new Error(`no port is free on ${addresses.join(', ')}`);
}

function listenOn(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound ? bound.port : port);
    });
  });
}
