// What a leader does in the store and at the edges, round after round, until its term is over.
//
// Comes in: changes that passed the guard, and the passing of time. Goes out: commits, pushes, late
// seedings. On failure: `over` ends the term; an unanswered call throws `redis-unavailable`, which
// ends it too, for nobody knows then what was written (R2).

import type { AppName } from '../model.ts';
import { compareStamps, HOLDS, type Document } from './document.ts';
import type { Push } from './edge-link.ts';
import type { Beats } from './edge-state.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import type { HistoryLine } from './history-store.ts';
import type { Published } from './published.ts';
import { sayRefusal } from './refusals.ts';
import { isRefusal, type Committed, type Lease, type Put, type Store } from './store.ts';
import { counterOf, isPlausible } from './counter.ts';

const KEEP_UP_MS = 1000;
/** So often in its time a lease is renewed: what comes late once loses nothing. */
const RENEWALS = 3;

/** How often a leader keeps up. */
export const keepUpMs = (leaseMs: number): number => Math.min(KEEP_UP_MS, leaseMs / RENEWALS);

/** The term is over; a next one takes at least this counter. */
export interface Over {
  readonly over: string;
  readonly counter: number;
}

export interface LeadershipOptions {
  readonly store: Store;
  readonly lease: Lease;
  readonly address: string;
  readonly leaseMs: number;
  /** Sends to every edge; does not wait. */
  readonly push: (push: Push) => void;
  readonly onBeats: (beats: Beats) => void;
  /** Documents changed by others: by an endpoint, or seeded late. */
  readonly onForeign: (apps: readonly AppName[]) => void;
  readonly keeper?: HistoryKeeper;
}

export interface Leadership {
  readonly published: Published;
  /** `again`: computed from what was just replaced; compute anew. `audit`: JSON text. */
  commit(
    puts: readonly Put[],
    history: readonly HistoryLine[],
    audit?: string,
  ): Promise<Committed | 'again' | Over>;
  /** Renews the lease, hears heartbeats, seeds what lies above, notices commits of others. */
  keepUp(): Promise<Over | undefined>;
}

export function openLeadership(options: LeadershipOptions, published: Published): Leadership {
  const { store, lease } = options;
  const own = counterOf(lease.term);
  const over = (why: string, counter = own): Over => ({ over: why, counter });

  const send = (documents: readonly Document[], committed: Committed): void => {
    const stamp = (version: number) => ({ term: lease.term, version });
    options.push({
      term: lease.term,
      base: stamp(committed.previous),
      mark: stamp(committed.version),
      documents,
    });
  };

  const wereUnreadable = published.unreadable.has(HOLDS);
  let pause = 1;
  let passed = 0;

  /** What is held and cannot be read is read again after 1, 2, 4 ... 32 looks. */
  const isToRead = (): boolean => {
    passed += 1;
    if (!published.unreadable.has(HOLDS)) pause = 1;
    else if (passed >= pause) pause = Math.min(32, pause * 2);
    else return false;
    passed = 0;
    return published.unreadable.has(HOLDS);
  };

  const reread = async (): Promise<void> => {
    const before = published.documents();
    const contents = await store.read();
    // Another leads by now: what it wrote is not shown as ours; the next look ends the term.
    if (contents.term !== lease.term) return;
    const changed = [...contents.documents.values()].filter((document) => {
      const known = before.get(document.app);
      return !known || compareStamps(document.stamp, known.stamp) !== 0;
    });
    const { version, unreadable } = contents;
    published.apply({ term: lease.term, version }, changed, unreadable);
    options.onForeign([...changed.map((document) => document.app), ...unreadable.keys()]);
  };

  const seedLate = async (documents: readonly Document[]): Promise<Over | undefined> => {
    const seeded = await store.seed(lease, documents);
    if (isRefusal(seeded)) return over(`a late seeding was refused: ${sayRefusal(seeded)}`);
    await reread();
    send(documents, seeded);
    return undefined;
  };

  const hearEdges = async (): Promise<Over | undefined> => {
    const above = new Map<AppName, Document>();
    const beats = await store.heartbeats();
    options.onBeats(beats);
    for (const state of beats.states) {
      if (state.highest > lease.term && isPlausible(counterOf(state.highest), own)) {
        return over(`${state.name} has seen a higher term`, counterOf(state.highest));
      }
      for (const document of state.above) {
        if (!liesAbove(document, published.documents().get(document.app))) continue;
        if (liesAbove(document, above.get(document.app))) above.set(document.app, document);
      }
    }
    return above.size > 0 ? seedLate([...above.values()]) : undefined;
  };

  return {
    published,
    async commit(puts, history, audit) {
      const { holds } = published;
      const round = {
        puts,
        history,
        ...(holds && { holds }),
        ...(audit !== undefined && { audit }),
      };
      const reply = await store.commit(lease, round);
      if (isRefusal(reply)) {
        if (reply.refused === 'holds-moved' || reply.refused === 'owned-by-endpoint') {
          await reread();
          return 'again';
        }
        return over(`a commit was refused: ${sayRefusal(reply)}`);
      }
      options.keeper?.committed(reply.version);
      const mark = { term: lease.term, version: reply.version };
      const documents = puts.map((put, index) =>
        documentOf(put, mark, reply.digests[index] ?? '-'),
      );
      send(documents, reply);
      // Somebody else's commit lies between: both are taken at once, or a reader who asks in between
      // would be told that it has everything up to this one.
      if (reply.previous === published.mark.version) published.apply(mark, documents);
      else await reread();
      return reply;
    },
    async keepUp() {
      const refused = await store.renew(lease, options.address, options.leaseMs);
      if (refused) return over(`the lease was lost: ${sayRefusal(refused)}`);
      const now = await store.version();
      if (now.term !== lease.term) return over('another term is on record', counterOf(now.term));
      if (isToRead() || now.version !== published.mark.version) await reread();
      if (!wereUnreadable && published.unreadable.has(HOLDS)) {
        return over('what is held cannot be read: a new term asks the edges for it');
      }
      const heard = await hearEdges();
      options.keeper?.tick();
      return heard;
    },
  };
}

function liesAbove(document: Document, other: Document | undefined): boolean {
  return other === undefined || compareStamps(document.stamp, other.stamp) > 0;
}

function documentOf(put: Put, stamp: Document['stamp'], digest: string): Document {
  const owner = put.owner === 'adopted' ? 'controller' : put.owner;
  const { app, body } = put;
  return { app, stamp, digest, owner, ...(body !== undefined && { body }) };
}
