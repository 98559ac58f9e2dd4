// What a leader does for the history beside its commits: when each edge had them, and trimming.
//
// Comes in: its commits, the words of edges, the passing of time. Goes out: acknowledgements into the
// store, as this leader learned of them, and less of what is old. On failure: what could not be written
// is tried again a second later; what waits is bounded, and weights wait for none of it.
//
// An edge acknowledges a commit with a mark of the same term at or above it (R5), once it refuses no
// document of it. So a commit of before this term is acknowledged to nobody any more.

import type { Clock } from '../clock.ts';
import type { EdgeBook, EdgeView } from './edge-book.ts';
import type { EdgeState } from './edge-state.ts';
import type { Acknowledged, Bounds, HistoryStore } from './history-store.ts';

export interface HistoryBounds {
  readonly history: Bounds;
  readonly audit: Bounds;
}

export interface KeeperOptions {
  readonly history: HistoryStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly term: number;
  /** All edges: the configured ones and those that have given word. */
  readonly book: Pick<EdgeBook, 'onWord' | 'views'>;
  readonly bounds?: () => HistoryBounds;
  readonly reporter?: { settled(settled: Settled): void };
}

/** A commit that is waited for no more, said once of each. */
export interface Settled {
  readonly version: number;
  /** Milliseconds from the commit to each edge's acknowledgement, as this leader learned of it. */
  readonly had: ReadonlyMap<string, number>;
  readonly missing: readonly string[];
  /** Every edge that gives word is in `had`. */
  readonly all: boolean;
}

export const BOUNDS: HistoryBounds = {
  history: { entries: 50_000, days: 30 },
  audit: { entries: 50_000, days: 365 },
};

export interface HistoryKeeper {
  committed(version: number): void;
  /** Once a second. */
  tick(): void;
  /** Writes what is known; never rejects. */
  close(): Promise<void>;
}

interface Waiting {
  readonly version: number;
  readonly at: number;
  readonly had: Map<string, number>;
  /** Edges that are written. */
  readonly written: Set<string>;
  isTold: boolean;
}

/** A silent edge is not waited for: what the others said is written, and its own word when it comes. */
const PATIENCE_MS = 5000;
const LONGEST_MS = 600_000;
const MOST_WAITING = 1000;
const MOST_UNSENT = 2000;
const TRIM_MS = 10_000;

export function keepHistory(options: KeeperOptions): HistoryKeeper {
  const { history, clock, term, book, bounds = () => BOUNDS } = options;
  let waiting: Waiting[] = [];
  let unsent: Acknowledged[] = [];
  let sending: Promise<void> | undefined;
  let trimming: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  let trimmed = Number.NEGATIVE_INFINITY;

  const collect = (commit: Waiting): void => {
    const fresh = [...commit.had].filter(([edge]) => !commit.written.has(edge));
    if (fresh.length === 0) return;
    for (const [edge] of fresh) commit.written.add(edge);
    unsent.push({ version: commit.version, edges: Object.fromEntries(fresh) });
  };

  const tell = (commit: Waiting, missing: readonly EdgeView[], all: boolean): void => {
    if (commit.isTold) return;
    commit.isTold = true;
    const { version, had } = commit;
    options.reporter?.settled({ version, had, missing: missing.map(({ name }) => name), all });
  };

  /** Whole ones; of those that wait for long what there is. */
  const settle = (now: number): void => {
    const edges = book.views(undefined, now);
    const rest = waiting.slice(0, Math.max(0, waiting.length - MOST_WAITING));
    const over = new Set(rest);
    for (const commit of waiting) {
      const missing = edges.filter(({ name }) => !commit.had.has(name));
      const isLate = now - commit.at > PATIENCE_MS;
      if (missing.length === 0 || now - commit.at > LONGEST_MS) over.add(commit);
      if (over.has(commit) || isLate) collect(commit);
      const all = missing.every(({ status }) => status === 'unreachable' || status === 'never');
      if (over.has(commit) || (isLate && all)) tell(commit, missing, all);
    }
    waiting = waiting.filter((commit) => !over.has(commit));
    unsent = unsent.slice(-MOST_UNSENT);
  };

  const send = async (): Promise<void> => {
    const batch = unsent;
    unsent = [];
    await history.acknowledge(batch).catch(() => {
      unsent = [...batch, ...unsent];
    });
  };
  const flush = (): void => {
    if (sending || unsent.length === 0) return;
    sending = send().finally(() => {
      sending = undefined;
    });
  };
  const trim = (now: number): void => {
    if (trimming || now - trimmed < TRIM_MS) return;
    trimmed = now;
    const kept = bounds();
    trimming = history
      .trim(kept.history, kept.audit)
      .catch(() => undefined)
      .finally(() => {
        trimming = undefined;
      });
  };

  const hush = book.onWord(({ name, mark, refused }: EdgeState) => {
    if (mark?.term !== term) return;
    const now = clock.now();
    for (const { version, at, had } of waiting) {
      if (version > mark.version) break;
      if (had.has(name) || refused.some(({ stamp }) => stamp.version === version)) continue;
      had.set(name, Math.round(now - at));
    }
  });

  const close = async (): Promise<void> => {
    hush();
    const edges = book.views(undefined, clock.now());
    for (const commit of waiting) {
      collect(commit);
      const missing = edges.filter(({ name }) => !commit.had.has(name));
      tell(commit, missing, missing.length === 0);
    }
    waiting = [];
    await sending;
    await send();
  };

  return {
    committed(version) {
      const [had, written] = [new Map<string, number>(), new Set<string>()];
      waiting.push({ version, at: clock.now(), had, written, isTold: false });
    },
    tick() {
      const now = clock.now();
      settle(now);
      flush();
      trim(now);
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}
