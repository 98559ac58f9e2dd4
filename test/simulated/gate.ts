// The TCP door before the TLS listener. A half-open link, a reset and a refused connection are things
// of the transport: Node's TLS and HTTP/2 servers answer pings by themselves, so the only way to fall
// silent is to stop carrying their bytes.
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { holdPort } from '../controlplane/ports.ts';
import { listenAgain } from './listen-again.ts';

interface Pair {
  readonly outer: Socket;
  readonly inner: Socket;
}

export class Gate {
  readonly #pairs = new Map<number, Pair>();
  /** Every socket from outside, also one whose inner connection is still being made. */
  readonly #outers = new Set<Socket>();
  readonly #innerPort: number;
  #server: Server | undefined;
  #freezeNew = false;
  /** Of a port that is held. */
  #giveUp = async (): Promise<void> => undefined;
  /** Kept over close() and open(), so that a server comes back at its address. */
  port = 0;
  accepted = 0;

  constructor(innerPort: number, port: number) {
    this.#innerPort = innerPort;
    this.port = port;
  }

  async open(): Promise<void> {
    if (this.#server) return;
    const server = createServer((outer) => this.#accept(outer));
    this.#server = server;
    this.port = await listenAgain(server, this.port);
    await this.#giveUp();
  }

  /** As close(), for a while: the port stays ours. */
  async shut(): Promise<void> {
    if (this.#server) this.#giveUp = await holdPort(this.port);
    await this.#cease();
  }

  /** Stops listening and cuts what is open. */
  async close(): Promise<void> {
    await this.#giveUp();
    await this.#cease();
  }

  async #cease(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server
      ? new Promise<void>((resolve) => server.close(() => resolve()))
      : undefined;
    this.cut();
    for (const socket of this.#outers) socket.destroy();
    await closed;
  }

  connections(): number {
    return this.#pairs.size;
  }

  /** Whether a request that reached the TLS listener from this local port came through the gate. */
  carries(innerPort: number | undefined): boolean {
    return innerPort !== undefined && this.#pairs.has(innerPort);
  }

  /** Resets every open connection, or one. */
  cut(innerPort?: number): void {
    for (const [port, pair] of this.#pairs) {
      if (innerPort !== undefined && port !== innerPort) continue;
      pair.outer.resetAndDestroy();
      pair.inner.destroy();
      this.#pairs.delete(port);
    }
  }

  /** Half-open: the sockets stay, nothing passes any more in either direction, for good. */
  freeze(which: 'open' | 'all'): void {
    if (which === 'all') this.#freezeNew = true;
    for (const [port, { outer, inner }] of this.#pairs) {
      outer.unpipe(inner);
      outer.pause();
      // The inner side is told, so that watches end; the outer side must never learn of it.
      inner.removeAllListeners('close');
      inner.unpipe(outer);
      inner.destroy();
      this.#pairs.delete(port);
    }
  }

  thaw(): void {
    this.#freezeNew = false;
  }

  #accept(outer: Socket): void {
    this.accepted++;
    this.#outers.add(outer);
    outer.on('close', () => this.#outers.delete(outer));
    outer.on('error', () => outer.destroy());
    outer.pause();
    if (this.#freezeNew) return;
    outer.setNoDelay(true);
    const inner = connect({ port: this.#innerPort, host: '127.0.0.1', noDelay: true });
    inner.on('error', () => outer.destroy());
    inner.on('connect', () => {
      const port = inner.localPort;
      if (port === undefined || outer.destroyed) return void inner.destroy();
      this.#pairs.set(port, { outer, inner });
      const forget = () => {
        this.#pairs.delete(port);
        outer.destroy();
        inner.destroy();
      };
      inner.on('close', forget);
      outer.on('close', forget);
      outer.pipe(inner);
      inner.pipe(outer);
    });
  }
}
