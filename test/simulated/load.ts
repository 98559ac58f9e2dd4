// A bounded load generator: a fixed number of keepalive connections, a rate, and counts that hide
// nothing. No request is ever sent twice.
import { Client } from 'undici';
import type { LoadEntry, LoadTally, LoadTotals } from './load-tally.ts';
import { createTally, readTally, tallyAnswer, tallyFailure } from './load-tally.ts';

export interface LoadOptions {
  readonly entries: readonly LoadEntry[];
  /** At most this many requests run at once, each on a connection of its own; 8 when absent. */
  readonly connections?: number;
  /** Absent: as fast as the connections allow. */
  readonly perSecond?: number;
  readonly timeoutMs?: number;
}

const TICK_MS = 5;

interface Connection {
  readonly client: Client;
  /** Answers on the present connection; 0: a failure is not a closed keepalive connection. */
  served: number;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #connections: number;
  /** One for each worker and origin. */
  readonly #clients = new Map<string, Connection>();
  readonly #stalled: (() => void)[] = [];
  #tally: LoadTally = createTally();
  #running: Promise<unknown> | undefined;
  #going = false;
  #allowed = 0;
  #turn = 0;

  constructor(options: LoadOptions) {
    if (options.entries.length === 0) throw new Error('a load needs at least one entry');
    this.#options = options;
    this.#connections = options.connections ?? 8;
  }

  start(): void {
    if (this.#running) return;
    this.#going = true;
    const ticker = this.#startTicker();
    const workers = Array.from({ length: this.#connections }, (_, index) =>
      this.#work(`load-${index}`),
    );
    this.#running = Promise.all(workers).finally(() => clearInterval(ticker));
  }

  /** Ends when the running requests have; the answer is the sum since start(). */
  async stop(): Promise<LoadTotals> {
    this.#going = false;
    for (const resume of this.#stalled.splice(0)) resume();
    await this.#running;
    this.#running = undefined;
    const totals = this.snapshot();
    this.#tally = createTally();
    return totals;
  }

  snapshot(): LoadTotals {
    return readTally(this.#tally);
  }

  /** Exactly n requests over the entries of these hosts (absent: all), apart from the running load. */
  async count(hosts: readonly string[] | undefined, n: number): Promise<LoadTotals> {
    const entries = this.#options.entries.filter(({ host }) => hosts?.includes(host) ?? true);
    if (entries.length === 0) throw new Error(`no entry for ${hosts?.join(', ')}`);
    const tally = createTally();
    let sent = 0;
    const worker = async (name: string) => {
      while (sent < n) {
        const entry = entries[sent++ % entries.length];
        if (entry) await this.#send(entry, tally, name);
      }
    };
    const names = Array.from({ length: this.#connections }, (_, index) => `count-${index}`);
    await Promise.all(names.map(worker));
    return readTally(tally);
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all([...this.#clients.values()].map(({ client }) => client.destroy()));
    this.#clients.clear();
  }

  async #work(name: string): Promise<void> {
    const { entries, perSecond } = this.#options;
    while (this.#going) {
      if (perSecond !== undefined && this.#allowed < 1) {
        await new Promise<void>((resolve) => this.#stalled.push(resolve));
        continue;
      }
      this.#allowed--;
      const entry = entries[this.#turn++ % entries.length];
      if (entry) await this.#send(entry, this.#tally, name);
    }
  }

  /** What could not be sent is not made up for: at most one request per connection is owed. */
  #startTicker(): NodeJS.Timeout | undefined {
    const { perSecond } = this.#options;
    if (perSecond === undefined) return undefined;
    this.#allowed = 0;
    let last = performance.now();
    return setInterval(() => {
      const now = performance.now();
      const most = Math.max(this.#connections, (perSecond * TICK_MS * 4) / 1000);
      this.#allowed = Math.min(most, this.#allowed + ((now - last) * perSecond) / 1000);
      last = now;
      for (const resume of this.#stalled.splice(0, Math.floor(this.#allowed))) resume();
    }, TICK_MS);
  }

  async #send(entry: LoadEntry, tally: LoadTally, worker: string): Promise<void> {
    const { origin, pathname, search } = new URL(entry.url);
    const connection = this.#connection(`${worker} ${origin}`, origin);
    const startedAt = performance.now();
    tally.sent++;
    let begun = false;
    try {
      const { statusCode, headers, body } = await connection.client.request({
        path: pathname + search,
        method: 'GET',
        headers: { host: entry.host },
      });
      begun = true;
      // Not dump(): it takes a broken body for a whole one.
      await body.arrayBuffer();
      connection.served++;
      tallyAnswer(tally, entry, { status: statusCode, headers, ms: performance.now() - startedAt });
    } catch (error) {
      tallyFailure(tally, entry, { error, reused: !begun && connection.served > 0 });
    }
  }

  #connection(name: string, origin: string): Connection {
    const known = this.#clients.get(name);
    if (known) return known;
    const timeout = this.#options.timeoutMs ?? 30_000;
    const client = new Client(origin, {
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout },
    });
    const connection = { client, served: 0 };
    client.on('connect', () => {
      connection.served = 0;
    });
    this.#clients.set(name, connection);
    return connection;
  }
}
