// What is known of every edge: the configured ones, and those that sent a heartbeat.
//
// Comes in: states, by heartbeat, push and question. Goes out: one view for each edge. On failure:
// an edge that falls silent keeps its last state, with its age.

import type { Stamp } from '../model.ts';
import { compareStamps } from './document.ts';
import type { Beats, EdgeState } from './edge-state.ts';

const SILENT_MS = 5000;
const NOTHING: Stamp = { term: 0, version: 0 };

export type EdgeStatus = 'current' | 'behind' | 'unreachable' | 'never';

export interface EdgeView {
  readonly name: string;
  readonly configured: boolean;
  readonly control?: string;
  readonly status: EdgeStatus;
  /** Since its last word; absent: there was none. */
  readonly ageSeconds?: number;
  readonly state?: EdgeState;
  /** Why the last push or question failed. */
  readonly trouble?: string;
}

interface Entry {
  readonly state: EdgeState;
  /** When its word last moved on, by our clock: theirs is not asked. */
  readonly at: number;
}

export interface EdgeBook {
  /** Takes a heartbeat, unless it is older than the state there. */
  hear(state: EdgeState, at: number): void;
  /** Takes what edges left in the store: words as `hear` does, and who is retired since. */
  read(beats: Beats, at: number): void;
  /** Takes what the edge itself answered just now, to a push or a question: also the same beat is a word. */
  answered(state: EdgeState, at: number): void;
  setTrouble(edge: string, trouble: string | undefined): void;
  /** Each word of an edge, repeated and late ones too; until what it returns is called. */
  onWord(listener: (state: EdgeState) => void): () => void;
  /** All edges: the configured ones and those that gave word, but not the retired ones. */
  views(mark: Stamp | undefined, at: number): readonly EdgeView[];
  /** Names, in order; a configured edge is none. */
  retired(): readonly string[];
}

/** `configured`: name and control address of the configuration's edges. */
export function openEdgeBook(configured: ReadonlyMap<string, string | undefined>): EdgeBook {
  const entries = new Map<string, Entry>();
  const troubles = new Map<string, string>();
  const listeners = new Set<(state: EdgeState) => void>();
  let retired: readonly string[] = [];
  const tell = (state: EdgeState): void => {
    for (const listener of listeners) listener(state);
  };

  const viewOf = (name: string, mark: Stamp | undefined, at: number): EdgeView => {
    const entry = entries.get(name);
    const control = configured.get(name) ?? entry?.state.control;
    const trouble = troubles.get(name);
    return {
      name,
      configured: configured.has(name),
      ...(control !== undefined && { control }),
      status: statusOf(entry, mark, at),
      ...(entry && { ageSeconds: (at - entry.at) / 1000, state: entry.state }),
      ...(trouble !== undefined && { trouble }),
    };
  };

  const hear = (state: EdgeState, at: number): void => {
    tell(state);
    const before = entries.get(state.name)?.state;
    // A dead edge's heartbeat stays in Redis: the same beat again is no word from it.
    if (before && before.start === state.start && before.beat >= state.beat) return;
    entries.set(state.name, { state, at });
  };

  return {
    hear,
    read(beats, at) {
      for (const state of beats.states) hear(state, at);
      // One that is configured again counts, though it was retired in between.
      retired = beats.retired.filter((name) => !configured.has(name)).toSorted();
      for (const name of retired) entries.delete(name);
    },
    answered(state, at) {
      tell(state);
      const before = entries.get(state.name)?.state;
      if (before && isOlder(state, before)) return;
      entries.set(state.name, { state, at });
      troubles.delete(state.name);
    },
    setTrouble(edge, trouble) {
      if (trouble === undefined) troubles.delete(edge);
      else troubles.set(edge, trouble);
    },
    onWord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    views(mark, at) {
      const names = new Set([...configured.keys(), ...entries.keys()]);
      return [...names].toSorted().map((name) => viewOf(name, mark, at));
    },
    retired: () => retired,
  };
}

/** A push and a question are under way at once: of answers of one beat the one that has less is the older. */
function isOlder(state: EdgeState, before: EdgeState): boolean {
  if (before.start !== state.start || before.beat < state.beat) return false;
  if (before.beat > state.beat) return true;
  return compareStamps(state.mark ?? NOTHING, before.mark ?? NOTHING) < 0;
}

function statusOf(entry: Entry | undefined, mark: Stamp | undefined, at: number): EdgeStatus {
  if (!entry) return 'never';
  if (at - entry.at > SILENT_MS) return 'unreachable';
  const { state } = entry;
  if (!mark || mark.version === 0) return 'current';
  if (!state.mark || state.refused.length > 0) return 'behind';
  return compareStamps(state.mark, mark) < 0 ? 'behind' : 'current';
}
