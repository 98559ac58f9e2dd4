// A plain HTTP/1.1 listener on one loopback address that goes away as a good ingress controller does:
// it answers on for a grace, says `Connection: close`, and only then stops listening.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ListenerOrder {
  readonly address: string;
  /** 0: the kernel gives one, kept from then on. */
  readonly port: number;
  readonly graceMs: number;
  readonly answer: (req: IncomingMessage, res: ServerResponse) => void;
}

export type ListenerState = 'closed' | 'open' | 'draining';

/** As nginx: an idle connection lives longer here than the edge's own keepalive (60 s). */
const KEEPALIVE_MS = 75_000;

export class LoopbackListener {
  state: ListenerState = 'closed';
  port: number;
  readonly address: string;
  readonly #order: ListenerOrder;
  #server: Server | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** Transitions run one after another; the last wish wins. */
  #turn: Promise<void> = Promise.resolve();
  #wanted: 'open' | 'closed' = 'closed';

  constructor(order: ListenerOrder) {
    this.#order = order;
    this.address = order.address;
    this.port = order.port;
  }

  /** Opens, or takes a drain back. */
  open(): Promise<void> {
    this.#wanted = 'open';
    clearTimeout(this.#grace);
    if (this.state === 'draining') this.state = 'open';
    this.#turn = this.#turn.then(() => this.#listen());
    return this.#turn;
  }

  /** Answers on for the grace, then closes. */
  drain(): void {
    if (this.state !== 'open') {
      this.#wanted = 'closed';
      return;
    }
    this.state = 'draining';
    this.#grace = setTimeout(() => void this.close(), this.#order.graceMs);
  }

  /** Stops listening; running requests finish, idle connections end. */
  close(): Promise<void> {
    return this.#end((server) => server.closeIdleConnections());
  }

  /** As a machine that loses power: running requests break. */
  kill(): Promise<void> {
    return this.#end((server) => server.closeAllConnections());
  }

  #end(cut: (server: Server) => void): Promise<void> {
    this.#wanted = 'closed';
    clearTimeout(this.#grace);
    const server = this.#server;
    this.#server = undefined;
    this.state = 'closed';
    // Not waited for: a running request may take its time, and open() must be able to go on.
    server?.close();
    if (server) cut(server);
    return this.#turn;
  }

  async #listen(): Promise<void> {
    const { address, answer } = this.#order;
    for (let tries = 0; this.#wanted === 'open' && !this.#server; tries++) {
      const server = createServer({ keepAliveTimeout: KEEPALIVE_MS }, (req, res) => {
        if (this.state !== 'open') res.setHeader('connection', 'close');
        // A request that outlived the listener must not leave an idle connection behind.
        res.on('finish', () => {
          if (this.#server !== server) setImmediate(() => server.closeIdleConnections());
        });
        answer(req, res);
      });
      const failure = await listenAt(server, this.port, address);
      if (failure && tries >= 50) throw failure;
      if (failure) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      if ((this.#wanted as string) !== 'open') return void server.close();
      this.port = (server.address() as AddressInfo).port;
      this.#server = server;
      this.state = 'open';
    }
  }
}

function listenAt(server: Server, port: number, address: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen({ port, host: address, backlog: 1024 }, () => {
      server.off('error', resolve);
      resolve(undefined);
    });
  });
}
