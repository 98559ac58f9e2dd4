// Servers behind an edge, and requests through it.
//
// Comes in: how many, on loopback addresses of their own. Goes out: their addresses and counts; an
// answer's body is the address of the server that gave it.
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { Agent, request } from 'undici';
import { listenOnFreePort } from '../controlplane/ports.ts';

export interface TestServer {
  readonly address: string;
  requests(): number;
  /** Refuses connections from now on. */
  die(): Promise<void>;
}

export interface TestServers {
  readonly list: readonly TestServer[];
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

export async function startServers(count: number): Promise<TestServers> {
  const started = await Promise.all(Array.from({ length: count }, () => startServer()));
  const list = started.sort((a, b) => (a.address < b.address ? -1 : 1));
  return {
    list,
    addresses: list.map(({ address }) => address),
    close: async () => void (await Promise.all(list.map((server) => server.die()))),
  };
}

async function startServer(): Promise<TestServer> {
  let requests = 0;
  let address = '';
  const server: Server = createServer((_, response) => {
    requests += 1;
    response.end(address);
  });
  server.keepAliveTimeout = 60_000;
  address = `127.0.0.1:${await listenOnFreePort(server)}`;
  return {
    address,
    requests: () => requests,
    die: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server that takes connections and never answers. */
export async function listenSilently() {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  const address = `127.0.0.1:${await listenOnFreePort(server)}`;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address, held: () => sockets.size, close };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

export interface Client {
  get(url: string, host: string): Promise<Answer>;
  /** So many requests, some at a time; how often each body, or `status N`, was seen. */
  load(url: string, host: string, count: number, width?: number): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** `fresh`: a connection for each request, so that every worker gets some. */
export function openClient({ fresh = false } = {}): Client {
  const agent = new Agent({ connections: 64, pipelining: fresh ? 0 : 1 });

  async function get(url: string, host: string): Promise<Answer> {
    const headers = { host, ...(fresh && { connection: 'close' }) };
    const reply = await request(url, { dispatcher: agent, headers });
    const after = reply.headers['retry-after'];
    return {
      status: reply.statusCode,
      body: await reply.body.text(),
      retryAfter: typeof after === 'string' ? after : undefined,
    };
  }

  return {
    get,
    async load(url, host, count, width = 8) {
      const seen = new Map<string, number>();
      let left = count;
      const run = async (): Promise<void> => {
        while (left-- > 0) {
          const { status, body } = await get(url, host);
          const what = status === 200 ? body : `status ${status}`;
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: width }, run));
      return seen;
    },
    close: () => agent.close(),
  };
}
