// The store in memory, with the semantics of the scripts in lua/redis/. It serves tests and the
// simulation, passes test/conformance/store.ts as the one on Redis does, and is held against the
// scripts by random operations (test/lua/store-agreement.test.ts).

import { memoryNotes } from './call-notes.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Owner, Stamp } from '../model.ts';
import { digestOf } from './digest.ts';
import { compareStamps, HOLDS, isDeleted, stampText, type Document } from './document.ts';
import { readBeats, type EdgeState } from './edge-state.ts';
import { memoryHistory, NO_HISTORY, type HistoryDump } from './memory-history.ts';
import type { Committed, LastWord, Lease, Put, Round, Store, StoreRefusal } from './store.ts';

export interface MemoryStore extends Store {
  /** Until true again, every call ends in `redis-unavailable`. */
  setUp(up: boolean): void;
  /** As a restart does: another run_id; `empty` loses everything. */
  restart(empty?: boolean): void;
  /** All that is in it. What is written later changes nothing in a dump. */
  dump(): Dump;
  /** As a replica that is promoted, or a Redis that is restored: other ids, and what the dump has. */
  load(dump: Dump, keepsRunId?: boolean): void;
  /** Another after each restart, and each load. */
  id(): string;
  /** Why nothing may be written under this lease, as lua/redis/job-1.lua says. */
  refuses(lease: Lease): StoreRefusal | undefined;
  /** What an edge's endpoint does: writes one document (without a body: deletes it). */
  writeOne(app: AppName, body?: string): OneWritten | StoreRefusal;
}

/** A commit by an edge's endpoint, under the term on record. */
export interface OneWritten extends Committed {
  readonly term: number;
}

/** An entry of the stream `changes`. */
export interface ChangeEntry {
  readonly version: number;
  /** Empty: a commit without documents. */
  readonly app: AppName;
  /** The version before this commit. */
  readonly prev: number;
}

export interface Dump {
  readonly record: LeaderRecord | undefined;
  readonly version: number;
  readonly documents: ReadonlyMap<AppName, Document>;
  readonly changes: readonly ChangeEntry[];
  readonly heartbeats: ReadonlyMap<string, EdgeState>;
  /** Edges that a person retired. */
  readonly retired: ReadonlySet<string>;
  readonly history: HistoryDump;
}

interface LeaderRecord {
  readonly holder: string;
  readonly address: string;
  readonly expiry: number;
  readonly term: number;
  readonly runId: string;
  readonly replId: string;
}

const NOTHING: Dump = {
  record: undefined,
  version: 0,
  documents: new Map(),
  changes: [],
  heartbeats: new Map(),
  retired: new Set(),
  history: NO_HISTORY,
};
const CHANGES_KEPT = 500;

/** `now` gives the store's own milliseconds; `name` tells its run_ids from those of another. */
export function openMemoryStore(now: () => number, name = ''): MemoryStore {
  let up = true;
  let run = 1;
  let repl = 1;
  let data = NOTHING;

  const answer = async <T>(make: () => T): Promise<T> => {
    if (!up) throw new BallastError('redis-unavailable', 'the store is down');
    return make();
  };
  const place = {
    now,
    version: () => data.version,
    get: () => data.history,
    set: (history: HistoryDump) => {
      data = { ...data, history };
    },
  };
  const history = memoryHistory(place, answer);
  const here = () => ({ runId: `${name}run${run}`, replId: `${name}repl${repl}` });
  const isHere = ({ runId, replId }: Pick<Lease, 'runId' | 'replId'>): boolean =>
    runId === here().runId && replId === here().replId;

  const holds = (lease: Lease): StoreRefusal | undefined => {
    if (data.record?.holder !== lease.holder) return no('not-leader');
    return isHere(lease) ? undefined : no('redis-changed');
  };
  const extend = (lease: Lease, address: string, ttlMs: number, term?: number): void => {
    const before = data.record ?? { term: 0, runId: '', replId: '' };
    const expiry = now() + ttlMs;
    const record = { ...before, holder: lease.holder, address, expiry, term: term ?? before.term };
    data = { ...data, record };
  };
  const write = (puts: readonly Document[], floor: number): Committed => {
    const prev = data.version;
    const version = Math.max(prev, floor) + 1;
    const documents = new Map(data.documents);
    for (const put of puts) documents.set(put.app, put);
    const apps = puts.length > 0 ? puts.map(({ app }) => app) : [''];
    const changes = [...data.changes, ...apps.map((app) => ({ version, app, prev }))];
    data = { ...data, version, documents, changes: changes.slice(-CHANGES_KEPT) };
    return { version, previous: prev, digests: puts.map((put) => put.digest) };
  };
  const isTerm = ({ term }: Lease): StoreRefusal | undefined =>
    data.record?.term === term ? undefined : no('not-leader');
  const mayCommit = (lease: Lease): StoreRefusal | undefined => {
    if (lease.term === 0) return no('not-leader');
    return isTerm(lease) ?? holds(lease);
  };
  const isSeeded = (): StoreRefusal | undefined =>
    data.record && isHere(data.record) ? undefined : no('redis-changed');
  const mayRound = ({ holds: computedFrom }: Round): StoreRefusal | undefined => {
    const held = textOf(data.documents.get(HOLDS)?.stamp);
    return held === textOf(computedFrom) ? undefined : no('holds-moved', held);
  };
  const mayPut = ({ app, owner, body }: Put): StoreRefusal | undefined => {
    const before = data.documents.get(app);
    const there = before !== undefined && !isDeleted(before);
    if (there && before.owner === 'endpoint' && owner === 'controller') {
      return no('owned-by-endpoint', app);
    }
    return body === undefined && !there ? no('nothing-to-delete', app) : undefined;
  };
  const documentOf = ({ app, owner, body }: Put, term: number): Document => ({
    app,
    stamp: { term, version: data.version + 1 },
    owner: (owner === 'adopted' ? 'controller' : owner) satisfies Owner,
    digest: digestOf(body),
    ...(body !== undefined && { body }),
  });
  const round = (lease: Lease, request: Round): Committed | StoreRefusal => {
    const refused = mayCommit(lease) ?? isSeeded() ?? mayRound(request);
    const unfit = refused ?? request.puts.map(mayPut).find((one) => one !== undefined);
    if (unfit) return unfit;
    const puts = request.puts.map((put) => documentOf(put, lease.term));
    const deleted = new Set(puts.filter(isDeleted).map(({ app }) => app));
    const committed = write(puts, 0);
    history.written({ ...request, term: lease.term, version: committed.version, deleted });
    return committed;
  };
  const seed = (lease: Lease, seeds: readonly Document[]): Committed | StoreRefusal => {
    const refused = mayCommit(lease);
    if (refused || !data.record) return refused ?? no('not-leader');
    data = { ...data, record: { ...data.record, ...here() } };
    const above = seeds.filter(({ app, stamp }) => {
      const before = data.documents.get(app);
      return !before || compareStamps(stamp, before.stamp) > 0;
    });
    return write(above, Math.max(0, ...seeds.map(({ stamp }) => stamp.version)));
  };
  const isOwned = (app: AppName): StoreRefusal | undefined => {
    const before = data.documents.get(app);
    const owned = before && !isDeleted(before) && before.owner === 'controller';
    return owned ? no('owned-by-controller', app) : undefined;
  };
  const isHostTaken = (app: AppName, body: string): StoreRefusal | undefined => {
    const wanted = hostsOf(body);
    const rivals = [...data.documents.values()].filter((one) => one.app !== app && one.body);
    const rival = rivals.find((one) => hostsOf(one.body).some((host) => wanted.includes(host)));
    return rival && no('host-taken', rival.app);
  };
  const writeOne = (app: AppName, body?: string): OneWritten | StoreRefusal => {
    const term = data.record?.term;
    if (!term) return no('no-leader');
    const put = { app, owner: 'endpoint', ...(body !== undefined && { body }) } as const;
    const refused = isSeeded() ?? isOwned(app) ?? mayPut(put);
    const unfit = refused ?? (body === undefined ? undefined : isHostTaken(app, body));
    return unfit ?? { ...write([documentOf(put, term)], 0), term };
  };

  return {
    history,
    setUp(value) {
      up = value;
    },
    restart(empty = false) {
      run += 1;
      repl += 1;
      if (empty) data = NOTHING;
    },
    dump: () => data,
    id: () => `${here().runId} ${here().replId}`,
    load(dump, keepsRunId = false) {
      if (!keepsRunId) run += 1;
      repl += 1;
      data = dump;
    },
    writeOne,
    refuses(lease) {
      if (!up) throw new BallastError('redis-unavailable', 'the store is down');
      return mayCommit(lease) ?? isSeeded();
    },
    take: (holder, address, ttlMs) =>
      answer(() => {
        const { record } = data;
        if (record && record.holder !== '' && record.holder !== holder && record.expiry > now()) {
          return { heldBy: record.holder, address: record.address, leftMs: record.expiry - now() };
        }
        const lease = { holder, term: record?.term ?? 0, ...here() };
        extend(lease, address, ttlMs);
        return lease;
      }),
    renew: (lease, address, ttlMs) =>
      answer(() => {
        const refused = holds(lease) ?? isTerm(lease);
        if (!refused) extend(lease, address, ttlMs);
        return refused;
      }),
    takeTerm: (lease, address, ttlMs, term) =>
      answer(() => {
        const refused = holds(lease);
        if (refused || !data.record) return refused ?? no('not-leader');
        if (term <= data.record.term) return no('term-too-low', String(data.record.term));
        extend(lease, address, ttlMs, term);
        return { ...lease, term };
      }),
    release: (lease) =>
      answer(() => {
        const { record } = data;
        if (record?.holder !== lease.holder) return;
        data = { ...data, record: { ...record, holder: '', expiry: 0 } };
      }),
    commit: (lease, request) => answer(() => round(lease, request)),
    seed: (lease, seeds) => answer(() => seed(lease, seeds)),
    read: () =>
      answer(() => ({
        term: data.record?.term ?? 0,
        version: data.version,
        documents: new Map(data.documents),
        unreadable: new Map(),
      })),
    version: () => answer(() => ({ term: data.record?.term ?? 0, version: data.version })),
    heartbeats: () =>
      answer(() => ({ states: [...data.heartbeats.values()], retired: [...data.retired] })),
    beat: (edge, text) =>
      answer(() => {
        const [state] = readBeats([text]).states;
        if (!state) return;
        const heartbeats = new Map(data.heartbeats).set(edge, state);
        data = { ...data, heartbeats, retired: data.retired.difference(new Set([edge])) };
      }),
    retire: (edge, last, audit) =>
      answer(() => {
        const word = data.heartbeats.get(edge);
        if (word && hasSpoken(word, last)) return false;
        const heartbeats = new Map(data.heartbeats);
        heartbeats.delete(edge);
        data = { ...data, heartbeats, retired: data.retired.union(new Set([edge])) };
        history.noted(audit);
        return true;
      }),
    notes: memoryNotes(answer, now),
    close: async () => undefined,
  };
}

function hasSpoken(word: EdgeState, { start, beat }: LastWord = { start: '', beat: 0 }): boolean {
  return word.start !== start || word.beat > beat;
}

function no(refused: StoreRefusal['refused'], detail = ''): StoreRefusal {
  return { refused, detail };
}

function textOf(stamp: Stamp | undefined): string {
  return stamp ? stampText(stamp) : '';
}

function hostsOf(body: string | undefined): readonly string[] {
  if (body === undefined) return [];
  return (JSON.parse(body) as { hosts?: readonly string[] }).hosts ?? [];
}
