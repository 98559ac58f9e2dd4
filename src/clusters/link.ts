// The one way to a cluster's API: credentials, one memoised dispatcher, bytes.
//
// Comes in: a path. Goes out: status and body. On failure: what undici throws; failureOf() has words
// for it. The dispatcher stays for as long as what it was made of (server, proxy, contents of CA,
// certificate and key) is the same: over HTTP/2 that is one connection for all lists and watches.

import { type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.ts';
import { type ClusterAccess, readAccess } from './access.ts';
import { CallFailure } from './call-failure.ts';
import { createDispatcher } from './dispatcher.ts';
import { createExecPlugin, type ExecPlugin } from './exec-plugin.ts';
import type { LoadedConfig } from './kubeconfig.ts';

export interface LinkLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly pingMs: number;
  /** For a credential plugin. */
  readonly credentialsMs: number;
}

/** Of what is asked: by GET, with a body by POST, unless it says otherwise. */
export interface Message {
  readonly path: string;
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  /** Of the body; JSON. */
  readonly type?: string;
  readonly body?: object;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** As it says itself; a web page with status 200 is none. */
  readonly isJson: boolean;
  /** Its `Date`. */
  readonly date: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the stream back where the body is of no use. */
  discard(): void;
}

/** A plugin that hangs is ended by its own deadline, which names it. */
const PLUGIN_ENDS_MS = 1000;

interface Access extends ClusterAccess {
  /** Which reading of the credentials it is of. */
  readonly reading: number;
}

export interface LinkParts {
  readonly clock: Clock;
  readonly wall: () => Date;
  /** For proxies, and for credential plugins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: LinkLimits;
}

interface Way {
  readonly digest: string;
  readonly reading: number;
  readonly dispatcher: Dispatcher;
}

export class Link {
  /** Last known; a proxy hides it. */
  http2 = false;
  /** When the last byte came, for whomever. */
  lastHeard: number;
  #load: () => Promise<LoadedConfig>;
  readonly #parts: LinkParts;
  readonly #closed = new AbortController();
  #loaded: LoadedConfig;
  #plugin: ExecPlugin | undefined;
  #reading = 0;
  #stale = false;
  #refreshing: Promise<void> | undefined;
  #way: Way | undefined;

  constructor(loaded: LoadedConfig, load: () => Promise<LoadedConfig>, parts: LinkParts) {
    this.#loaded = loaded;
    this.#load = load;
    this.#parts = parts;
    this.#plugin = this.#pluginOf(loaded);
    this.lastHeard = parts.clock.now();
  }

  get(path: string, signal: AbortSignal): Promise<Answer> {
    return this.send({ path }, signal);
  }

  async send(message: Message, signal: AbortSignal): Promise<Answer> {
    const access = await this.#access(signal);
    const { clock, limits } = this.#parts;
    const started = clock.now();
    const late = 'no answer in time';
    // undici's own deadline does not run while a request waits for a connection.
    const broken = new AbortController();
    const until = AbortSignal.any([signal, broken.signal]);
    const { statusCode, headers, body } = await this.#inTime(this.#call(access, message, until), {
      ms: limits.headersMs,
      late,
      signal,
    }).catch((error: unknown) => {
      broken.abort();
      if (!signal.aborted) this.doubt(started);
      throw error;
    });
    // Many calls are refused at once: the credentials are read anew once.
    if (statusCode === 401 && access.reading === this.#reading) this.#stale = true;
    this.heard();
    return {
      status: statusCode,
      retryAfter: headerOf(headers, 'retry-after'),
      date: headerOf(headers, 'date'),
      isJson: headerOf(headers, 'content-type')?.startsWith('application/json') === true,
      body,
      // Its error is ours: we broke it off.
      discard: () => void body.on('error', () => undefined).destroy(),
    };
  }

  /**
   * A call from `since` on came to nothing. Where nobody heard anything meanwhile, later calls on the
   * same dispatcher might hang too: a new one is made.
   */
  doubt(since: number): void {
    if (this.lastHeard < since) this.renew();
  }

  heard(): void {
    this.lastHeard = this.#parts.clock.now();
  }

  /**
   * Takes another configuration; answers whether it leads elsewhere. Throws what is wrong with it;
   * then the last one stays.
   */
  async reload(load: () => Promise<LoadedConfig>): Promise<boolean> {
    const loaded = await load();
    const before = JSON.stringify(this.#loaded.config.clusters);
    this.#load = load;
    this.#take(loaded);
    return JSON.stringify(loaded.config.clusters) !== before;
  }

  renew(): void {
    const old = this.#way?.dispatcher;
    this.#way = undefined;
    void old?.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const old = this.#way?.dispatcher;
    this.#way = undefined;
    await old?.destroy();
  }

  async #call(
    access: Access,
    { path, body, method = 'POST', type = 'application/json' }: Message,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { dispatcher } = this.#wayFor(access);
    const headers = { ...access.headers, accept: 'application/json' };
    const url = access.server + path;
    if (body === undefined) return await request(url, { dispatcher, headers, signal });
    const typed = { ...headers, 'content-type': type };
    const text = JSON.stringify(body);
    return await request(url, { dispatcher, headers: typed, signal, method, body: text });
  }

  #wayFor(access: Access): Way {
    const now = this.#way;
    if (now && (now.digest === access.digest || access.reading < now.reading)) return now;
    // The old one closes after its requests; open watches go on until they end.
    void now?.dispatcher.close().catch(() => undefined);
    const { digest, reading } = access;
    const dispatcher = createDispatcher(access.wanted, this.#parts.limits, (spoken) => {
      this.http2 = spoken;
    });
    const way = { digest, reading, dispatcher };
    this.#way = way;
    return way;
  }

  /** The last good configuration stays where the new one cannot be read. */
  async #refresh(): Promise<void> {
    this.#take(await this.#load().catch(() => this.#loaded));
    this.#stale = false;
  }

  #take(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    this.#plugin = this.#pluginOf(loaded);
    this.#reading++;
  }

  #pluginOf({ plugin }: LoadedConfig): ExecPlugin | undefined {
    const { clock, wall, environment, limits } = this.#parts;
    const world = {
      clock,
      wall,
      environment,
      deadlineMs: limits.credentialsMs,
      signal: this.#closed.signal,
    };
    return plugin && createExecPlugin(plugin, world);
  }

  async #access(signal: AbortSignal): Promise<Access> {
    if (this.#stale) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
      await this.#refreshing;
    }
    const reading = this.#reading;
    const loaded = this.#loaded;
    const { environment, limits } = this.#parts;
    const late = 'the credentials were not given in time';
    const ms = limits.credentialsMs + PLUGIN_ENDS_MS;
    const given = readAccess(loaded, this.#plugin, environment);
    return { ...(await this.#inTime(given, { ms, late, signal })), reading };
  }

  async #inTime<T>(
    work: Promise<T>,
    {
      ms,
      late,
      signal,
    }: { readonly ms: number; readonly late: string; readonly signal: AbortSignal },
  ): Promise<T> {
    const done = new AbortController();
    const until = AbortSignal.any([signal, done.signal]);
    const deadline = this.#parts.clock.sleep(ms, until).then((): never => {
      throw new CallFailure({ text: late, scope: 'cluster' });
    });
    // The loser of the race must not end the process.
    deadline.catch(() => undefined);
    work.catch(() => undefined);
    try {
      return await Promise.race([work, deadline]);
    } finally {
      done.abort();
    }
  }
}

function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string | undefined {
  return [headers[name]].flat()[0];
}
