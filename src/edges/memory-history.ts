// History and audit in memory, with the semantics of those on Redis (history-store.ts).

import type { AppName } from '../model.ts';
import {
  compareIds,
  DAY_MS,
  type Acknowledged,
  type Bounds,
  type HistoryLine,
  type HistoryStore,
  type KeptChange,
  type KeptLine,
  type Page,
  type PageAsked,
} from './history-store.ts';

export interface Written {
  readonly term: number;
  readonly version: number;
  readonly history: readonly HistoryLine[];
  readonly audit?: string | undefined;
  readonly deleted: ReadonlySet<AppName>;
}

/** All that is in it. What is written later changes nothing in a dump. */
export interface HistoryDump {
  readonly changes: readonly KeptChange[];
  readonly words: readonly KeptLine[];
  /** Of the last word, trimmed or not. */
  readonly lastId: string;
  readonly acknowledged: readonly Acknowledged[];
  readonly newest: ReadonlyMap<AppName, KeptChange>;
}

export interface MemoryHistory extends HistoryStore {
  /** What a commit wrote. */
  written(written: Written): void;
  /** A line of the audit without a commit. */
  noted(text: string): void;
}

/** Where it lies: with the documents, so that a dump has both of one moment. */
export interface HistoryPlace {
  readonly now: () => number;
  readonly version: () => number;
  readonly get: () => HistoryDump;
  readonly set: (history: HistoryDump) => void;
}

export const NO_HISTORY: HistoryDump = {
  changes: [],
  words: [],
  lastId: '0-0',
  acknowledged: [],
  newest: new Map(),
};

/** `answer` is the store's way of being down. */
export function memoryHistory(
  { now, version, get, set }: HistoryPlace,
  answer: <T>(make: () => T) => Promise<T>,
): MemoryHistory {
  const noted = (text: string): void => {
    const { words, lastId } = get();
    const [of = 0, place = 0] = lastId.split('-').map(Number);
    const last = Math.max(of, version());
    const id = `${last}-${of === last ? place + 1 : 1}`;
    const word = { id, version: last, term: 0, at: Math.floor(now()), text };
    set({ ...get(), words: [...words, word], lastId: id });
  };

  return {
    noted,
    written({ term, version: of, history, audit, deleted }) {
      const at = Math.floor(now());
      const common = { version: of, term, at };
      const made = history.map(({ app, text }, n) => ({ id: `${of}-${n}`, ...common, app, text }));
      const before = get();
      const newest = new Map(before.newest);
      for (const change of made) {
        if (deleted.has(change.app)) newest.delete(change.app);
        else newest.set(change.app, change);
      }
      const said = audit === undefined ? [] : [{ id: `${of}-0`, ...common, text: audit }];
      const changes = [...before.changes, ...made];
      const lastId = said[0]?.id ?? before.lastId;
      set({ ...before, changes, words: [...before.words, ...said], lastId, newest });
    },
    changes: ({ app, ...asked }) =>
      answer(() => {
        const { changes, newest } = get();
        if (app === undefined) return pageOf(changes, asked);
        const own = changes.filter((change) => change.app === app);
        const kept = newest.get(app);
        const all = own.length === 0 && kept ? [kept] : own;
        // Pages go from entry to entry of the app: of another's id nothing follows.
        const isOwn = asked.from === undefined || all.some(({ id }) => id === asked.from);
        return isOwn ? pageOf(all, asked) : { lines: [] };
      }),
    words: (asked) => answer(() => pageOf(get().words, asked)),
    note: (text) => answer(() => noted(text)),
    acknowledge: (commits) =>
      answer(() => {
        set({ ...get(), acknowledged: [...get().acknowledged, ...commits] });
      }),
    acknowledged: (versions) =>
      answer(() => {
        const all = new Map<number, Acknowledged['edges']>();
        for (const { version: of, edges } of get().acknowledged) {
          if (versions.includes(of)) all.set(of, { ...all.get(of), ...edges });
        }
        return all;
      }),
    trim: (history, audit) =>
      answer(() => {
        const before = get();
        const changes = trimmed(before.changes, history, now());
        const words = trimmed(before.words, audit, now());
        if (changes.length === before.changes.length && words.length === before.words.length)
          return;
        const oldest = changes[0]?.version ?? 0;
        const acknowledged = before.acknowledged.filter((commit) => commit.version >= oldest);
        set({ ...before, changes, words, acknowledged });
      }),
  };
}

function pageOf<Line extends KeptLine>(
  lines: readonly Line[],
  { from, count }: PageAsked,
): Page<Line> {
  const all = lines.filter(({ id }) => from === undefined || compareIds(id, from) <= 0);
  const found = all.toReversed().slice(0, count + 1);
  const next = found[count]?.id;
  return { lines: found.slice(0, count), ...(next !== undefined && { next }) };
}

function trimmed<Line extends KeptLine>(
  lines: readonly Line[],
  { entries, days }: Bounds,
  now: number,
): Line[] {
  const recent = lines.slice(Math.max(0, lines.length - entries));
  const young = recent.findIndex(({ at }) => at >= now - days * DAY_MS);
  return young < 0 ? [] : recent.slice(young);
}
