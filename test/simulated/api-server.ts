// A simulated Kubernetes API server of one cluster: the real protocol over TLS, HTTP/2 and HTTP/1.1.
// In: writes by a test (or by API), faults by command. Out: lists and watches as the real one answers.
// On failure of a request the client gets a Status; a fault is never an accident, always asked for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import { createSecureServer } from 'node:http2';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { stringify } from 'yaml';
import type { Certificate } from './certificate.ts';
import { createCertificate } from './certificate.ts';
import type { ClearFault, Fault, FaultBoard } from './faults.ts';
import { addFault, createFaultBoard, isAimedAt } from './faults.ts';
import { Gate } from './gate.ts';
import { listenAgain } from './listen-again.ts';
import type { KubeObject, ObjectStore } from './object-store.ts';
import {
  compactStore,
  createObjectStore,
  deleteObject,
  readObject,
  restoreStore,
  writeObject,
} from './object-store.ts';
import type { OpenWatch } from './open-watch.ts';
import type { HandledRequest } from './request-handler.ts';
import { handleRequest } from './request-handler.ts';
import type { ResourceKind } from './resource-kinds.ts';
import { apiVersionOf, resourceKinds } from './resource-kinds.ts';
import type { WatchLimits } from './watch-answer.ts';

export interface ApiServerOptions {
  readonly name?: string;
  /** 0 or absent: the kernel gives one, and it is kept over stop() and start(). */
  readonly port?: number;
  /** Groups whose optional kinds are served: `gateway.networking.k8s.io`, `argoproj.io`. */
  readonly enable?: readonly string[];
  readonly extraKinds?: readonly ResourceKind[];
  readonly tokens?: readonly string[];
  readonly http2?: boolean;
  /** PEM: who shows a client certificate of one of these needs no token. */
  readonly clientAuthorities?: readonly string[];
  readonly watch?: Partial<WatchLimits>;
}

/** Enough of an object to write it; kind and apiVersion are added. */
export interface Draft {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export class SimulatedApiServer {
  readonly name: string;
  readonly store: ObjectStore = createObjectStore();
  readonly tokens: Set<string>;
  /** Every request answered or left hanging, oldest first; a test may empty it. */
  readonly requests: HandledRequest[] = [];
  readonly #kinds: readonly ResourceKind[];
  readonly #limits: WatchLimits;
  readonly #http2: boolean;
  readonly #authorities: readonly string[];
  readonly #certificate: Certificate;
  readonly #board: FaultBoard = createFaultBoard();
  readonly #watches = new Map<OpenWatch, number>();
  readonly #sockets = new Set<Socket>();
  #server: Http2SecureServer | Server | undefined;
  #gate: Gate | undefined;
  #port: number;
  #insidePort = 0;
  #accepted = 0;

  constructor(options: ApiServerOptions = {}) {
    this.name = options.name ?? 'simulated';
    this.tokens = new Set(options.tokens ?? [`token-of-${this.name}`]);
    this.#port = options.port ?? 0;
    this.#http2 = options.http2 ?? true;
    this.#authorities = options.clientAuthorities ?? [];
    this.#certificate = createCertificate(`${this.name}-api`);
    const enabled = options.enable ?? [];
    const served = resourceKinds.filter((kind) => !kind.custom || enabled.includes(kind.group));
    this.#kinds = [...served, ...(options.extraKinds ?? [])];
    this.#limits = {
      bookmarkEveryMs: 60_000,
      watchList: true,
      defaultTimeoutMs: 1_800_000,
      ...options.watch,
    };
  }

  /** Starts, or comes back with the same state, certificate and port. */
  async start(): Promise<this> {
    if (this.#server) return this;
    const server = this.#listener();
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    server.on('sessionError', () => undefined);
    this.#insidePort = await listenAgain(server, this.#insidePort);
    this.#server = server;
    this.#gate = new Gate(this.#insidePort, this.#port);
    await this.#gate.open();
    this.#port = this.#gate.port;
    return this;
  }

  /** Cuts every connection and closes the listeners; faults and state stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#accepted += this.#gate?.accepted ?? 0;
    for (const watch of this.#watches.keys()) watch.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await this.#gate?.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** The same server without its faults, for what stands inside the cluster (the ingress stand-ins). */
  get insideUrl(): string {
    return `https://127.0.0.1:${this.#insidePort}`;
  }

  get ca(): string {
    return this.#certificate.cert;
  }

  get token(): string {
    const [first = ''] = this.tokens;
    return first;
  }

  kubeconfig(token = this.token): string {
    const { name } = this;
    const cluster = {
      server: this.url,
      'certificate-authority-data': Buffer.from(this.ca).toString('base64'),
    };
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster }],
      users: [{ name: `${name}-user`, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: `${name}-user` } }],
      'current-context': name,
    });
  }

  /** Creates or replaces. */
  put<T extends Draft>(plural: string, draft: T): KubeObject {
    const kind = this.#kinds.find((one) => one.plural === plural);
    if (!kind) throw new Error(`${plural} is not served`);
    const object: unknown = { ...draft, apiVersion: apiVersionOf(kind), kind: kind.kind };
    return writeObject(this.store, plural, object as KubeObject);
  }

  get(plural: string, name: string, namespace?: string): KubeObject | undefined {
    return readObject(this.store, plural, namespace, name);
  }

  list(plural: string): readonly KubeObject[] {
    return [...(this.store.objects.get(plural)?.values() ?? [])];
  }

  remove(plural: string, name: string, namespace?: string): void {
    deleteObject(this.store, plural, namespace, name);
  }

  /** Every version before now expires: watches from it get 410, page tokens too. */
  compact(): void {
    compactStore(this.store);
  }

  /** Sends a bookmark now to every watch that allows them. */
  bookmark(): void {
    for (const watch of this.#watches.keys()) watch.bookmark();
  }

  /** Ends open watches as a server does at their time-out; plural absent: all. */
  endWatches(plural?: string): void {
    for (const watch of this.#watches.keys()) {
      if (plural === undefined || watch.order.kind.plural === plural) watch.close();
    }
  }

  openWatches(plural?: string): number {
    const kinds = [...this.#watches.keys()].map((watch) => watch.order.kind.plural);
    return plural === undefined ? kinds.length : kinds.filter((kind) => kind === plural).length;
  }

  /** Connections from outside: open now, and accepted since the beginning. */
  connections(): { readonly open: number; readonly accepted: number } {
    const gate = this.#server ? this.#gate : undefined;
    return { open: gate?.connections() ?? 0, accepted: this.#accepted + (gate?.accepted ?? 0) };
  }

  /** Commands a fault; resolves when it is in force. */
  async fault(fault: Fault): Promise<ClearFault> {
    const clear = addFault(this.#board, fault);
    if (fault.kind === 'refuse') await this.#gate?.shut();
    if (fault.kind === 'half-open') this.#gate?.freeze(fault.connections ?? 'open');
    if (fault.kind === 'reset') this.#resetWatches(fault);
    if (fault.kind === 'restored') {
      restoreStore(this.store, fault.toVersion);
      for (const watch of this.#watches.keys()) watch.close();
      this.#gate?.cut();
    }
    return {
      clear: async () => {
        clear();
        const kinds = [...this.#board.active].map((entry) => entry.fault.kind);
        if (fault.kind === 'half-open') this.#gate?.thaw();
        if (fault.kind === 'refuse' && this.#server && !kinds.includes('refuse'))
          await this.#gate?.open();
      },
    };
  }

  // Node's compatible objects of HTTP/2 have all that we use of HTTP/1.1's.
  #listener(): Http2SecureServer | Server {
    const { cert, key } = this.#certificate;
    const asked = this.#authorities.length > 0;
    const ca = [...this.#authorities];
    const tls = { cert, key, ...(asked && { ca, requestCert: true, rejectUnauthorized: false }) };
    if (!this.#http2) return createServer(tls, (req, res) => void this.#handle(req, res));
    return createSecureServer({ ...tls, allowHTTP1: true }, (req, res) => {
      void this.#handle(req as unknown as IncomingMessage, res as unknown as ServerResponse);
    });
  }

  #resetWatches(fault: Fault): void {
    for (const [watch, port] of this.#watches) {
      if (isAimedAt(fault, watch.subject)) this.#gate?.cut(port);
    }
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const port = req.socket.remotePort ?? 0;
    const inside = !(this.#gate?.carries(port) ?? false);
    await handleRequest(req, res, {
      store: this.store,
      board: this.#board,
      kinds: this.#kinds,
      limits: this.#limits,
      tokens: this.tokens,
      log: this.requests,
      inside,
      reset: () => (inside ? void req.socket.destroy() : this.#gate?.cut(port)),
      opened: (watch) => this.#watches.set(watch, port),
      closed: (watch) => this.#watches.delete(watch),
    });
  }
}
