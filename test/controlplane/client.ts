// The tests' own client of an API server: plain HTTP/1.1 over undici. Shares nothing with what it
// helps to test, so that an error in one cannot hide in the other.
import type { KubernetesListObject, KubernetesObject, V1ObjectMeta } from '@kubernetes/client-node';
import { Agent, request } from 'undici';

export interface Door {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** Which object: enough of it to make its path. An object itself will do. */
export interface Ref {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: V1ObjectMeta;
}

export class ApiError extends Error {
  readonly status: number;
  readonly reason: string | undefined;

  constructor(what: string, status: number, body: { message?: string; reason?: string }) {
    super(`${what}: ${status} ${body.reason ?? ''} ${body.message ?? ''}`.trim());
    this.status = status;
    this.reason = body.reason;
  }
}

const patches = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

export class Client {
  #door: Door;
  #agent: Agent;

  constructor(door: Door) {
    this.#door = door;
    this.#agent = new Agent({
      allowH2: false,
      connect: { ca: door.ca, timeout: 5_000 },
      headersTimeout: 20_000,
      bodyTimeout: 20_000,
    });
  }

  /** Any path; answers the parsed body, or throws an ApiError with the server's own words. */
  async call<Answer>(method: Method, path: string, body?: unknown, type?: string): Promise<Answer> {
    const answer = await request(this.#door.url + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#door.token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const parsed = parse(text);
    if (answer.statusCode >= 400)
      throw new ApiError(`${method} ${path}`, answer.statusCode, parsed);
    return parsed as Answer;
  }

  get<T extends KubernetesObject>(ref: Ref): Promise<T> {
    return this.call('GET', pathOf(ref));
  }

  /** All objects of a kind, in one namespace or in all. `query` as in a URL: `labelSelector=a%3Db`. */
  async list<T extends KubernetesObject>(kind: Kind, namespace?: string, query = ''): Promise<T[]> {
    const path = collectionOf({ ...kind, metadata: namespace ? { namespace } : {} });
    const list = await this.call<KubernetesListObject<T>>('GET', `${path}?${query}`);
    return list.items;
  }

  create<T extends KubernetesObject>(object: T): Promise<T> {
    return this.call('POST', collectionOf(object), object);
  }

  /** Server-side apply: creates what is not there, and sets exactly the fields that are named. */
  async apply(...objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) {
      const path = `${pathOf(object)}?fieldManager=tests&force=true`;
      await this.call('PATCH', path, object, patches.apply);
    }
  }

  /** What `apply` would be answered; nothing is kept. */
  async dryRun(...objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) {
      const path = `${pathOf(object)}?fieldManager=tests&force=true&dryRun=All&fieldValidation=Strict`;
      await this.call('PATCH', path, object, patches.apply);
    }
  }

  patch<T extends KubernetesObject>(ref: Ref, change: unknown, how: How = {}): Promise<T> {
    const path = pathOf(ref) + (how.subresource === undefined ? '' : `/${how.subresource}`);
    return this.call('PATCH', path, change, patches[how.type ?? 'merge']);
  }

  scale(ref: Ref, replicas: number): Promise<unknown> {
    return this.patch(ref, { spec: { replicas } }, { subresource: 'scale' });
  }

  /** Deletes; what is not there is fine. Zero grace is how a pod is torn from its requests. */
  async remove(ref: Ref, graceSeconds?: number): Promise<void> {
    const options = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
    try {
      await this.call('DELETE', pathOf(ref), { propagationPolicy: 'Background', ...options });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Kind = Readonly<{ apiVersion: string; kind: string }>;
export type How = Readonly<{ type?: keyof typeof patches; subresource?: 'status' | 'scale' }>;

const clusterWide = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'IngressClass',
  'Namespace',
  'Node',
]);

function collectionOf({ apiVersion = 'v1', kind = '', metadata }: Ref): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = clusterWide.has(kind) ? undefined : metadata?.namespace;
  return `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural(kind)}`;
}

function pathOf(ref: Ref): string {
  return `${collectionOf(ref)}/${ref.metadata?.name}`;
}

function plural(kind: string): string {
  const word = kind.toLowerCase();
  if (word === 'endpoints') return word;
  if (/(s|x|ch)$/.test(word)) return `${word}es`;
  return word.endsWith('y') && !word.endsWith('ay') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** Health paths answer `ok`, not JSON; a broken body is the caller's error message. */
function parse(text: string): { message?: string; reason?: string } {
  try {
    return JSON.parse(text) as { message?: string };
  } catch {
    return { message: text };
  }
}
