// What answers of the API change in the records of one resource: whole lists and single events.
//
// In: objects, or the events of a watch. Out: changes to the resource. On failure: an object that
// cannot be read is a BrokenLine, and whatever proves that something was lost is `relist`.

import {
  type Applied,
  applyEvent,
  isOlder,
  type RecordStore,
  swapRecords,
  takeBookmark,
} from './record-store.ts';
import type { Change } from './record-index.ts';
import type { WatchEnd } from './outcome.ts';
import type { Meta, Raw } from './records.ts';
import type { Resource } from './resource.ts';
import { compareVersions } from './versions.ts';
import { BrokenLine, type WatchEvent } from './watch-events.ts';

export interface Listed {
  /** Something is not as it was known; also of the first list, though it be empty. */
  readonly changed: boolean;
  /** Something that was known is not there any more. */
  readonly fewer: boolean;
  /** Versions went back: etcd was restored. */
  readonly older: boolean;
}

/** A list that comes as the first events of a watch. */
export interface StreamedList<R extends Meta> {
  readonly records: Map<string, R>;
  /** It is whole. */
  whole(version: string): Promise<void>;
}

export class Intake<R extends Meta> {
  readonly #resource: Pick<Resource<R>, 'read' | 'changed'>;
  readonly #pause: () => Promise<void>;
  readonly #store: RecordStore<R> = { records: new Map(), version: '' };

  /** `pause`: lets others come to their turn. */
  constructor(resource: Pick<Resource<R>, 'read' | 'changed'>, pause: () => Promise<void>) {
    this.#resource = resource;
    this.#pause = pause;
  }

  get version(): string {
    return this.#store.version;
  }

  /** Records. */
  get size(): number {
    return this.#store.records.size;
  }

  read(raw: Raw): R {
    try {
      return this.#resource.read(raw);
    } catch (cause) {
      throw new BrokenLine('an object that cannot be read', { cause });
    }
  }

  /**
   * Puts a whole list in the place of what was known, at once, so that nobody sees half of it; `noted`
   * hears of it before the resource does. Of the first list there is nothing to mix up: it is taken in
   * parts, so that tens of thousands of records do not stop everything else.
   */
  async takeList(
    records: ReadonlyMap<string, R>,
    { version, anew }: { readonly version: string; readonly anew: boolean },
    noted: (listed: Listed) => void,
  ): Promise<void> {
    if (this.#store.version === '') {
      noted({ older: false, fewer: false, changed: true });
      return await this.#takeFirst(records, version);
    }
    // The last page of it was parsed in this turn.
    await this.#pause();
    const older = isOlder(this.#store, records, version);
    const changes = swapRecords(this.#store, records, { version, anew: anew || older });
    const fewer = changes.some(({ after }) => after === undefined);
    noted({ older, fewer, changed: changes.length > 0 });
    this.#resource.changed(changes);
  }

  async #takeFirst(records: ReadonlyMap<string, R>, version: string): Promise<void> {
    let changes: Change<R>[] = [];
    for (const [uid, after] of records) {
      this.#store.records.set(uid, after);
      changes.push({ before: undefined, after });
      if (changes.length < AT_ONCE) continue;
      this.#resource.changed(changes);
      changes = [];
      await this.#pause();
    }
    this.#resource.changed(changes);
    this.#store.version = version;
  }

  async follow(events: AsyncIterable<WatchEvent>, list?: StreamedList<R>): Promise<WatchEnd> {
    let pending = list;
    for await (const event of events) {
      if (event.type === 'ERROR') return event.object;
      if (pending) {
        const version = this.#gather(event, pending.records);
        if (version === undefined) continue;
        await pending.whole(version);
        pending = undefined;
      } else if (this.#take(event) === 'disorder') {
        return 'relist';
      }
    }
    return pending ? 'relist' : 'ended';
  }

  #take(event: Exclude<WatchEvent, { readonly type: 'ERROR' }>): Applied<R> {
    if (event.type === 'BOOKMARK') {
      takeBookmark(this.#store, event.object.metadata?.resourceVersion);
      return 'known';
    }
    const applied = applyEvent(this.#store, event.type, this.read(event.object));
    if (applied !== 'known' && applied !== 'disorder') this.#resource.changed([applied]);
    return applied;
  }

  /** The version of the list that is whole with it. */
  #gather(
    { type, object }: Exclude<WatchEvent, { readonly type: 'ERROR' }>,
    records: Map<string, R>,
  ): string | undefined {
    if (type === 'BOOKMARK') {
      const { annotations = {}, resourceVersion } = object.metadata ?? {};
      return annotations[LIST_END] === 'true' ? resourceVersion : undefined;
    }
    const record = this.read(object);
    const before = records.get(record.uid);
    // In the first events too a newer state is never overwritten.
    if (before && compareVersions(record.version, before.version) <= 0) return undefined;
    if (type === 'DELETED') records.delete(record.uid);
    else records.set(record.uid, record);
    return undefined;
  }
}

const AT_ONCE = 500;
const LIST_END = 'k8s.io/initial-events-end';
