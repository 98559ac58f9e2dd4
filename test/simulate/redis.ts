// Redis as processes see it: a master, what its replica had at each moment, perhaps an old master that
// lives on with some of its clients.
//
// Comes in: calls over the network, faults. Goes out: the answers of the store in memory (src/edges/
// memory.ts), and the word of everything that was accepted. On failure: a call that gets no answer ends
// in `redis-unavailable`, though it may have been done, or may be done later.

import { BallastError } from '../../src/errors.ts';
import { openMemoryStore, type Dump, type MemoryStore } from '../../src/edges/memory.ts';
import type { Lease, Store } from '../../src/edges/store.ts';
import type { Entry, JobJournal } from '../../src/jobs/journal.ts';
import {
  openMemoryJournal,
  type JournalDump,
  type MemoryJournal,
} from '../../src/jobs/memory-journal.ts';
import { openMemoryPages, type MemoryPages, type PagesDump } from '../../src/jobs/memory-pages.ts';
import type { Job, JobHead } from '../../src/jobs/record.ts';
import type { SharedPages } from '../../src/jobs/shared-pages.ts';
import type { Network, Place } from './network.ts';
import type { Process, Time } from './time.ts';

/** As redis-connection.ts has it. */
const PATIENCE_MS = 2000;
const PLACE = { name: 'store' };
const DUMPS_KEPT = 300;

/** Of jobs: a stream of chance of its own, so that they move nothing where there are none. */
const JOURNAL = { name: 'store', stream: 'journal' };

type OnWrite = (before: Dump, after: Dump, by: string) => void;
/** What the journal of jobs took; `here`: the Redis that did. */
export type OnEntry = (entry: Entry, before: Job | undefined, by: Process, here: string) => void;

/** One Redis: documents, jobs, and what jobs share. */
interface Node {
  readonly store: MemoryStore;
  readonly journal: MemoryJournal;
  readonly pages: MemoryPages;
}

interface NodeDump {
  readonly store: Dump;
  readonly journal: JournalDump;
  readonly pages: PagesDump;
}

export class Redis {
  readonly #time: Time;
  readonly #network: Network;
  readonly #onWrite: OnWrite;
  readonly #waiting = new Set<() => void>();
  readonly #dumps: NodeDump[] = [];
  onEntry: OnEntry = () => undefined;
  onEntryAnswered: (head: JobHead, by: Process) => void = () => undefined;
  onJobRead: (job: Job, by: Process, here: string) => void = () => undefined;
  /** A person confirmed the list of edges, in this Redis. */
  onConfirmed: (here: string) => void = () => undefined;
  #master: Node;
  #old: { readonly node: Node; readonly clients: Set<string> } | undefined;
  #masters = 1;
  /** Its time of day, beside the true one. */
  skewMs = 0;
  isDown = false;

  constructor(time: Time, network: Network, onWrite: OnWrite) {
    this.#time = time;
    this.#network = network;
    this.#onWrite = onWrite;
    this.#master = this.#open();
  }

  get dump(): Dump {
    return this.#master.store.dump();
  }

  /** Of jobs, as a process has them; absent: as the master has them. */
  jobs(client?: Process): JournalDump {
    return this.#nodeOf(client?.name).journal.dump();
  }

  /** Which Redis a process is at: another id at each restart, restore and fail-over. */
  idOf(client: Process): string {
    return this.#nodeOf(client.name).store.id();
  }

  /** The store as one process has it. */
  of(process: Process): Store {
    const call = <Answer>(act: (store: MemoryStore) => Answer): Promise<Awaited<Answer>> =>
      this.call(process, act);
    return {
      history: {
        changes: (...args) => call((store) => store.history.changes(...args)),
        words: (...args) => call((store) => store.history.words(...args)),
        note: (...args) => call((store) => store.history.note(...args)),
        acknowledge: (...args) => call((store) => store.history.acknowledge(...args)),
        acknowledged: (...args) => call((store) => store.history.acknowledged(...args)),
        trim: (...args) => call((store) => store.history.trim(...args)),
      },
      take: (...args) => call((store) => store.take(...args)),
      renew: (...args) => call((store) => store.renew(...args)),
      takeTerm: (...args) => call((store) => store.takeTerm(...args)),
      release: (...args) => call((store) => store.release(...args)),
      commit: (...args) => call((store) => store.commit(...args)),
      seed: (...args) => call((store) => store.seed(...args)),
      read: () => call((store) => store.read()),
      version: () => call((store) => store.version()),
      heartbeats: () => call((store) => store.heartbeats()),
      beat: (...args) => call((store) => store.beat(...args)),
      retire: (...args) => call((store) => store.retire(...args)),
      notes: {
        claim: (...args) => call((store) => store.notes.claim(...args)),
        put: (...args) => call((store) => store.notes.put(...args)),
        drop: (...args) => call((store) => store.notes.drop(...args)),
      },
      close: async () => undefined,
    };
  }

  /** The journal as one process has it. */
  journalOf(process: Process): JobJournal {
    const call = <Answer>(act: (node: Node) => Answer): Promise<Awaited<Answer>> =>
      this.#call(process, JOURNAL, act);
    return {
      put: async (lease, entry) => {
        const refused = await call((node) => this.#put(node, process, lease, entry));
        if (!refused) this.onEntryAnswered(entry.head, process);
        return refused;
      },
      check: (lease) => call(({ journal }) => journal.check(lease)),
      drop: (lease, head) => call(({ journal }) => journal.drop(lease, head)),
      heads: () => call(({ journal }) => journal.heads()),
      read: (id) =>
        call(({ store, journal }) => {
          const job = journal.dump().jobs.get(id);
          if (job) this.onJobRead(job, process, store.id());
          return journal.read(id);
        }),
      locks: () => call(({ journal }) => journal.locks()),
      confirm: (lease, said) =>
        call(({ store, journal }) => {
          const answer = journal.confirm(lease, said);
          if (journal.dump().confirmed === said) this.onConfirmed(store.id());
          return answer;
        }),
      confirmed: () => call(({ journal }) => journal.confirmed()),
      close: async () => undefined,
    };
  }

  /** What jobs share, as one process has it. */
  pagesOf(process: Process): SharedPages {
    const call = <Answer>(act: (node: Node) => Answer): Promise<Awaited<Answer>> =>
      this.#call(process, JOURNAL, act);
    return {
      read: () => call(({ pages }) => pages.read()),
      write: (lease, name, page) => call(({ pages }) => pages.write(lease, name, page)),
    };
  }

  /** One command, done where and when it arrives. */
  call<Answer>(process: Process, act: (store: MemoryStore) => Answer): Promise<Awaited<Answer>> {
    return this.#call(process, PLACE, ({ store }) => act(store));
  }

  async #call<Answer>(
    process: Process,
    place: Place,
    act: (node: Node) => Answer,
  ): Promise<Awaited<Answer>> {
    const serve = (): Answer => {
      if (this.isDown) throw new BallastError('redis-unavailable', 'down');
      return this.#serve(process.name, act);
    };
    const tried = await this.#network
      .call(process, place, PATIENCE_MS, () => settled(serve))
      .catch((error: unknown) => ({ error }));
    if ('answer' in tried) return tried.answer;
    const { error: cause } = tried;
    if (cause instanceof BallastError) throw cause;
    throw new BallastError('redis-unavailable', String(cause), { cause });
  }

  /** Resolves when somebody has written since version `last`, or `ms` later (a blocking read). */
  async waitForWrite(process: Process, ms: number, last: number): Promise<void> {
    if (this.#nodeOf(process.name).store.dump().version !== last) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        off();
        this.#waiting.delete(end);
        process.after(1, resolve);
      };
      const off = process.after(ms, end);
      this.#waiting.add(end);
    });
  }

  /** The replica, so many writes behind, is promoted. `clients` stay with the old master for a while. */
  failOver(behind: number, clients: readonly string[] = []): void {
    const dump = this.#dumps.at(-1 - behind) ?? this.#dumps[0] ?? dumpOf(this.#master);
    if (clients.length > 0) this.#old = { node: this.#master, clients: new Set(clients) };
    this.#master = this.#open();
    this.#load(dump);
  }

  endOldMaster(): void {
    this.#old = undefined;
  }

  /** An earlier dump; `keepsRunId`: there and back again, to a replica and to the first node. */
  goBack(part: number, keepsRunId: boolean): void {
    const dump = this.#dumps[Math.floor(part * this.#dumps.length)] ?? dumpOf(this.#master);
    this.#load(dump, keepsRunId);
  }

  wipe(): void {
    this.#master.store.restart(true);
    this.#master.journal.load(undefined);
    this.#master.pages.load(undefined);
    this.#dumps.push(dumpOf(this.#master));
  }

  restart(): void {
    this.#master.store.restart();
  }

  #nodeOf(client: string | undefined): Node {
    return client !== undefined && this.#old?.clients.has(client) ? this.#old.node : this.#master;
  }

  #open(): Node {
    const store = openMemoryStore(() => this.#time.now + this.skewMs, `m${this.#masters++}-`);
    return { store, journal: openMemoryJournal(store), pages: openMemoryPages(store) };
  }

  #load(dump: NodeDump, keepsRunId = false): void {
    const { store, journal, pages } = this.#master;
    store.load(dump.store, keepsRunId);
    journal.load(dump.journal);
    pages.load(dump.pages);
    this.#dumps.push(dump);
  }

  /** What is in it changes at once, before there is an answer. */
  #put({ store, journal }: Node, process: Process, lease: Lease, entry: Entry) {
    const before = journal.dump();
    const answer = journal.put(lease, entry);
    if (journal.dump() !== before) {
      this.onEntry(entry, before.jobs.get(entry.head.id), process, store.id());
    }
    return answer;
  }

  #serve<Answer>(client: string, act: (node: Node) => Answer): Answer {
    const node = this.#nodeOf(client);
    const before = dumpOf(node);
    const answer = act(node);
    const after = dumpOf(node);
    if (isSame(before, after)) return answer;
    if (after.store.version !== before.store.version) {
      this.#onWrite(before.store, after.store, client);
      for (const end of [...this.#waiting]) end();
    }
    if (node === this.#master) {
      this.#dumps.push(after);
      if (this.#dumps.length > DUMPS_KEPT) this.#dumps.splice(0, DUMPS_KEPT / 2);
    }
    return answer;
  }
}

function dumpOf({ store, journal, pages }: Node): NodeDump {
  return { store: store.dump(), journal: journal.dump(), pages: pages.dump() };
}

function isSame(one: NodeDump, other: NodeDump): boolean {
  const { store, journal, pages } = other;
  return one.store === store && one.journal === journal && one.pages === pages;
}

/** What is thrown where it is served comes back over the network, like any answer; or is lost. */
async function settled<Answer>(
  serve: () => Answer,
): Promise<{ readonly answer: Awaited<Answer> } | { readonly error: unknown }> {
  try {
    return { answer: await serve() };
  } catch (error) {
    return { error };
  }
}
