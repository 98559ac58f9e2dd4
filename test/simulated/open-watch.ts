// One open watch: first what is already there or was missed, then each write, a bookmark now and then,
// and an end at its time-out. Faults bend it here, where events are still objects.
import type { BodyWriter } from './body-writer.ts';
import { skewTimes } from './clock-skew.ts';
import type { FaultBoard, FaultSubject } from './faults.ts';
import { findFault, hasFault, takeFault } from './faults.ts';
import type { KubeObject, ObjectStore, StoreEvent } from './object-store.ts';
import { eventsAfter, snapshotAt, textOf } from './object-store.ts';
import type { ResourceKind } from './resource-kinds.ts';
import { apiVersionOf } from './resource-kinds.ts';
import type { Matcher } from './selectors.ts';
import { expiredMessage, statusObject } from './status-answer.ts';

export interface WatchOrder {
  readonly kind: ResourceKind;
  readonly matches: Matcher;
  /** Undefined: start with what is there. */
  readonly from: number | undefined;
  readonly bookmarks: boolean;
  /** Mark the end of the initial events by a bookmark. */
  readonly markInitialEvents: boolean;
  readonly timeoutMs: number;
  readonly bookmarkEveryMs: number;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: object;
}

export class OpenWatch {
  readonly order: WatchOrder;
  readonly subject: FaultSubject;
  readonly #store: ObjectStore;
  readonly #board: FaultBoard;
  readonly #out: BodyWriter;
  readonly #held: WatchEvent[] = [];
  readonly #met: WatchEvent[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  /** Versions up to this one are known to the client. */
  #seen = 0;
  #open = true;
  /** What is already there is being sent; what happens meanwhile waits for its turn. */
  #presenting = false;

  constructor(
    order: WatchOrder,
    subject: FaultSubject,
    world: { readonly store: ObjectStore; readonly board: FaultBoard },
    out: BodyWriter,
  ) {
    this.order = order;
    this.subject = subject;
    this.#store = world.store;
    this.#board = world.board;
    this.#out = out;
  }

  start(): void {
    this.#timers.push(setTimeout(() => this.#expire(), this.order.timeoutMs));
    if (this.order.bookmarks) {
      this.#timers.push(setInterval(() => this.bookmark(), this.order.bookmarkEveryMs));
    }
    this.#store.listeners.add(this.#onEvent);
    this.#board.watchers.add(this.#onFaultChange);
    const { from } = this.order;
    if (from !== undefined && from < this.#store.oldest) return this.#fail(410, expiredMessage);
    this.#onFaultChange();
    if (!this.#open) return;
    if (from === undefined) return void this.#sendPresent();
    this.#seen = from;
    for (const event of eventsAfter(this.#store, this.order.kind.plural, from))
      this.#onEvent(event);
  }

  /** A client that is ahead of a restored server gets none: the real one stays silent then. */
  bookmark(): void {
    if (!this.order.bookmarks || this.#store.version < this.#seen) return;
    this.#seen = this.#store.version;
    this.#send({ type: 'BOOKMARK', object: this.#bookmarkObject(this.#seen) });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#store.listeners.delete(this.#onEvent);
    this.#board.watchers.delete(this.#onFaultChange);
    this.#out.end();
  }

  async #sendPresent(): Promise<void> {
    const { kind, matches, markInitialEvents, bookmarks } = this.order;
    this.#seen = this.#store.version;
    const all = snapshotAt(this.#store, kind.plural, this.#seen) ?? [];
    const { version } = this.#store;
    this.#presenting = true;
    for (const object of this.#present(all.filter(matches))) {
      this.#write({ type: 'ADDED', object });
      // Not always: what is small is there when the call returns.
      const full = this.#out.full();
      if (full) await full;
    }
    if (markInitialEvents && bookmarks) {
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      this.#write({ type: 'BOOKMARK', object: this.#bookmarkObject(version, annotations) });
    }
    this.#presenting = false;
    for (const event of this.#met.splice(0)) this.#write(event);
  }

  /** What a fault of lists leaves of one that comes as a watch. */
  #present(objects: readonly KubeObject[]): readonly KubeObject[] {
    const fault = takeFault(this.#board, this.subject, 'empty-list', 'page-short');
    if (fault?.kind === 'empty-list') return [];
    return fault ? objects.slice(0, Math.floor((objects.length * 2) / 3)) : objects;
  }

  readonly #onEvent = (event: StoreEvent): void => {
    if (event.plural !== this.order.kind.plural || event.version <= this.#seen) return;
    this.#seen = event.version;
    const { matches } = this.order;
    const before = event.previous !== undefined && matches(event.previous);
    const after = event.type !== 'DELETED' && matches(event.object);
    if (after)
      this.#sendChange(
        { type: before ? 'MODIFIED' : 'ADDED', object: event.object },
        event.previous,
      );
    else if (before)
      this.#sendChange({ type: 'DELETED', object: lastMatching(event) }, event.previous);
  };

  #sendChange(event: WatchEvent, previous: KubeObject | undefined): void {
    this.#send(event);
    if (takeFault(this.#board, this.subject, 'duplicate')) this.#send(event);
    if (previous && takeFault(this.#board, this.subject, 'disorder')) {
      this.#send({ type: 'MODIFIED', object: previous });
    }
  }

  #send(event: WatchEvent): void {
    if (this.#presenting) this.#met.push(event);
    else this.#write(event);
  }

  #write(event: WatchEvent): void {
    if (!this.#open) return;
    if (hasFault(this.#board, this.subject, 'hang')) {
      this.#held.push(event);
      return;
    }
    const skew = findFault(this.#board, this.subject, 'time-skew')?.byMs ?? 0;
    const line = skewTimes(`{"type":"${event.type}","object":${textOf(event.object)}}\n`, skew);
    const broken = takeFault(this.#board, this.subject, 'broken-json');
    this.#out.write(broken ? `${line.slice(0, line.length / 2)}\n` : line);
  }

  readonly #onFaultChange = (): void => {
    const failure = takeFault(this.#board, this.subject, 'error-event', 'expired');
    if (failure?.kind === 'expired') return this.#fail(410, expiredMessage);
    if (failure?.kind === 'error-event') {
      return this.#fail(failure.code, 'simulated fault', failure.retryAfterSeconds);
    }
    if (hasFault(this.#board, this.subject, 'hang')) return;
    for (const event of this.#held.splice(0)) this.#write(event);
  };

  #fail(code: number, message: string, retryAfterSeconds?: number): void {
    this.#write({ type: 'ERROR', object: statusObject(code, message, { retryAfterSeconds }) });
    this.close();
  }

  // The real server sends a last bookmark before it ends a watch, so that the next one starts fresh.
  #expire(): void {
    if (hasFault(this.#board, this.subject, 'hang')) return;
    this.bookmark();
    this.close();
  }

  #bookmarkObject(version: number, annotations?: Record<string, string>): object {
    return {
      kind: this.order.kind.kind,
      apiVersion: apiVersionOf(this.order.kind),
      metadata: {
        resourceVersion: String(version),
        ...(annotations ? { annotations } : {}),
      },
    };
  }
}

/** Leaving a selector looks like a deletion: the old content at the new version. */
function lastMatching(event: StoreEvent): KubeObject {
  const content = event.type === 'DELETED' ? event.object : (event.previous ?? event.object);
  const { resourceVersion } = event.object.metadata;
  return { ...content, metadata: { ...content.metadata, resourceVersion } };
}
