// The stand-ins' own list and watch, which shares nothing with the code under test and prefers plain to
// clever: any trouble at all, and it lists anew after a short pause. Until that list is in, what it knew
// stays, as in a real ingress controller whose API server is away.
import type { Dispatcher } from 'undici';

export interface FollowedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly [field: string]: unknown;
}

export interface ApiAccess {
  readonly dispatcher: Dispatcher;
  readonly url: string;
  readonly token: string;
}

export interface FollowOrder {
  /** `/api/v1/nodes`. */
  readonly path: string;
  readonly labelSelector?: string;
  /** What is kept of an object; absent: all of it. */
  readonly slim?: (object: FollowedObject) => FollowedObject;
  /** Called for each object that came, changed or went, once it has been taken in. */
  readonly onChange: (
    now: FollowedObject | undefined,
    before: FollowedObject | undefined,
    how: 'listed' | 'watched',
  ) => void;
}

const PAUSE_MS = 200;
const LIST_DEADLINE_MS = 10_000;
const WATCH_SECONDS = 30;

export class Follower {
  readonly objects = new Map<string, FollowedObject>();
  /** Resolves with the first whole list. */
  readonly listed: Promise<void>;
  readonly #api: ApiAccess;
  readonly #order: FollowOrder;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #onListed: () => void = () => undefined;

  constructor(api: ApiAccess, order: FollowOrder) {
    this.#api = api;
    this.#order = order;
    this.listed = new Promise((resolve) => {
      this.#onListed = resolve;
    });
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        let version = await this.#list();
        this.#onListed();
        while (!signal.aborted) version = await this.#watch(version);
      } catch {
        await this.#pause();
      }
    }
  }

  /** Pages into a fresh map, so that a broken-off list changes nothing. */
  async #list(): Promise<string> {
    const fresh = new Map<string, FollowedObject>();
    let next = '';
    for (;;) {
      const query = { limit: '500', ...(next ? { continue: next } : {}) };
      const body = await this.#ask(query, AbortSignal.timeout(LIST_DEADLINE_MS));
      const page = JSON.parse(await body.text()) as {
        kind?: string;
        items?: FollowedObject[];
        metadata?: { resourceVersion?: string; continue?: string };
      };
      const version = page.metadata?.resourceVersion;
      if (!page.kind?.endsWith('List') || !page.items || !version) throw new Error('not a list');
      for (const object of page.items) fresh.set(object.metadata.uid, this.#slim(object));
      next = page.metadata?.continue ?? '';
      if (next !== '') continue;
      this.#swap(fresh);
      return version;
    }
  }

  #swap(fresh: ReadonlyMap<string, FollowedObject>): void {
    for (const [uid, object] of this.objects) {
      if (!fresh.has(uid)) this.#take(uid, undefined, object, 'listed');
    }
    for (const [uid, object] of fresh) {
      const before = this.objects.get(uid);
      if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      this.#take(uid, object, before, 'listed');
    }
  }

  /** Until the server ends it; the answer is the version to go on from. A throw means: list anew. */
  async #watch(from: string): Promise<string> {
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(WATCH_SECONDS),
    };
    // No end within the agreed time is a half-open connection.
    const body = await this.#ask(query, AbortSignal.timeout((WATCH_SECONDS + 5) * 1000));
    let version = from;
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      rest += decoder.decode(chunk as Buffer, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) version = this.#takeLine(line);
    }
    if (rest.trim() !== '') throw new Error('a line without end');
    return version;
  }

  #takeLine(line: string): string {
    const event = JSON.parse(line) as { type: string; object: FollowedObject };
    if (event.type === 'ERROR') throw new Error('an error event');
    const { uid, resourceVersion } = event.object.metadata;
    if (event.type === 'BOOKMARK') return resourceVersion;
    const now = event.type === 'DELETED' ? undefined : this.#slim(event.object);
    this.#take(uid, now, this.objects.get(uid), 'watched');
    return resourceVersion;
  }

  #slim(object: FollowedObject): FollowedObject {
    return this.#order.slim ? this.#order.slim(object) : object;
  }

  #take(
    uid: string,
    now: FollowedObject | undefined,
    before: FollowedObject | undefined,
    how: 'listed' | 'watched',
  ): void {
    if (now) this.objects.set(uid, now);
    else this.objects.delete(uid);
    this.#order.onChange(now, before, how);
  }

  async #ask(
    query: Record<string, string>,
    deadline: AbortSignal,
  ): Promise<Dispatcher.ResponseData['body']> {
    const { path, labelSelector } = this.#order;
    const search = new URLSearchParams({ ...query, ...(labelSelector ? { labelSelector } : {}) });
    const { statusCode, body } = await this.#api.dispatcher.request({
      origin: this.#api.url,
      path: `${path}?${search}`,
      method: 'GET',
      headers: { authorization: `Bearer ${this.#api.token}`, accept: 'application/json' },
      signal: AbortSignal.any([deadline, this.#closing.signal]),
      bodyTimeout: 0,
    });
    if (statusCode === 200) return body;
    await body.dump();
    throw new Error(`HTTP ${statusCode}`);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS * (0.5 + Math.random()));
      const stop = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#closing.signal.aborted) stop();
      else this.#closing.signal.addEventListener('abort', stop, { once: true });
    });
  }
}
