// A Nacos registry as its documentation says: the HTTP API v1, v2 and v3 of one service's instances,
// with login. Tests put instances in and switch faults on.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export interface NacosInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

type Version = 'v1' | 'v2' | 'v3';

const PATHS: Readonly<Record<string, Version>> = {
  '/nacos/v1/ns/instance/list': 'v1',
  '/nacos/v2/ns/instance/list': 'v2',
  '/nacos/v3/client/ns/instance/list': 'v3',
};
const LOGINS: Readonly<Record<string, Version>> = {
  '/nacos/v1/auth/login': 'v1',
  '/nacos/v3/auth/user/login': 'v3',
};

export class SimulatedNacos {
  versions: readonly Version[] = ['v1', 'v2', 'v3'];
  /** Where it is set every call needs a token that `logIn` gave. */
  account: { readonly username: string; readonly password: string } | undefined;
  tokenTtl = 18_000;
  /** A share: with this many healthy, or less, all are reported as healthy. */
  protectThreshold = 0;
  /** Answers every call so. */
  fault: { readonly status: number; readonly body: string } | undefined;
  /** Answers this service's calls so. */
  readonly broken = new Map<string, { readonly status: number; readonly body: string }>();
  /** `METHOD path`, in order. */
  readonly calls: string[] = [];
  readonly #services = new Map<string, readonly NacosInstance[]>();
  readonly #tokens = new Set<string>();
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Its port is kept for the next start; what is registered stays unless `forget` is called. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** `NAME` in the default group and namespace, else `NAMESPACE/GROUP@@NAME`. */
  set(service: string, instances: readonly NacosInstance[]): void {
    this.#services.set(service, instances);
  }

  /** As a restart of a registry that keeps nothing. */
  forget(): void {
    this.#services.clear();
  }

  forgetTokens(): void {
    this.#tokens.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://nacos');
    this.calls.push(`${request.method} ${url.pathname}`);
    const form = new URLSearchParams(await textOf(request));
    const { status, body } = this.#reply(url, request.method === 'POST' ? form : undefined);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }

  #reply(url: URL, form: URLSearchParams | undefined): { status: number; body: string } {
    if (this.fault) return this.fault;
    const login = form && LOGINS[url.pathname];
    if (login) return this.versions.includes(login) ? this.#logIn(form) : NOT_FOUND;
    const version = PATHS[url.pathname];
    if (form || !version || !this.versions.includes(version)) return NOT_FOUND;
    if (this.account && !this.#tokens.has(url.searchParams.get('accessToken') ?? '')) {
      return json(403, { code: 403, message: 'user not found!', data: null });
    }
    const service = serviceOf(url.searchParams);
    return this.broken.get(service) ?? json(200, this.#list(version, service));
  }

  #logIn(form: URLSearchParams): { status: number; body: string } {
    const { username, password } = this.account ?? {};
    if (form.get('username') !== username || form.get('password') !== password) {
      return { status: 403, body: 'unknown user!' };
    }
    const accessToken = `token-${this.#tokens.size + 1}`;
    this.#tokens.add(accessToken);
    return json(200, { accessToken, tokenTtl: this.tokenTtl, globalAdmin: false, username });
  }

  #list(version: Version, service: string): unknown {
    const all = (this.#services.get(service) ?? []).map((told) => ({ ...DEFAULTS, ...told }));
    const healthy = all.filter((instance) => instance.healthy).length;
    const reached = all.length > 0 && healthy / all.length <= this.protectThreshold;
    const hosts = reached ? all.map((instance) => ({ ...instance, healthy: true })) : all;
    const body = { name: service, hosts, valid: true, reachProtectionThreshold: reached };
    if (version === 'v1') return body;
    return { code: 0, message: 'success', data: version === 'v2' ? body : hosts };
  }
}

const DEFAULTS = {
  weight: 1,
  healthy: true,
  enabled: true,
  ephemeral: true,
  clusterName: 'DEFAULT',
  metadata: {},
};
const NOT_FOUND = json(404, { timestamp: '', status: 404, error: 'Not Found', path: '' });

function serviceOf(query: URLSearchParams): string {
  const name = query.get('serviceName') ?? '';
  const group = query.get('groupName') ?? 'DEFAULT_GROUP';
  const namespace = query.get('namespaceId') ?? 'public';
  if (group === 'DEFAULT_GROUP' && namespace === 'public') return name;
  return `${namespace}/${group}@@${name}`;
}

function json(status: number, value: unknown): { status: number; body: string } {
  return { status, body: JSON.stringify(value) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
