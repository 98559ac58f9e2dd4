// The one way to a cluster's API: credentials, one memoised dispatcher, bytes.
//
// Comes in: a path. Goes out: status and body. On failure: what undici throws; failureOf() has words
// for it. The dispatcher stays for as long as what it was made of (server, proxy, contents of CA,
// certificate and key) is the same: over HTTP/2 that is one connection for all lists and watches.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { Agent, buildConnector, type Dispatcher, ProxyAgent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { CallFailure } from './call-failure.ts';
import type { LoadedConfig } from './kubeconfig.ts';

export interface LinkLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly pingMs: number;
  /** For a credential plugin. */
  readonly credentialsMs: number;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the stream back where the body is of no use. */
  discard(): void;
}

interface Access {
  readonly server: string;
  readonly headers: Record<string, string>;
  readonly digest: string;
  createDispatcher(): Dispatcher;
}

export class Link {
  /** Last known; a proxy hides it. */
  http2 = false;
  /** When the last byte came, for whomever. */
  lastHeard: number;
  readonly #load: () => Promise<LoadedConfig>;
  readonly #clock: Clock;
  readonly #limits: LinkLimits;
  #loaded: LoadedConfig;
  #stale = false;
  #dispatcher: { readonly digest: string; readonly dispatcher: Dispatcher } | undefined;

  constructor(
    loaded: LoadedConfig,
    load: () => Promise<LoadedConfig>,
    parts: { readonly clock: Clock; readonly limits: LinkLimits },
  ) {
    this.#loaded = loaded;
    this.#load = load;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.lastHeard = parts.clock.now();
  }

  async get(path: string, signal: AbortSignal): Promise<Answer> {
    const access = await this.#access(signal);
    const started = this.#clock.now();
    const late = 'no answer in time';
    const dispatcher = this.#dispatcherFor(access);
    // undici's own deadline does not run while a request waits for a connection.
    const broken = new AbortController();
    const { statusCode, headers, body } = await this.#inTime(
      request(access.server + path, {
        dispatcher,
        headers: { ...access.headers, accept: 'application/json' },
        signal: AbortSignal.any([signal, broken.signal]),
      }),
      { ms: this.#limits.headersMs, late, signal },
    ).catch((error: unknown) => {
      broken.abort();
      if (!signal.aborted) this.doubt(started);
      throw error;
    });
    this.heard();
    const retryAfter = headers['retry-after'];
    return {
      status: statusCode,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
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
    this.lastHeard = this.#clock.now();
  }

  /** Reads file, plugin and tokens anew at the next call. */
  reauthenticate(): void {
    this.#stale = true;
  }

  renew(): void {
    const old = this.#dispatcher?.dispatcher;
    this.#dispatcher = undefined;
    void old?.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    const old = this.#dispatcher?.dispatcher;
    this.#dispatcher = undefined;
    await old?.destroy();
  }

  #dispatcherFor(access: Access): Dispatcher {
    if (this.#dispatcher?.digest === access.digest) return this.#dispatcher.dispatcher;
    // The old one closes after its requests; open watches go on until they end.
    void this.#dispatcher?.dispatcher.close().catch(() => undefined);
    const dispatcher = access.createDispatcher();
    this.#dispatcher = { digest: access.digest, dispatcher };
    return dispatcher;
  }

  async #access(signal: AbortSignal): Promise<Access> {
    if (this.#stale) {
      // The last good file stays where the new one cannot be read.
      this.#loaded = await this.#load().catch(() => this.#loaded);
      this.#stale = false;
    }
    const { config, tokenFile } = this.#loaded;
    const cluster = config.getCurrentCluster();
    const options: RequestOptions = {};
    const late = 'the credential plugin did not answer in time';
    const ms = this.#limits.credentialsMs;
    await this.#inTime(config.applyToHTTPSOptions(options), { ms, late, signal });
    const headers = { ...(options.headers as Record<string, string> | undefined) };
    if (options.auth) headers['Authorization'] = `Basic ${btoa(options.auth)}`;
    if (tokenFile)
      headers['Authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;

    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const tls = { ca, cert, key, servername, rejectUnauthorized };
    const wanted = config.createDispatcherOptions(cluster, tls as object);
    const server = cluster?.server ?? '';
    const parts = [server, cluster?.proxyUrl, ...Object.values(tls)].map(String);
    const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    return { server, headers, digest, createDispatcher: () => this.#createDispatcher(wanted) };
  }

  #createDispatcher(
    wanted: ReturnType<LoadedConfig['config']['createDispatcherOptions']>,
  ): Dispatcher {
    const { connectMs, headersMs, pingMs } = this.#limits;
    // A watch may be silent: the reflectors have deadlines of their own for bodies.
    const common = {
      connectTimeout: connectMs,
      headersTimeout: headersMs,
      bodyTimeout: 0,
      h2Options: { pingInterval: pingMs },
    };
    if (wanted.type === 'proxy' || wanted.type === 'socks') {
      const requestTls = wanted.requestTls as buildConnector.BuildOptions;
      return new ProxyAgent({ ...common, uri: wanted.uri, requestTls });
    }
    const tls = wanted.type === 'agent' ? (wanted.connect as buildConnector.BuildOptions) : {};
    const connect = buildConnector({ ...tls, timeout: connectMs, allowH2: true });
    return new Agent({
      ...common,
      connect: (options, callback) =>
        connect(options, (...[error, socket]) => {
          if (error) return callback(error, null);
          this.http2 = (socket as { alpnProtocol?: unknown }).alpnProtocol === 'h2';
          callback(null, socket);
        }),
    });
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
    const deadline = this.#clock.sleep(ms, until).then((): never => {
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
