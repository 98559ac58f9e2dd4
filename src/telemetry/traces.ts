// Traces of commits: from the round to the acknowledgement of the last edge. Off unless configured;
// then none of OpenTelemetry's packages is loaded.
//
// Comes in: what was done, with its times; nothing is handed through the stages. Goes out: ids of traces,
// spans to a collector. On failure: a collector in trouble is said once in the log, and waited for by
// nobody; spans that it does not take are lost.

import type { AppName, Stamp } from '../model.ts';
import type { CauseKind } from '../weights/cause.ts';

/** Monotonic milliseconds. */
export interface TracedCommit {
  readonly stamp: Stamp;
  readonly apps: readonly AppName[];
  readonly cause: CauseKind | 'none';
  readonly actor: string;
  /** When the first of its apps was marked; absent: a word. */
  readonly marked?: number;
  readonly began: number;
  readonly looked: number;
  readonly done: number;
}

/** A push was answered, or was not. */
export interface TracedPush {
  readonly edge: string;
  readonly mark: Stamp;
  readonly seconds: number;
  readonly failed?: string;
}

/** Nobody waits for edges any more. */
export interface TracedEnd {
  readonly version: number;
  /** Milliseconds from the commit to each edge's acknowledgement. */
  readonly had: ReadonlyMap<string, number>;
  readonly missing: readonly string[];
}

export interface Traces {
  /** Answers the trace's id; undefined: it is not traced. */
  committed(commit: TracedCommit): string | undefined;
  pushed(push: TracedPush, now: number): string | undefined;
  settled(end: TracedEnd): string | undefined;
  /** Sends what is left; never rejects, and waits only so long. */
  close(): Promise<void>;
}

export const NO_TRACES: Traces = {
  committed: () => undefined,
  pushed: () => undefined,
  settled: () => undefined,
  close: async () => undefined,
};
