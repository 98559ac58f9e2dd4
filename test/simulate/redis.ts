// Redis as processes see it: a master, what its replica had at each moment, perhaps an old master that
// lives on with some of its clients.
//
// Comes in: calls over the network, faults. Goes out: the answers of the store in memory (src/edges/
// memory.ts), and the word of everything that was accepted. On failure: a call that gets no answer ends
// in `redis-unavailable`, though it may have been done, or may be done later.

import { BallastError } from '../../src/errors.ts';
import { openMemoryStore, type Dump, type MemoryStore } from '../../src/edges/memory.ts';
import type { Store } from '../../src/edges/store.ts';
import type { Network } from './network.ts';
import type { Process, Time } from './time.ts';

/** As redis-connection.ts has it. */
const PATIENCE_MS = 2000;
const PLACE = { name: 'store' };
const DUMPS_KEPT = 300;

type OnWrite = (before: Dump, after: Dump, by: string) => void;

export class Redis {
  readonly #time: Time;
  readonly #network: Network;
  readonly #onWrite: OnWrite;
  readonly #waiting = new Set<() => void>();
  readonly #dumps: Dump[] = [];
  #master: MemoryStore;
  #old: { readonly store: MemoryStore; readonly clients: Set<string> } | undefined;
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
    return this.#master.dump();
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

  /** One command, done where and when it arrives. */
  async call<Answer>(
    process: Process,
    act: (store: MemoryStore) => Answer,
  ): Promise<Awaited<Answer>> {
    const serve = (): Answer => {
      if (this.isDown) throw new BallastError('redis-unavailable', 'down');
      return this.#serve(process.name, act);
    };
    const tried = await this.#network
      .call(process, PLACE, PATIENCE_MS, () => settled(serve))
      .catch((error: unknown) => ({ error }));
    if ('answer' in tried) return tried.answer;
    const { error: cause } = tried;
    if (cause instanceof BallastError) throw cause;
    throw new BallastError('redis-unavailable', String(cause), { cause });
  }

  /** Resolves when somebody has written since version `last`, or `ms` later (a blocking read). */
  async waitForWrite(process: Process, ms: number, last: number): Promise<void> {
    if (this.#storeOf(process.name).dump().version !== last) return;
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
    const dump = this.#dumps.at(-1 - behind) ?? this.#dumps[0] ?? this.dump;
    if (clients.length > 0) this.#old = { store: this.#master, clients: new Set(clients) };
    this.#master = this.#open();
    this.#load(dump);
  }

  endOldMaster(): void {
    this.#old = undefined;
  }

  /** An earlier dump; `keepsRunId`: there and back again, to a replica and to the first node. */
  goBack(part: number, keepsRunId: boolean): void {
    const dump = this.#dumps[Math.floor(part * this.#dumps.length)] ?? this.dump;
    this.#load(dump, keepsRunId);
  }

  wipe(): void {
    this.#master.restart(true);
    this.#dumps.push(this.dump);
  }

  restart(): void {
    this.#master.restart();
  }

  #storeOf(client: string): MemoryStore {
    return this.#old?.clients.has(client) ? this.#old.store : this.#master;
  }

  #open(): MemoryStore {
    return openMemoryStore(() => this.#time.now + this.skewMs, `m${this.#masters++}-`);
  }

  #load(dump: Dump, keepsRunId = false): void {
    this.#master.load(dump, keepsRunId);
    this.#dumps.push(dump);
  }

  #serve<Answer>(client: string, act: (store: MemoryStore) => Answer): Answer {
    const store = this.#storeOf(client);
    const before = store.dump();
    const answer = act(store);
    const after = store.dump();
    if (after === before) return answer;
    if (after.version !== before.version) {
      this.#onWrite(before, after, client);
      for (const end of [...this.#waiting]) end();
    }
    if (store === this.#master) {
      this.#dumps.push(after);
      if (this.#dumps.length > DUMPS_KEPT) this.#dumps.splice(0, DUMPS_KEPT / 2);
    }
    return answer;
  }
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
