// The store in memory, with the semantics of the scripts in lua/redis/. It serves tests and the
// simulation, and passes test/conformance/store.ts as the one on Redis does.

import { BallastError } from '../errors.ts';
import type { AppName, Owner, Stamp } from '../model.ts';
import { digestOf } from './digest.ts';
import { compareStamps, HOLDS, isDeleted, stampText, type Document } from './document.ts';
import { parseEdgeState, type EdgeState } from './edge-state.ts';
import type { Committed, Lease, Put, Round, Store, StoreRefusal } from './store.ts';

export interface MemoryStore extends Store {
  readonly heartbeatsNow: Map<string, EdgeState>;
  /** Until true again, every call ends in `redis-unavailable`. */
  setUp(up: boolean): void;
  /** As a restart does: another run_id; `empty` loses everything. */
  restart(empty?: boolean): void;
}

interface Record {
  holder: string;
  address: string;
  expiry: number;
  term: number;
  runId: string;
  replId: string;
}

/** `now` gives the store's own milliseconds. */
export function openMemoryStore(now: () => number): MemoryStore {
  let up = true;
  let run = 1;
  let record: Record | undefined;
  let version = 0;
  let documents = new Map<AppName, Document>();
  const heartbeats = new Map<string, EdgeState>();

  const answer = async <T>(make: () => T): Promise<T> => {
    if (!up) throw new BallastError('redis-unavailable', 'the store is down');
    return make();
  };
  const runId = (): string => `run${run}`;
  const present = (lease: Lease): boolean => lease.runId === runId() && lease.replId === runId();
  const no = (refused: StoreRefusal['refused'], detail = ''): StoreRefusal => ({ refused, detail });

  const holds = (lease: Lease): StoreRefusal | undefined => {
    if (record?.holder !== lease.holder) return no('not-leader');
    return present(lease) ? undefined : no('redis-changed');
  };
  const extend = (lease: Lease, address: string, ttlMs: number): void => {
    if (!record) return;
    record = { ...record, holder: lease.holder, address, expiry: now() + ttlMs };
  };
  const write = (puts: readonly Document[], floor: number): Committed => {
    const previous = version;
    version = Math.max(version, floor) + 1;
    for (const put of puts) documents.set(put.app, put);
    return { version, previous, digests: puts.map((put) => put.digest) };
  };
  const mayCommit = (lease: Lease): StoreRefusal | undefined => {
    if (record?.term !== lease.term) return no('not-leader');
    return holds(lease);
  };
  const mayRound = ({ holds: computedFrom }: Round): StoreRefusal | undefined => {
    if (record?.runId !== runId()) return no('redis-changed');
    const held = textOf(documents.get(HOLDS)?.stamp);
    return held === textOf(computedFrom) ? undefined : no('holds-moved', held);
  };
  const mayPut = ({ app, owner, body }: Put): StoreRefusal | undefined => {
    const before = documents.get(app);
    const there = before !== undefined && !isDeleted(before);
    if (there && before.owner === 'endpoint' && owner === 'controller') {
      return no('owned-by-endpoint', app);
    }
    return body === undefined && !there ? no('nothing-to-delete', app) : undefined;
  };
  const round = (lease: Lease, request: Round): Committed | StoreRefusal => {
    const refused = mayCommit(lease) ?? mayRound(request);
    if (refused) return refused;
    const stamp = { term: lease.term, version: version + 1 };
    const puts: Document[] = [];
    for (const put of request.puts) {
      const unfit = mayPut(put);
      if (unfit) return unfit;
      const owner: Owner = put.owner === 'adopted' ? 'controller' : put.owner;
      const { app, body } = put;
      puts.push({ app, stamp, owner, digest: digestOf(body), ...(body !== undefined && { body }) });
    }
    return write(puts, 0);
  };

  return {
    heartbeatsNow: heartbeats,
    setUp(value) {
      up = value;
    },
    restart(empty = false) {
      run += 1;
      if (!empty) return;
      record = undefined;
      version = 0;
      documents = new Map();
      heartbeats.clear();
    },
    take: (holder, address, ttlMs) =>
      answer(() => {
        if (record && record.holder !== '' && record.holder !== holder && record.expiry > now()) {
          return { heldBy: record.holder, address: record.address, leftMs: record.expiry - now() };
        }
        record ??= { holder, address, expiry: 0, term: 0, runId: '', replId: '' };
        const lease = { holder, term: record.term, runId: runId(), replId: runId() };
        extend(lease, address, ttlMs);
        return lease;
      }),
    renew: (lease, address, ttlMs) =>
      answer(() => {
        const refused = holds(lease) ?? mayCommit(lease);
        if (!refused) extend(lease, address, ttlMs);
        return refused;
      }),
    takeTerm: (lease, address, ttlMs, term) =>
      answer(() => {
        const refused = holds(lease);
        if (refused || !record) return refused ?? no('not-leader');
        if (term <= record.term) return no('term-too-low', String(record.term));
        record = { ...record, term };
        extend(lease, address, ttlMs);
        return { ...lease, term };
      }),
    release: (lease) =>
      answer(() => {
        if (record?.holder === lease.holder) record = { ...record, holder: '', expiry: 0 };
      }),
    commit: (lease, request) => answer(() => round(lease, request)),
    seed: (lease, seeds) =>
      answer(() => {
        const refused = mayCommit(lease);
        if (refused || !record) return refused ?? no('not-leader');
        record = { ...record, runId: runId(), replId: runId() };
        const above = seeds.filter((seed) => {
          const before = documents.get(seed.app);
          return !before || compareStamps(seed.stamp, before.stamp) > 0;
        });
        return write(above, Math.max(0, ...seeds.map((seed) => seed.stamp.version)));
      }),
    read: () =>
      answer(() => ({
        term: record?.term ?? 0,
        version,
        documents: new Map(documents),
        unreadable: new Map(),
      })),
    version: () => answer(() => ({ term: record?.term ?? 0, version })),
    heartbeats: () => answer(() => [...heartbeats.values()]),
    beat: (edge, text) =>
      answer(() => {
        const state = parseEdgeState(text);
        if (state) heartbeats.set(edge, state);
      }),
    close: async () => undefined,
  };
}

function textOf(stamp: Stamp | undefined): string {
  return stamp ? stampText(stamp) : '';
}
