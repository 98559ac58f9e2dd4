// What was changed, by whom, and when each edge had it: beside the documents, in the same store.
// `redis-history.ts` is the real one, `memory-history.ts` the one of tests and the simulation; both
// pass test/conformance/history.ts. Changes and words enter by commits (store.ts), in the same step.
//
// Comes in: pages asked for, acknowledgements, refused words, bounds. Goes out: entries, the newest
// first. On failure: `redis-unavailable`; nothing of this is needed for weights to be right.

import type { AppName } from '../model.ts';

/** An entry of history on its way into a commit. */
export interface HistoryLine {
  readonly app: AppName;
  /** JSON (plan/history-entry.ts). */
  readonly text: string;
}

export interface KeptLine {
  /** `VERSION-n`. */
  readonly id: string;
  readonly version: number;
  /** 0: it was no commit. */
  readonly term: number;
  /** Milliseconds of the store's clock, UTC. */
  readonly at: number;
  /** JSON. */
  readonly text: string;
}

export interface KeptChange extends KeptLine {
  readonly app: AppName;
}

export interface PageAsked {
  /** The id to begin at; absent: the newest. */
  readonly from?: string;
  readonly count: number;
}

export interface Page<Line> {
  readonly lines: readonly Line[];
  /** The id that the next page begins at; absent: this was the last one. */
  readonly next?: string;
}

/** When an edge had a commit, in milliseconds after it. */
export interface Acknowledged {
  readonly version: number;
  readonly edges: Readonly<Record<string, number>>;
}

/** What is kept: at most so many entries, none older than `days`. */
export interface Bounds {
  readonly entries: number;
  readonly days: number;
}

export interface HistoryStore {
  /** Of all apps, or of one. The newest entry of an app that has a document is never trimmed. */
  changes(asked: PageAsked & { readonly app?: AppName }): Promise<Page<KeptChange>>;
  words(asked: PageAsked): Promise<Page<KeptLine>>;
  /** A word that was refused: no commit has it. */
  note(text: string): Promise<void>;
  acknowledge(commits: readonly Acknowledged[]): Promise<void>;
  /** By version; what several calls brought of one version is joined. */
  acknowledged(versions: readonly number[]): Promise<ReadonlyMap<number, Acknowledged['edges']>>;
  trim(history: Bounds, audit: Bounds): Promise<void>;
}

export const DAY_MS = 86_400_000;

export function versionOf(id: string): number {
  return Number(id.split('-')[0]);
}

/** Below 0: `a` is older. */
export function compareIds(a: string, b: string): number {
  const place = (id: string): number => Number(id.split('-')[1]);
  return versionOf(a) - versionOf(b) || place(a) - place(b);
}
