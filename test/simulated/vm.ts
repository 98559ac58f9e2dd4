// A VM that runs an app outside Kubernetes: plain HTTP on a loopback address.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackListener } from './loopback-listener.ts';
import type { TrafficCounts } from './traffic-counts.ts';
import { countRequest, createTrafficCounter, readCounts } from './traffic-counts.ts';

export interface VmOptions {
  readonly name: string;
  readonly address: string;
  /** 0 or absent: the kernel gives one. */
  readonly port?: number;
  /** Hosts it answers for; absent: all. Others get 404. */
  readonly hosts?: readonly string[];
  readonly graceMs?: number;
  readonly latencyMs?: number;
}

export class SimulatedVm {
  readonly name: string;
  readonly #options: VmOptions;
  readonly #counter = createTrafficCounter();
  readonly #listener: LoopbackListener;

  constructor(options: VmOptions) {
    this.name = options.name;
    this.#options = options;
    this.#listener = new LoopbackListener({
      address: options.address,
      port: options.port ?? 0,
      graceMs: options.graceMs ?? 2000,
      answer: (req, res) => this.#answer(req, res),
    });
  }

  async start(): Promise<this> {
    await this.#listener.open();
    return this;
  }

  /** `ADDRESS:PORT`, as a server in an upstream. */
  get server(): string {
    return `${this.#listener.address}:${this.#listener.port}`;
  }

  counts(): TrafficCounts {
    return readCounts(this.#counter);
  }

  /** Shut down in order: answers on for the grace. */
  drain(): void {
    this.#listener.drain();
  }

  /** Gone at once; start() brings it back. */
  async close(): Promise<void> {
    await this.#listener.kill();
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const host = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const { name, hosts, latencyMs = 0 } = this.#options;
    const status = !hosts || hosts.includes(host) ? 200 : 404;
    req.resume();
    const finish = () => {
      if (res.destroyed) return;
      countRequest(this.#counter, host, status, name);
      const headers = { 'x-ballast-cluster': 'vm', 'x-ballast-node': name };
      res.writeHead(status, { ...headers, 'content-type': 'application/json' });
      res.end(`{"cluster":"vm","node":"${name}"}\n`);
    };
    const { searchParams } = new URL(req.url ?? '/', 'http://simulated');
    const delay = latencyMs + Math.max(0, Number(searchParams.get('delay') ?? 0) || 0);
    if (delay === 0) return finish();
    const timer = setTimeout(finish, delay);
    res.on('close', () => clearTimeout(timer));
  }
}
